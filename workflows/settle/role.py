"""Settling a role of an owner account: its session end, then its trust policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import requests, targets
from workflows import observe
from workflows.aws.errors import AwsGone
from workflows.documents import trust
from workflows.errors import Trouble
from workflows.plan.role import RolePlan, plan
from workflows.seen import RoleDetail
from workflows.settle import apply, opening, rows
from workflows.settle.apply import Applied
from workflows.settle.lease import (
    KEPT,
    LONGEST_WAIT,
    MISSING_FOR,
    Held,
    close_if_done,
    earliest,
    end_what_is_over,
    fail,
    fail_refused,
    hand_back,
    missing,
    take,
    try_again,
    wait,
)
from workflows.settle.opening import Asked
from workflows.world import World


@dataclass(frozen=True)
class Read:
    """The role as it was before the writes, and as it was read back."""

    before: RoleDetail
    after: RoleDetail

    def shows_removal(self, row: Request) -> bool:
        """Whether the grantee stood in the trust policy, and stands there no more."""
        (grant,) = rows.grants([row], (), at=self.before.role.at)
        before, after = (
            {user_id for user_id, _ in trust.entries(one.role.trust)}
            for one in (self.before, self.after)
        )
        return grant.entry.user_id in before - after


def settle(world: World, target_id: int) -> None:
    """Pays what is owed for one role. The debt stands when AWS does not answer."""
    held = take(world, target_id)
    if held is None:
        return
    iam, name = held.fenced.iam, held.target.name
    try:
        asking = world.reads.submit(_ask_again, world, target_id)
        seen = observe.role(world, held.fenced, name)
        asked = asking.result()
        planned = _note(world, held, seen, asked)
        applied = apply.role(iam, name, seen, planned)
        after = seen
        if applied.tried:
            after = observe.role_again(world, held.fenced, name, seen)
    except AwsGone:
        _role_is_gone(world, held)
    except Trouble as trouble:
        try_again(world, held, str(trouble))
    else:
        _record(world, held, Read(seen, after), applied, asked)


def _ask_again(world: World, target_id: int) -> Asked:
    kept_since = world.clock.now() - KEPT
    with world.database.read() as session:
        found = requests.of_role(session, target_id, kept_since=kept_since)
    return opening.ask_again(world, found)


def _kept_since(seen: RoleDetail, now: datetime) -> datetime:
    """Removing a Deny is opening: a clock of ours that jumped ahead forgets nothing too early."""
    return min(now, seen.role.at) - KEPT


def _note(world: World, held: Held, seen: RoleDetail, asked: Asked) -> RolePlan:
    """Commits what is about to be done, before AWS is touched; returns the plan for it."""
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_role(
            session, held.target.id, kept_since=_kept_since(seen, now), lock=True
        )
        targets.hold(session, held.lease)
        end_what_is_over(session, found, now)
        for row in (one for one in found if one.state is State.APPROVED):
            if row.id in asked.unfit:
                opening.end_unfit(session, row, asked.unfit[row.id], now)
            elif row.id in asked.fit:
                _begin(world, session, row, seen, rows.noted_pair(found, row))
        planned = _plan(world, seen, found, asked)
        targets.taken_up(session, held.lease)
        fail_refused(session, found, planned.refused, now)
    return planned


def _begin(
    world: World, session: Session, row: Request, seen: RoleDetail, pair: Sequence[Request]
) -> None:
    """Notes what may be opened now; the rest waits, or fails."""
    role = world.catalog.role(row.role)
    assert role is not None  # it is fit: the rules were asked about it
    too_long = opening.too_long(row, seen, pair=pair, longest=role.max_duration)
    if too_long is not None:
        fail(session, row, too_long, world.clock.now())
    elif not opening.too_soon(row, seen, pair=pair):
        opening.note(session, row, seen, pair=pair)


def _plan(world: World, seen: RoleDetail, found: Sequence[Request], asked: Asked) -> RolePlan:
    wanted = rows.grants(found, asked.fit, at=seen.role.at)
    return plan(seen, wanted, installation=world.catalog.installation)


def _record(world: World, held: Held, read: Read, applied: Applied, asked: Asked) -> None:
    """Says what was read back, and nothing else: all is as wanted when a new plan is empty."""
    now, seen = world.clock.now(), read.after
    with world.database.write() as session:
        found = requests.of_role(
            session, held.target.id, kept_since=_kept_since(seen, now), lock=True
        )
        targets.hold(session, held.lease)
        if applied.refused is not None:
            _fail_openings(session, found, asked, str(applied.refused), now)
        again = _plan(world, seen, found, asked)
        fail_refused(session, found, again.refused, now)
        settled = again.trust is None and again.session_end is None
        looks = [missing(session, row, again.missing, now) for row in found]
        for row in found:
            if row.state is State.ENDING and row.noted_at is not None and read.shows_removal(row):
                row.trust_closed_at = row.trust_closed_at or seen.role.at
        if settled:
            looks += [_settled(session, row, read, asked, applied, now) for row in found]
        waiting = any(row.id in asked.fit and row.noted_at is None for row in found)
        late = now if any(asked.missed(row) for row in found) else None
        done = settled and not asked.unsaid and not waiting
        retry = None if done else now + wait(held.target.attempts)
        trouble = None if settled else str(applied.refused or applied.unsettled or "spreading")
        hand_back(
            session,
            world,
            held,
            again_at=earliest([retry, late, *looks, *(_next(row, now) for row in found)]),
            trouble=trouble,
        )


def _fail_openings(
    session: Session,
    found: Sequence[Request],
    asked: Asked,
    sentence: str,
    now: datetime,
) -> None:
    """AWS said a final no to a write that was to open something: nothing of it stays wanted."""
    for row in found:
        if row.state is State.APPROVED and row.id in asked.fit and row.role_open_at is None:
            fail(session, row, sentence, now)


def _settled(
    session: Session,
    row: Request,
    read: Read,
    asked: Asked,
    applied: Applied,
    now: datetime,
) -> datetime | None:
    """What one row may say now that AWS was read to hold what all of them want.

    Returns when to look again, where the read may have been older than what was written.
    """
    seen = read.after
    if row.state is State.ENDING and row.role_closed_at is None:
        if rows.is_fresh(row, seen.role.at) and row.trust_closed_at is None:
            return now + MISSING_FOR
        requests.note(session, row, at=now, role_closed_at=seen.role.at)
        _say(session, "role closed", row, applied, now)
        close_if_done(session, row, now)
    elif row.state is State.APPROVED and row.noted_at is not None and row.id in asked.fit:
        if row.role_open_at is None:
            requests.note(session, row, at=now, role_open_at=seen.role.at, trouble=None)
            _say(session, "role open", row, applied, now)
        if row.member_target_id is None:
            requests.move(session, row, Event.OPENED, actor="xacct", at=now, ends_at=row.ends_at)
        else:
            targets.owe(session, row.member_target_id, now)
    return None


def _say(session: Session, event: str, row: Request, applied: Applied, now: datetime) -> None:
    audit.say(session, event, actor="xacct", at=now, request=row, changes=applied.tried)


def _next(row: Request, now: datetime) -> datetime | None:
    """When this row next asks for its role to be looked at."""
    if row.state is State.APPROVED:
        return earliest([row.open_by, row.ends_at])
    if row.state is State.ACTIVE:
        return row.ends_at
    if row.state is State.ENDED and row.ended_at is not None:
        return max(row.ended_at + KEPT, now + LONGEST_WAIT)  # AWS's time says when it is over
    return None


def _role_is_gone(world: World, held: Held) -> None:
    """A role that was deleted took its trust policy and its sessions with it.

    One read that does not find it may be stale: what is open or ending waits for a second one.
    """
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_role(session, held.target.id, kept_since=now, lock=True)
        targets.hold(session, held.lease)
        targets.taken_up(session, held.lease)
        looks = [_gone(session, row, now) for row in found]
        hand_back(session, world, held, again_at=earliest(looks), trouble=None)


def _gone(session: Session, row: Request, now: datetime) -> datetime | None:
    if row.state is State.APPROVED:
        fail(session, row, "The role is gone from the owner account.", now)
    row.missing_since = row.missing_since or now
    if now < row.missing_since + MISSING_FOR:
        return row.missing_since + MISSING_FOR
    if row.state is State.ACTIVE:
        requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.REMOVED)
    if row.state is State.ENDING and row.role_closed_at is None:
        requests.note(session, row, at=now, role_closed_at=now)
        close_if_done(session, row, now)
    return None
