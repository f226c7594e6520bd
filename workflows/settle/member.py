"""Settling an IAM user's places in governed groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request, Target
from db.store import holds, memberships, requests, targets
from workflows import look, observe, rows
from workflows.aws.errors import AwsGone
from workflows.catalog.model import Mechanism
from workflows.documents import groups
from workflows.plan.member import MemberPlan
from workflows.seen import MemberSeen
from workflows.settle import absent, apply, member_record, opening, verify
from workflows.settle.asked import Asked, answer, ask_again
from workflows.settle.lease import Held, end_what_is_over, fail, fail_refused, holding, read_ahead
from workflows.settle.member_record import Paid, is_openable
from workflows.settle.verify import Simulated
from workflows.world import World

PATIENCE: Final = 3.0
"""Seconds for which a user's places wait for a role that is being opened for him right now."""


@dataclass(frozen=True)
class Noted:
    """What was committed before the first write: the plan, and who may be let in by it.

    `closing` are the requests that are to be closed by it, `others` the ids of users who had the
    name before and are to be put out, too.
    """

    plan: MemberPlan
    asked: Asked
    held_up: str | None
    closing: frozenset[int]
    others: frozenset[str]


def settle(world: World, target: Target) -> None:
    """Pays what is owed for one user. The debt stands when AWS does not answer."""
    with holding(world, target) as held:
        if held is None:
            return
        try:
            _pay(world, held)
        except AwsGone as gone:
            absent.settle(world, held, gone)


def _pay(world: World, held: Held) -> None:
    """What is read of the user is read while his role is opened: he waits for neither.

    His place follows when the role was read back open, and is written down after it. Who is to be
    put out waits for no role, nor for Slack, nor for what only openings need: they follow.
    """
    fenced, name = held.fenced, held.target.name
    coming = _coming(world, held)
    if held.target.closing:
        seen, asked = observe.member_to_close(fenced, name), Asked.nobody()
    else:
        asking = world.asking.submit(ask_again, world, coming)
        seen = _seen(world, held, {one.group_name for one in coming if one.group_name})
        _refresh_what_is_covered(world, coming, seen)
        asked = answer(world, held.target, asking)
    roles = {row.role_target_id for row in coming if row.role_open_at is None}
    with world.settling.following(sorted(roles), seconds=PATIENCE) as opened:
        noted = _note(world, held, seen, asked, opened)
        applied = apply.member(fenced, name, noted.plan, clock=world.clock)
    after = observe.member_again(fenced, seen) if applied.tried else seen
    for one in sorted(roles):
        world.settling.wait_for(one, seconds=PATIENCE)
    away = absent.close(world, held, noted.others) if noted.others else absent.NOBODY
    still_in = absent.still_in(world, held, after) if applied.gone else None
    simulated = _simulated(world, held, noted.asked)
    read = (after, noted.closing, applied, noted.asked, noted.held_up, simulated)
    member_record.record(world, held, Paid(*read, away, still_in))


def _coming(world: World, held: Held) -> list[Request]:
    """Those who are to be let in, unless somebody is to be put out before."""
    if held.target.closing:
        return []
    with world.database.read() as session:
        found = requests.of_member(session, held.target.id)
    return [row for row in found if row.state is State.APPROVED]


def _seen(world: World, held: Held, groups: set[str]) -> MemberSeen:
    """The user as he is: what was read while the approver was looked up, or read now."""
    found: MemberSeen | None = read_ahead(world, held.target, held.lease.number)
    if found is not None and groups <= found.contents.keys():
        return found
    return observe.member_to_settle(world, held.fenced, held.target.name, groups)


def _refresh_what_is_covered(world: World, coming: Sequence[Request], seen: MemberSeen) -> None:
    """What a deny group covers is known, most often; else it is read now."""
    lifted = {row.group_name for row in coming if row.mechanism == Mechanism.DENY_GROUP}
    documents = [one for group in lifted if group for one in seen.contents.get(group, ())]
    if len(covered := groups.covers(documents)) > 1:
        look.covered.refresh(world, covered)


def _simulated(world: World, held: Held, asked: Asked) -> Simulated:
    if not asked.fit:
        return Simulated()
    with world.database.read() as session:
        found = requests.of_member(session, held.target.id)
    opened = [row for row in found if is_openable(row) and row.id in asked.fit]
    if not opened:
        return Simulated()
    return verify.asking(held.fenced, opened, at=world.clock.now() + held.fenced.skew)


def _note(
    world: World, held: Held, seen: MemberSeen, asked: Asked, opened: frozenset[int]
) -> Noted:
    """Commits whom each place belonged to before us, before it is first changed.

    `opened` are requests whose role was read back open, which is not written down yet.
    """
    now = world.clock.now()
    with world.database.write(first=True) as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        end_what_is_over(session, found, now, off=held.fenced.skew)
        held_up, held_back = None, holds.standing(session)
        if not held.target.closing:
            held_up = opening.nothing_opens(held_back, off=held.fenced.skew, unread=seen.unread)
        asked = asked.without(opening.frozen(held_back, found))
        asked = asked if held_up is None else asked.held_up()
        for row in (one for one in found if one.state is State.APPROVED):
            if row.id in asked.unfit:
                opening.end_unfit(session, row, asked.unfit[row.id], now)
            elif row.id in asked.fit and (is_openable(row) or row.id in opened):
                _judge(world, session, row, seen)
        noted = memberships.noted(session, held.target.account_id, seen.user.unique_id)
        planned = rows.member_plan(
            found, seen, asked.fit, noted, catalog=world.catalog, reread=False, opened=opened
        )
        targets.taken_up(session, held.lease)
        closing = frozenset(row.id for row in found if row.state is State.ENDING)
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
    return Noted(planned, asked, held_up, closing, absent.others(found, seen))


def _judge(world: World, session: Session, row: Request, seen: MemberSeen) -> None:
    """Ends what may not be opened as AWS stands now."""
    now = world.clock.now()
    if row.grantee_id != seen.user.unique_id:
        sentence = (
            f"The IAM user {row.grantee_name} is not the one it was when this was asked: it was "
            "deleted and made anew. Ask again."
        )
        fail(session, row, sentence, now)
    elif row.group_name in seen.contents:  # else approved meanwhile: the next round looks
        if wrong := look.group_fault(world, session, row, seen):
            fail(session, row, wrong, now)
        elif wider := look.wider_member(session, row, seen):
            opening.end_unfit(session, row, wider, now)
