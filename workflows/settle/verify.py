"""Asking AWS's own simulation whether the grantee's side lets him through, before it is said."""

from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from db.models import Request
from workflows.aws.fence import Fenced
from workflows.documents import text
from workflows.errors import Trouble
from workflows.seen import Verdict

SETTLES_WITHIN: Final = timedelta(seconds=60)
"""How long what was written may take to reach AWS's simulation before its no is final."""


@dataclass
class Simulated:
    """What the simulation said, request by request; None where it could not be asked."""

    verdicts: dict[int, Verdict | None] = field(default_factory=dict)

    def refuses(self, row: Request) -> str | None:
        """Why AWS would still refuse this grantee, or None."""
        verdict = self.verdicts.get(row.id)
        if verdict is None or not verdict.refused:
            return None
        by = f" by {', '.join(verdict.by)}" if any(verdict.by) else ""
        what = "denied" if verdict.decision == "explicitDeny" else "not allowed"
        return (
            f"AWS's simulation says that {row.grantee_name} is {what} to call sts:AssumeRole on "
            f"the role{by}."
        )

    def verified(self, row: Request) -> bool:
        """Whether the simulation surely said yes."""
        verdict = self.verdicts.get(row.id)
        return verdict is not None and verdict.allowed


def asking(home: Fenced, rows: Iterable[Request], *, at: datetime) -> Simulated:
    """Asks about each row's grantee as he will come: one call each, beside each other.

    `home` is a session in the grantee account, `at` AWS's time. A simulation that cannot be asked
    (a missing right, PolicyEvaluation) fails nothing: it is said that it could not be asked.
    """
    asked: dict[int, Future[Verdict | None]] = {
        row.id: home.ask(one, home, row, at) for row in rows
    }
    return Simulated({key: answer.result() for key, answer in asked.items()})


def one(home: Fenced, row: Request, at: datetime) -> Verdict | None:
    """The verdict about one row's grantee, or None."""
    keys = {
        "aws:CurrentTime": text.moment(at),
        "aws:MultiFactorAuthPresent": "true",  # as he may come; the role's own trust decides
        "sts:RoleSessionName": row.session_name,
    }
    try:
        found = home.iam.simulated(
            row.grantee_arn, ["sts:AssumeRole"], resource=row.role_arn, keys=keys
        )
    except Trouble:
        return None
    return found[0] if found else None
