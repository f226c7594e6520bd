"""Writing down where a user was read back to be a member, and when he is next to be looked at."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import memberships, requests, targets
from workflows import rows
from workflows.catalog.model import Mechanism
from workflows.plan.member import MemberPlan
from workflows.seen import MemberSeen
from workflows.settle import verify
from workflows.settle.absent import Away
from workflows.settle.alarm import SPREADING
from workflows.settle.apply import Applied
from workflows.settle.asked import Asked
from workflows.settle.lease import (
    MISSING_FOR,
    Held,
    close_if_done,
    earliest,
    end_by_us,
    fail,
    hand_back,
    missing,
    say_extended,
    wait,
)
from workflows.settle.verify import Simulated
from workflows.world import World

WATCHED: Final = timedelta(minutes=5)
"""How often a lifted deny is looked at: putting the user back into the group is how a human stops
a grant, and the rest of it must be closed then.
"""


@dataclass(frozen=True)
class Paid:
    """A user as he was read back, and all that was done before.

    `closing` are the requests that were to be closed by it: one that ends only now is closed by
    the next settle, which gives the place back whatever an old read says. `away` is what is left of
    users who had his name before.
    """

    after: MemberSeen
    closing: frozenset[int]
    applied: Applied
    asked: Asked
    held_up: str | None
    simulated: Simulated
    away: Away
    still_in: str | None  # why he may be in a group that is not there by its name


def is_openable(row: Request) -> bool:
    """Whether the role is open for the row, so that the user's place may follow."""
    return row.state is State.APPROVED and row.role_open_at is not None


def record(world: World, held: Held, paid: Paid) -> None:
    """Says what was read back, and nothing else: all is as wanted when a new plan is empty."""
    now, asked, applied = world.clock.now(), paid.asked, paid.applied
    account_id, user_id = held.target.account_id, paid.after.user.unique_id
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        if applied.refused is not None:
            for row in (one for one in found if is_openable(one)):
                fail(session, row, str(applied.refused), now)
        noted = memberships.noted(session, account_id, user_id)
        plan = partial(rows.member_plan, found, paid.after, asked.fit, noted)
        closed = plan(catalog=world.catalog, reread=True).closed
        doubts = _doubts(session, held, found, paid, closed, now)  # may fail some
        again = plan(catalog=world.catalog, reread=True)
        settled = not again.steps and paid.still_in is None
        his = [row for row in found if row.grantee_id == user_id]
        looks = [missing(session, row, again.missing, now) for row in his]
        looks += [*_stop(session, held, found, again, now), *paid.away.looks]
        _forget_what_was_theirs(session, held, found, paid, noted)
        if settled:
            for row in (one for one in his if one.id not in again.closed):
                _settled(session, held, row, paid, now)
            _give_back(session, held, found, paid, now)
        openable = [row for row in found if is_openable(row)]
        comes = settled or not held.target.closing
        late = now if comes and any(asked.missed(row) for row in openable) else None
        waits = again.closed or (asked.unsaid and openable) or paid.away.trouble
        done = settled and not (doubts or waits)
        retry = None if done else now + wait(held.target.attempts)
        looks += [_next(row, now, held.fenced.skew) for row in found]
        again_at = earliest([retry, late, *looks])
        trouble = _trouble(paid, again, doubts, settled=settled)
        is_closed = settled and paid.away.trouble is None
        hand_back(session, world, held, again_at=again_at, trouble=trouble, closed=is_closed)


def _forget_what_was_theirs(
    session: Session,
    held: Held,
    found: Sequence[Request],
    paid: Paid,
    noted: Mapping[str, bool],
) -> None:
    """A place that was as wanted before us was never changed by us. When somebody takes it away,
    and so ends a grant, it is noted anew for the next one.
    """
    taken = (one for one in found if one.why is Why.REMOVED and one.id not in paid.closing)
    for group in sorted(
        {
            one.group_name
            for one in taken
            if one.group_name is not None
            and noted.get(one.group_name) == (one.mechanism == Mechanism.ALLOW_GROUP)
        }
    ):
        memberships.forget(
            session,
            account_id=held.target.account_id,
            group_name=group,
            user_id=paid.after.user.unique_id,
        )


