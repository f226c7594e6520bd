"""Whether an approved request may be opened as AWS stands now, and what its note fixes."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Hold, Request
from db.store import holds, requests, targets
from workflows import rows
from workflows.clock import CLOCKS_APART
from workflows.documents.session_end import Line
from workflows.durations import duration_text, whole_minute
from workflows.errors import Trouble
from workflows.plan import ending
from workflows.seen import RoleDetail

APART: Final = timedelta(seconds=6)
"""A grant of a grantee is opened so long after his last one was closed, at the earliest."""


def nothing_opens(
    standing: Sequence[Hold], *, off: timedelta, unread: Trouble | None = None
) -> str | None:
    """Why nothing at all may be opened now, or None. `off` is AWS's time minus ours; `unread` what
    AWS did not say of the room that an opening needs.
    """
    held = next((one for one in standing if not (one.account_id or one.user)), None)
    if held is not None:
        return f"Nothing is opened while xacct is on hold ({held.kind}): {held.reason}"
    if abs(off) > CLOCKS_APART:
        return (
            f"xacct's clock differs from AWS's by {abs(off).total_seconds():.0f} s, so nothing is "
            "opened until it is set right."
        )
    if unread is not None:
        return f"Nothing is opened while AWS does not say what room there is: {unread}"
    return None


def frozen(standing: Sequence[Hold], rows: Iterable[Request]) -> list[int]:
    """Those whose account, or who asked for them, an administrator has frozen."""
    return [
        row.id
        for row in rows
        if holds.over(standing, account_id=row.account_id, user=row.requester) is not None
    ]


def end_unfit(session: Session, row: Request, sentence: str, now: datetime) -> None:
    """Ends an approved request whose approval would not be given today."""
    requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.CHANGED, trouble=sentence)


def too_soon(row: Request, seen: RoleDetail, *, pair: Sequence[Request]) -> bool:
    """Whether an earlier grant of the same grantee closed so lately that its sessions could not be
    told from new ones: AWS dates sessions by whole seconds, and its clocks differ a little.
    """
    at = seen.role.at
    if row.noted_at is not None or _still_open(pair, seen):
        return False
    closed = [one.role_closed_at for one in pair]
    stands = _stands(row, seen)
    if stands is not None and stands.end is not None and stands.end <= at:
        closed.append(stands.end)
    return any(one is None or at < one + APART for one in closed)


def too_long(
    row: Request,
    seen: RoleDetail,
    *,
    pair: Sequence[Request],
    extended: Request | None,
    longest: timedelta,
) -> str | None:
    """Why it may not follow on the grantee's open grants without a break, or None: overlapping
    grants together never last longer than the role is lent for.
    """
    since = _unbroken_since(pair, seen)
    if row.noted_at is not None or _end(row, seen, extended) <= whole_minute(since + longest):
        return None
    return (
        f"With what is open already it would last longer than {duration_text(longest)}, and this "
        "role is lent for no longer. Ask again when the open grant is over, or for less."
    )


def not_extendable(row: Request, seen: RoleDetail, extended: Request | None) -> str | None:
    """Why an approved extension has nothing to extend, or None."""
    if row.extends is None or row.noted_at is not None:
        return None
    if extended is None or extended.ends_at is None or extended.why not in (None, Why.TIME):
        return f"#{row.extends}, which it was to extend, did not stay open. Ask anew."
    if _end(row, seen, extended) <= seen.role.at:
        return f"It came too late: #{row.extends} and the time that was asked for are over."
    return None


def _end(row: Request, seen: RoleDetail, extended: Request | None) -> datetime:
    """An extension goes on from the end of what it extends, whenever it is opened."""
    begins = seen.role.at
    if extended is not None and extended.ends_at is not None:
        begins = extended.ends_at
    return whole_minute(begins + row.length)


def _unbroken_since(pair: Sequence[Request], seen: RoleDetail) -> datetime:
    at = seen.role.at
    return min((one.unbroken_since or at for one in _still_open(pair, seen)), default=at)


def note(
    session: Session,
    row: Request,
    seen: RoleDetail,
    *,
    pair: Sequence[Request],
    extended: Request | None,
    now: datetime,
) -> None:
    """Fixes, before the first write to AWS, the end, the role's id and the boundary; once.

    The end is AWS's time plus the duration, rounded up to the whole minute; of an extension, the
    end of what it extends plus the duration. `pair` are the other noted requests of the grantee
    for this role: an open one hands its boundary on, since its sessions are rightful; with none
    open, sessions of those that ended stay dead, whether the rows know of them or AWS does. From
    now on, by our clock, the grantee's place in a group is owed, too.
    """
    if row.noted_at is not None:
        return
    requests.note(
        session,
        row,
        at=seen.role.at,
        noted_at=seen.role.at,
        ends_at=_end(row, seen, extended),
        unbroken_since=_unbroken_since(pair, seen),
        role_id=seen.role.role_id,
        boundary_at=_boundary(row, pair, seen),
    )
    if row.member_target_id is not None:
        targets.owe(session, row.member_target_id, now)
    _say(session, row, seen)


def _say(session: Session, row: Request, seen: RoleDetail) -> None:
    assert row.ends_at is not None  # it is noted
    audit.say(
        session,
        "noted",
        actor="xacct",
        at=seen.role.at,
        request=row,
        ends_at=row.ends_at.isoformat(),
        role_id=seen.role.role_id,
        grantee_id=row.grantee_id,
        session_name=row.session_name,
    )


def _boundary(row: Request, pair: Sequence[Request], seen: RoleDetail) -> datetime | None:
    """AWS's time of this read, less what its clocks may differ by; nobody's sessions, no boundary.

    It is not the time at which the last known grant closed: a name that stands in the session end
    may have had a later one, of which a database from a backup knows nothing.
    """
    standing = _still_open(pair, seen)
    if standing:
        return max((one.boundary_at for one in standing if one.boundary_at), default=None)
    if not pair and _stands(row, seen) is None:
        return None
    return seen.role.at - APART / 2


def _stands(row: Request, seen: RoleDetail) -> Line | None:
    """What AWS's session end says of the name that the row's grantee will have."""
    user_id = f"{seen.role.role_id}:{row.session_name}"
    return ending.held(seen.session_end).get(user_id.casefold())


def _still_open(pair: Sequence[Request], seen: RoleDetail) -> list[Request]:
    """Those whose sessions AWS still lets live; our clock may not have noticed an end yet."""
    live = (one for one in pair if one.state in (State.APPROVED, State.ACTIVE))
    return [
        one
        for one in live
        if one.ends_at is not None and one.ends_at > seen.role.at and not _is_cut(one, seen)
    ]


def _is_cut(row: Request, seen: RoleDetail) -> bool:
    """Whether AWS ended the sessions of an active grant, of which its row knows nothing."""
    if row.state is not State.ACTIVE or rows.is_fresh(row, seen.role.at):
        return False
    stands = _stands(row, seen)
    return stands is not None and (stands.end is None or stands.end <= seen.role.at)
