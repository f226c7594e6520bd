"""What a settle tells the administrators: findings that become alerts, and when they are over."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request, Target, TargetKind
from db.store import alerts, requests
from db.store.alerts import Finding
from workflows.catalog.model import Mechanism

CLOCK: Final = "clock"
TRIES: Final = 2
"""After so many failed tries a deny that cannot be put back is an alert."""


def relock(session: Session, target: Target, trouble: str | None, now: datetime) -> None:
    """A deny group that could not be joined again: access may be open on the grantee's side.

    `target` is the member target as it was before this try. The debt stands for ever.
    """
    if target.kind is not TargetKind.MEMBER:
        return
    key = f"relock:{target.arn}"
    if trouble is None:
        alerts.over(session, key, at=now)
        return
    owed = [
        row
        for row in requests.unfinished(session, target)
        if row.state is State.ENDING and row.mechanism == Mechanism.DENY_GROUP
    ]
    if owed and target.attempts >= TRIES:
        groups = sorted({row.group_name or "" for row in owed})
        alerts.found(
            session,
            Finding(
                key=key,
                kind="relock",
                sentence=(
                    f"{target.name} cannot be put back into {', '.join(groups)} (account "
                    f"{target.account_id}): his deny is still lifted. xacct tries on; put him back "
                    f"by hand if it lasts. AWS said: {trouble}"
                ),
                facts={"user": target.name, "groups": groups, "account": target.account_id},
            ),
            at=now,
        )


def widened(session: Session, row: Request, sentence: str, now: datetime) -> None:
    """Somebody's statement would let a grantee stay in after his end."""
    alerts.found(
        session,
        Finding(
            key=f"widened:{row.role_arn}:{row.grantee_arn}",
            kind="trust widened",
            sentence=(
                f"{row.role}: {sentence} Access #{row.id} was ended; what the statement gives, "
                "xacct cannot end."
            ),
            facts={"role": row.role_arn, "grantee": row.grantee_arn, "request": row.id},
        ),
        at=now,
    )


def clock(session: Session, off: timedelta | None, now: datetime) -> None:
    """Our clock and AWS's differ by `off`, too much to open anything; None: they agree."""
    if off is None:
        alerts.over(session, CLOCK, at=now)
        return
    side = "behind" if off > timedelta(0) else "ahead of"
    alerts.found(
        session,
        Finding(
            key=CLOCK,
            kind="clock",
            sentence=(
                f"xacct's clock is more than half a minute {side} AWS's, so nothing is opened. "
                "Set the machine's clock (NTP); closing goes on meanwhile."
            ),
            facts={},
        ),
        at=now,
    )
