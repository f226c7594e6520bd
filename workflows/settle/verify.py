"""Asking AWS's own simulation whether the grantee's side lets him through, before it is said.

Who comes without a membership is asked about by his unique id as well: a role that was deleted and
made anew under the same name is another one, and is let in by nothing of ours.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.models import Request
from workflows import observe
from workflows.aws.errors import AwsGone
from workflows.aws.fence import Fenced
from workflows.catalog.model import GranteeKind
from workflows.documents import text
from workflows.errors import Trouble
from workflows.look.judge import who_enters
from workflows.seen import Verdict
from workflows.settle.lease import fail

SETTLES_WITHIN: Final = timedelta(seconds=60)
"""How long what was written may take to reach AWS's simulation before its no is final."""


NOBODY: Final = "nobody"
"""In the place of a unique id: there is no such user or role any more."""


@dataclass
class Simulated:
    """What the simulation said, request by request; None where it could not be asked.

    `ids` are the grantees' unique ids as they are now, where they were asked for and AWS said them;
    NOBODY where it knows no such user or role.
    """

    verdicts: dict[int, Verdict | None] = field(default_factory=dict)
    ids: dict[int, str | None] = field(default_factory=dict)

    def replaced(self, row: Request) -> str | None:
        """Why there is nobody to let in any more, or None. No waiting mends it."""
        now = self.ids.get(row.id)
        if now is None or now == row.grantee_id:
            return None
        if now == NOBODY:
            return f"{row.grantee_name} was deleted in the grantee account since this was asked."
        return (
            f"{row.grantee_name} is not the one it was when this was asked: it was deleted and "
            "made anew. Ask again."
        )

    def refuses(self, row: Request) -> str | None:
        """Why AWS would still refuse this grantee, or None. It may only be spreading."""
        verdict = self.verdicts.get(row.id)
        if verdict is None or not verdict.refused:
            return None
        by = f" by {', '.join(verdict.by)}" if any(verdict.by) else ""
        what = "denied" if verdict.decision == "explicitDeny" else "not allowed"
        return (
            f"AWS's simulation says that {who_enters(row).rpartition('/')[2]} is {what} to call "
            f"sts:AssumeRole on the role{by}."
        )

    def verified(self, row: Request) -> bool:
        """Whether the simulation surely said yes."""
        verdict = self.verdicts.get(row.id)
        return verdict is not None and verdict.allowed


def doubt(
    session: Session, row: Request, refused: str, now: datetime, *, at: datetime, written: bool
) -> str | None:
    """AWS's no to an opening that looks done: a doubt while it may only be spreading, and the
    opening's failure after that (None).

    `at` is AWS's time; `written`: something was written just now.
    """
    if written or row.open_since is None:
        row.open_since = at
    if at < row.open_since + SETTLES_WITHIN:
        return refused
    fail(session, row, refused, now)
    return None


def say(session: Session, row: Request, simulated: Simulated, now: datetime) -> None:
    """Records what the simulation said of what is open now."""
    audit.say(
        session,
        "verified",
        actor="xacct",
        at=now,
        request=row,
        simulation="allowed" if simulated.verified(row) else "could not be asked",
    )


def asking(home: Fenced, rows: Sequence[Request], *, at: datetime) -> Simulated:
    """Asks about each row's grantee as he will come: one call each, beside each other.

    `home` is a session in the grantee account, `at` AWS's time. A simulation that cannot be asked
    (a missing right, PolicyEvaluation) fails nothing: it is said that it could not be asked.
    """
    asked: dict[int, Future[Verdict | None]] = {
        row.id: home.ask(one, home, row, at) for row in rows
    }
    ids = {row.id: home.ask(_id, home, row) for row in rows if row.member_target_id is None}
    return Simulated(
        {key: answer.result() for key, answer in asked.items()},
        {key: answer.result() for key, answer in ids.items()},
    )


def _id(home: Fenced, row: Request) -> str | None:
    """The grantee's unique id now; None where AWS does not say."""
    kind = GranteeKind(row.grantee_kind)
    try:
        return observe.grantee(home.iam, kind, row.grantee_name, row.grantee_arn).unique_id
    except AwsGone:
        return NOBODY
    except Trouble:
        return None


def one(home: Fenced, row: Request, at: datetime) -> Verdict | None:
    """The verdict about one row's grantee, or None."""
    keys = {
        "aws:CurrentTime": text.moment(at),
        "aws:MultiFactorAuthPresent": "true",  # as he may come; the role's own trust decides
        "sts:RoleSessionName": row.session_name,
    }
    try:
        found = home.iam.simulated(
            who_enters(row), ["sts:AssumeRole"], resource=row.role_arn, keys=keys
        )
    except Trouble:
        return None
    return found[0] if found else None
