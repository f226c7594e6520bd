"""Settling an IAM user's places in governed groups."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import memberships, requests, targets
from workflows import look, observe
from workflows.aws.errors import AwsGone
from workflows.errors import Trouble
from workflows.plan.member import MemberPlan, plan
from workflows.seen import MemberSeen
from workflows.settle import apply, opening, rows
from workflows.settle.apply import Applied
from workflows.settle.lease import (
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


def settle(world: World, target_id: int) -> None:
    """Pays what is owed for one user. The debt stands when AWS does not answer."""
    held = take(world, target_id)
    if held is None:
        return
    iam, name = held.fenced.iam, held.target.name
    with world.database.read() as session:
        found = requests.of_member(session, target_id)
    try:
        asking = world.reads.submit(opening.ask_again, world, _openable(found))
        seen = observe.member(world, held.fenced, name, _groups_to_open(found))
        asked = asking.result()
        planned = _note(world, held, seen, asked)
        applied = apply.member(iam, name, planned)
        after = observe.member_again(held.fenced, seen) if applied.tried else seen
    except AwsGone as gone:
        _gone(world, held, gone)
    except Trouble as trouble:
        try_again(world, held, str(trouble))
    else:
        _record(world, held, after, applied, asked)


def _openable(found: Sequence[Request]) -> list[Request]:
    return [row for row in found if row.state is State.APPROVED and row.role_open_at is not None]


def _groups_to_open(found: Sequence[Request]) -> set[str]:
    """What a group holds is read anew before anybody is let in through it."""
    return {row.group_name for row in _openable(found) if row.group_name is not None}


def _note(world: World, held: Held, seen: MemberSeen, asked: Asked) -> MemberPlan:
    """Commits whom each place belonged to before us, before it is first changed."""
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        end_what_is_over(session, found, now)
        for row in (one for one in found if one.state is State.APPROVED):
            if row.id in asked.unfit:
                opening.end_unfit(session, row, asked.unfit[row.id], now)
            elif row.id in asked.fit and (wrong := _fault(world, row, seen)):
                fail(session, row, wrong, now)
        noted = memberships.noted(session, held.target.account_id, seen.user.unique_id)
        planned = _plan(found, seen, asked, noted, reread=False)
        targets.taken_up(session, held.lease)
        fail_refused(session, found, planned.refused, now)
        for group, was_member in planned.note.items():
            memberships.note(
                session,
                account_id=held.target.account_id,
                group_name=group,
                user_id=seen.user.unique_id,
                user_name=seen.user.name,
                was_member=was_member,
                at=now,
            )
    return planned


def _plan(
    found: Sequence[Request],
    seen: MemberSeen,
    asked: Asked,
    noted: Mapping[str, bool],
    *,
    reread: bool,
) -> MemberPlan:
    """Places of another user who had the name before are nobody's any more: left out."""
    mine = [row for row in found if row.grantee_id == seen.user.unique_id]
    return plan(seen, rows.places(mine, asked.fit), noted, reread=reread)


def _fault(world: World, row: Request, seen: MemberSeen) -> str | None:
    if row.grantee_id != seen.user.unique_id:
        return (
            f"The IAM user {row.grantee_name} is not the one it was when this was asked: it was "
            "deleted and made anew. Ask again."
        )
    if row.group_name not in seen.contents:
        return None  # became open meanwhile; looked at in the next round
    return look.group_fault(world.catalog, row, seen)


def _record(world: World, held: Held, seen: MemberSeen, applied: Applied, asked: Asked) -> None:
    """Says what was read back, and nothing else: all is as wanted when a new plan is empty."""
    now = world.clock.now()
    account_id, user_id = held.target.account_id, seen.user.unique_id
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        if applied.refused is not None:
            for row in _openable(found):
                fail(session, row, str(applied.refused), now)
        noted = memberships.noted(session, account_id, user_id)
        again = _plan(found, seen, asked, noted, reread=True)
        settled = not again.steps
        looks = [missing(session, row, again.missing, now) for row in found]
        if settled:
            for row in found:
                _settled(session, row, asked, applied, now)
            for group in noted.keys() - {row.group_name for row in _still_open(found)}:
                memberships.forget(
                    session, account_id=account_id, group_name=group, user_id=user_id
                )
        late = now if any(asked.missed(row) for row in _openable(found)) else None
        retry = None if settled and not asked.unsaid else now + wait(held.target.attempts)
        trouble = None if settled else str(applied.refused or applied.unsettled or "spreading")
        hand_back(
            session,
            world,
            held,
            again_at=earliest([retry, late, *looks, *(row.ends_at for row in _still_open(found))]),
            trouble=trouble,
        )


def _still_open(found: Sequence[Request]) -> list[Request]:
    return [row for row in found if row.state in (State.APPROVED, State.ACTIVE)]


def _settled(session: Session, row: Request, asked: Asked, applied: Applied, now: datetime) -> None:
    if row.state is State.ENDING and row.member_closed_at is None:
        requests.note(session, row, at=now, member_closed_at=now)
        _say(session, "membership closed", row, applied, now)
        close_if_done(session, row, now)
    elif row.state is State.APPROVED and row.role_open_at is not None and row.id in asked.fit:
        _say(session, "membership open", row, applied, now)
        requests.move(session, row, Event.OPENED, actor="xacct", at=now, ends_at=row.ends_at)


def _say(session: Session, event: str, row: Request, applied: Applied, now: datetime) -> None:
    audit.say(session, event, actor="xacct", at=now, request=row, changes=applied.tried)


def _gone(world: World, held: Held, gone: AwsGone) -> None:
    """A deleted user has no memberships; a deleted group has no members. Tell them apart."""
    try:
        user_is_there = observe.is_there(held.fenced.iam, held.target.name)
    except Trouble as trouble:
        try_again(world, held, str(trouble))
        return
    if user_is_there:
        _group_is_gone(world, held, str(gone))
        return
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        for row in found:
            if row.state is State.APPROVED:
                fail(session, row, f"The IAM user {row.grantee_name} is gone.", now)
            elif row.state is State.ACTIVE:
                requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.REMOVED)
            if row.member_closed_at is None:
                requests.note(session, row, at=now, member_closed_at=now)
                close_if_done(session, row, now)
        hand_back(session, world, held, again_at=None, trouble=None)


def _group_is_gone(world: World, held: Held, sentence: str) -> None:
    """Nothing can be opened through a group that is not there; what is to be closed stays owed."""
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        for row in _openable(found):
            fail(session, row, sentence, now)
    try_again(world, held, sentence)
