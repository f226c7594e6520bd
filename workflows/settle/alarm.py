"""What a settle tells the administrators: findings that become alerts, and when they are over."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request, Target, TargetKind
from db.store import alerts, requests
from db.store.alerts import Finding
from workflows.catalog.model import Mechanism
from workflows.documents import text, trust
from workflows.documents.text import Document
from workflows.errors import Trouble

CLOCK: Final = "clock"
RELOCK: Final = "relock"
UNCLOSED: Final = "unclosed"
LEFT: Final = "left over"
"""Kinds of what stays unclosed: a deny that is lifted, access that may be open, what only lies
about.
"""

TRIES: Final = 1
"""After so many failed tries the next one that fails is an alert."""

SPREADING: Final = "spreading"
"""The trouble of what was written, and is not read back yet."""

SPREADS: Final = timedelta(seconds=60)


def unclosed(session: Session, target: Target, trouble: str | None, now: datetime) -> None:
    """Something that was to be closed is not, after several tries: access may be open.

    `target` is the target as it was before this try; no `trouble`: what was to be closed is. The
    debt stands for ever, and what AWS says of it may change: that alone is not said anew.
    """
    key = f"unclosed:{target.arn}"
    owed = [] if trouble is None else _owed(session, target, trouble, now)
    if trouble is None or not owed:
        alerts.over(session, key, at=now)
        return
    if target.attempts < TRIES:
        return
    lasts = any(row.ends_at is None or row.ends_at > now for row in owed)
    kind, what = _unclosed(target, owed, lasts=lasts)
    facts = {"target": target.arn, "requests": [row.id for row in owed], "kind": kind}
    standing = alerts.named(session, key)
    if standing is not None and standing.over_at is None and standing.facts == facts:
        return
    sentence = f"{what} xacct tries on; do it by hand if it lasts. AWS said: {trouble}"
    alerts.found(session, Finding(key=key, kind=kind, sentence=sentence, facts=facts), at=now)


def _owed(session: Session, target: Target, trouble: str, now: datetime) -> list[Request]:
    """What the target has still to close. What was written may take a minute to be read back."""
    is_role = target.kind is TargetKind.ROLE
    found = [row for row in requests.unfinished(session, target) if row.state is State.ENDING]
    mine = [
        row for row in found if (row.role_closed_at if is_role else row.member_closed_at) is None
    ]
    if trouble == SPREADING:
        return [row for row in mine if row.closing_at and row.closing_at + SPREADS <= now]
    return mine


def _unclosed(target: Target, owed: Sequence[Request], *, lasts: bool) -> tuple[str, str]:
    """What kind of alert it is, and what is so."""
    denied = sorted({row.group_name or "" for row in owed if row.mechanism == Mechanism.DENY_GROUP})
    groups = sorted({row.group_name or "" for row in owed})
    names = ", ".join(sorted({row.grantee_name for row in owed}))
    where = f"(account {target.account_id})"
    if target.kind is TargetKind.MEMBER and denied:
        return RELOCK, (
            f"{target.name} cannot be put back into {', '.join(denied)} {where}: his deny is still "
            "lifted."
        )
    kind = UNCLOSED if lasts else LEFT
    if target.kind is TargetKind.MEMBER:
        return kind, (
            f"{target.name} cannot be taken out of {', '.join(groups)} {where}. What the role "
            "itself says of him is closed apart from it."
        )
    how = "it may be open until its end" if lasts else "AWS has ended it in time by itself"
    return kind, f"The access of {names} to {owed[0].role} {where} cannot be cleared away: {how}."


def refusal(trouble: Trouble, trusting: Document) -> str:
    """What AWS said to a write of this trust policy; of a malformed one, which statement is it."""
    if trouble.code != "MalformedPolicyDocument" or trouble.action != "iam:UpdateAssumeRolePolicy":
        return str(trouble)
    orphan = trust.orphan(text.document(trust.foreign(trusting)))
    if orphan is None:
        return f"{trouble} (No statement of somebody else names a deleted principal: it is ours.)"
    theirs = next(one for one in trust.foreign(trusting) if orphan in json.dumps(one))
    sid = theirs.get("Sid", "without a Sid")
    return (
        f"{trouble} (The statement of somebody else, {sid}, names {orphan}, who was deleted: AWS "
        "refuses every change until it is taken out.)"
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


def lifted(session: Session, row: Request, wrong: str, now: datetime) -> None:
    """A lifted deny opens more than the grant it was lifted for: what the group `wrong`, as the end
    of a sentence.
    """
    alerts.found(
        session,
        Finding(
            key=f"widened:{row.role_arn}:{row.grantee_arn}",
            kind="trust widened",
            sentence=(
                f"{row.role}: the group {row.group_name} {wrong}. Its deny was lifted for "
                f"{row.grantee_name}, so access #{row.id} was ended and he is put back into it."
            ),
            facts={"role": row.role_arn, "grantee": row.grantee_arn, "request": row.id},
        ),
        at=now,
    )


def clocks_agree(session: Session, now: datetime) -> None:
    """Our clock and AWS's do not differ so much any more."""
    alerts.over(session, CLOCK, at=now)


def clocks_differ(session: Session, off: timedelta, now: datetime) -> None:
    """Our clock and AWS's differ by `off`, too much to open anything."""
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