def _give_back(
    session: Session, held: Held, found: Sequence[Request], paid: Paid, now: datetime
) -> None:
    """Places that nobody is lent any more were read back as they were before us: our hand in them
    ends. Those without a request are said by themselves (a drift, or an administrator, owed them).
    """
    account_id, user = held.target.account_id, paid.after.user
    noted = memberships.noted(session, account_id, user.unique_id)
    lent = {row.group_name for row in found}
    for group in sorted(noted.keys() - {one.group_name for one in found if _keeps(one, paid)}):
        memberships.forget(session, account_id=account_id, group_name=group, user_id=user.unique_id)
        if group not in lent:
            audit.say(
                session,
                "place given back",
                actor="xacct",
                at=now,
                user=user.name,
                group=group,
                inside=noted[group],
                changes=paid.applied.tried,
            )


def _trouble(paid: Paid, again: MemberPlan, doubts: Sequence[str], *, settled: bool) -> str | None:
    if not settled:
        said = paid.still_in or paid.applied.refused or paid.applied.unsettled
        return str(said or SPREADING)
    if again.waiting:
        return (
            f"Earlier access of {paid.after.user.name} by the same group has to be closed first: "
            "this opening must not give it back."
        )
    return paid.away.trouble or paid.held_up or next(iter(doubts), None)


def _keeps(row: Request, paid: Paid) -> bool:
    """Whether the row still has a hand in its place."""
    return row.state in (State.APPROVED, State.ACTIVE) or row.id not in paid.closing


def _stop(
    session: Session, held: Held, found: Sequence[Request], plan: MemberPlan, now: datetime
) -> list[datetime]:
    """Who was put back into the deny group is stopped: an emergency stop, at once.

    Within a minute of our own write the read may be older than it: then it is asked again.
    """
    aws_now = now + held.fenced.skew
    looks = []
    for row in (one for one in found if one.id in plan.stopped and one.state is State.ACTIVE):
        if row.open_since is not None and aws_now < row.open_since + rows.STALE:
            looks.append(now + MISSING_FOR)
        else:
            requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.REMOVED)
    return looks


def _doubts(
    session: Session,
    held: Held,
    found: Sequence[Request],
    paid: Paid,
    closed: Collection[int],
    now: datetime,
) -> list[str]:
    """What AWS's simulation says against openings that look done; in the end it fails them."""
    at, written = (now + held.fenced.skew).replace(microsecond=0), bool(paid.applied.tried)
    coming = paid.asked.fit - frozenset(closed)
    opening = (row for row in found if is_openable(row) and row.id in coming)
    doubts = [
        verify.doubt(session, row, refused, now, at=at, written=written)
        for row in opening
        if (refused := paid.simulated.refuses(row)) is not None
    ]
    return [one for one in doubts if one is not None]


def _settled(session: Session, held: Held, row: Request, paid: Paid, now: datetime) -> None:
    if row.id in paid.closing and row.member_closed_at is None:
        requests.note(session, row, at=now, member_closed_at=now)
        _say(session, "membership closed", row, paid.applied, now)
        close_if_done(session, row, now)
    elif is_openable(row) and row.id in paid.asked.fit and paid.simulated.refuses(row) is None:
        _say(session, "membership open", row, paid.applied, now)
        requests.note(
            session,
            row,
            at=now,
            open_since=row.open_since or (now + held.fenced.skew).replace(microsecond=0),
            verified=paid.simulated.verified(row),
        )
        verify.say(session, row, paid.simulated, now)
        requests.move(session, row, Event.OPENED, actor="xacct", at=now, ends_at=row.ends_at)
        say_extended(session, row, now)


def _next(row: Request, now: datetime, off: timedelta) -> datetime | None:
    """When this row next asks for its user to be looked at."""
    if row.state not in (State.APPROVED, State.ACTIVE):
        return None
    lifted = row.state is State.ACTIVE and row.mechanism == Mechanism.DENY_GROUP
    return earliest([end_by_us(row, now, off), now + WATCHED if lifted else None])


def _say(session: Session, event: str, row: Request, applied: Applied, now: datetime) -> None:
    audit.say(session, event, actor="xacct", at=now, request=row, changes=applied.tried)
