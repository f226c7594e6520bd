"""What is recorded: an entry, and its canonical text."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from db.models import Request

FORM: Final = 2
"""The number of this form of the text. Rows of form 1 hold `number` to `facts` without the fields
that tell who and where (`email`, `identity`, `requester`, `account`, `grantee`, `session`), and no
`terms`, which is a digest of the terms that the row is found by.
"""


@dataclass(frozen=True)
class Actor:
    """Who does something, as he is known at that moment: `id` is a Slack id, `xacct`, the name of a
    rule, or who typed in the terminal; `identity` an ARN.
    """

    id: str
    email: str | None = None
    identity: str | None = None


@dataclass(frozen=True)
class About:
    """What an entry is about, copied from a request: entries outlive the rows they point to."""

    request: int | None = None
    requester: str | None = None
    account: str | None = None
    account_id: str | None = None
    role: str | None = None
    grantee: str | None = None
    session: str | None = None

    @classmethod
    def of(cls, request: Request) -> "About":
        """What an entry says of this request."""
        return cls(
            request=request.id,
            requester=request.requester,
            account=request.account_name,
            account_id=request.account_id,
            role=request.role,
            grantee=request.grantee_arn,
            session=request.session_name,
        )


@dataclass(frozen=True)
class Entry:
    """One thing to be recorded. `facts` must be JSON and must never hold a secret."""

    at: datetime
    event: str
    actor: Actor
    about: About = About()
    facts: Mapping[str, Any] = field(default_factory=dict)

    def content(self, number: int) -> dict[str, Any]:
        """What the text of row `number` says."""
        return {
            "form": FORM,
            "number": number,
            "at": moment(self.at),
            "event": self.event,
            "actor": self.actor.id,
            "email": self.actor.email,
            "identity": self.actor.identity,
            **vars(self.about),
            "facts": dict(self.facts),
        }


def moment(at: datetime) -> str:
    """The time as the text has it: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(content: Mapping[str, Any]) -> str:
    """The text that is stored and hashed, the same for the same content. Halves of letters, which
    no database takes, are question marks: nothing goes unrecorded for its spelling.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()
