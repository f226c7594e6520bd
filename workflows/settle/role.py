"""Settling a role of an owner account: its session end, then its trust policy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from db.lifecycle import Event, State, Why
from db.models import Request, Target
from db.store import requests, targets, windows
from workflows import look, observe, restore, rows
from workflows.aws.errors import AwsGone
from workflows.errors import Trouble
from workflows.observe import RoleRead
from workflows.plan.phase import Phase
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail
from workflows.settle import alarm, apply, opening, role_record, verify
from workflows.settle.lease import (
    Held,
    end_what_is_over,
    fail,
    fail_refused,
    holding,
    read_ahead,
)
from workflows.settle.opening import Asked
from workflows.settle.role_record import Paid, Wanted
from workflows.settle.verify import Simulated
from workflows.world import World


@dataclass(frozen=True)
class Noted:
    """What was committed before the first write: the plan, and who may be let in by it.

    `held_up` says why nothing is opened at all, if nothing is.
    """

    wanted: Wanted
    plan: RolePlan
    opening: frozenset[int]  # the requests that are to be opened by it
    asked: Asked
    held_up: str | None
    closing: frozenset[int]  # the requests that are to be closed by it


def settle(world: World, target: Target) -> None:
    """Pays what is owed for one role. The debt stands when AWS does not answer."""
    if not target.closing:
        world.settling.rest(target.id)
    with holding(world, target) as held:
        if held is None:
            return
        try:
            _pay(world, held)
        except AwsGone:
            role_record.gone(world, held)


def _pay(world: World, held: Held) -> None:
    fenced, name = held.fenced, held.target.name
    read, off, asked = _read(world, held)
    seen = read.detail
    noted = _note(world, held, read, asked, off=off)
    with world.database.read() as session:
        anchor = restore.anchor(session)
    applied = apply.role(fenced, name, seen, noted.plan, clock=world.clock, anchor=anchor)
    after = observe.role_again(fenced, name, seen) if applied.tried else seen
    if noted.opening and noted.wanted.is_held_by(after):
        world.settling.opened(held.target.id, noted.opening)
    simulated = _simulated(world, held, noted.asked, after)
    paid = Paid(seen, after, off, noted.closing, applied, noted.asked, noted.held_up, simulated)
    role_record.record(world, held, paid)
    if applied.tried and noted.asked.fit:
        world.settling.wrote(held.target.id)


def _read(world: World, held: Held) -> tuple[RoleRead, timedelta, Asked]:
    """The role as it is, AWS's time minus ours, and what is said of those who are to be let in.

    Who is to be put out waits neither for Slack nor for what only openings need: they follow.
    """
    fenced, target = held.fenced, held.target
    if target.closing:
        read = RoleRead(observe.role_to_close(fenced, target.name))
        return read, _off(world, read), Asked.nobody()
    asking = world.asking.submit(_ask_again, world, target.id)
    read = _read_to_settle(world, held)
    return read, _off(world, read), opening.answer(world, target, asking)


def _read_to_settle(world: World, held: Held) -> RoleRead:
    """What was read while the approver was looked up, or what is read now."""
    ahead: RoleRead | None = read_ahead(world, held)
    if ahead is not None:
        return ahead
    target = held.target
    if _is_anything_coming(world, target):
        return observe.asking_to_open(world, held.fenced, target.name, target.arn)()
    return RoleRead(observe.role_to_settle(world, held.fenced, target.name))


def _is_anything_coming(world: World, target: Target) -> bool:
    with world.database.read() as session:
        live = requests.live(session, target)
    return any(row.state is State.APPROVED and row.noted_at is None for row in live)


def _off(world: World, read: RoleRead) -> timedelta:
    return read.detail.role.at - world.clock.now().replace(microsecond=0)


def _ask_again(world: World, target_id: int) -> Asked:
    kept_since = world.clock.now() - rows.KEPT
    with world.database.read() as session:
        found = requests.of_role(session, target_id, kept_since=kept_since)
    return opening.ask_again(world, found)


def _simulated(world: World, held: Held, asked: Asked, seen: RoleDetail) -> Simulated:
    """Who comes by the trust policy alone is asked about here; the others with their membership."""
    if not asked.fit:
        return Simulated()
    with world.database.read() as session:
        found = requests.live(session, held.target)
    opened = [
        row
        for row in found
        if row.state is State.APPROVED
        and row.id in asked.fit
        and row.noted_at is not None
        and row.member_target_id is None
    ]
    if not opened:
        return Simulated()
    try:
        home = world.managers.fenced(
            world.catalog.grantee.manager_arn, world.catalog.grantee.external_id
        )
    except Trouble:
        return Simulated()  # it could not be asked
    return verify.asking(home, opened, at=seen.role.at)


def _note(world: World, held: Held, read: RoleRead, asked: Asked, *, off: timedelta) -> Noted:
    """Commits what is about to be done, before AWS is touched; returns the plan for it."""
    seen, now = read.detail, world.clock.now()
    with world.database.write() as session:
        found = requests.of_role(
            session, held.target.id, kept_since=rows.kept_since(seen, now), lock=True
        )
        targets.hold(session, held.lease)
        end_what_is_over(session, found, now, off=off)
        restore.check(session, seen.session_end, role=held.target.arn, at=now)
        held_up = None
        if not held.target.closing:
            held_up = opening.nothing_opens(session, off=off, unread=seen.unread)
        asked = asked.without(opening.frozen(session, found))
        alarm.clock(session, off if abs(off) > opening.CLOCKS_APART else None, now)
        for row in (one for one in found if one.state is State.APPROVED):
            if row.id in asked.unfit:
                opening.end_unfit(session, row, asked.unfit[row.id], now)
            elif row.id in asked.fit and held_up is None:
                _begin(world, session, row, read, rows.noted_pair(found, row))
        asked = asked if held_up is None else asked.held_up()
        wanted, planned = _planned(world, session, held, seen, found, asked)
        targets.taken_up(session, held.lease)
        if planned.trust is not None:
            windows.opens(session, held.target.id, since=seen.role.at)
        closing = frozenset(row.id for row in found if row.state is State.ENDING)
        fail_refused(session, found, planned.refused, now)
    coming = frozenset(one.request for one in wanted.grants if one.phase is Phase.OPENING)
    return Noted(wanted, planned, coming - planned.refused.keys(), asked, held_up, closing)


def _planned(
    world: World,
    session: Session,
    held: Held,
    seen: RoleDetail,
    found: Sequence[Request],
    asked: Asked,
) -> tuple[Wanted, RolePlan]:
    """What is wanted, and the plan; whose access somebody widened in AWS ends before that."""
    wanted = role_record.wanted(world, session, held, seen, found, asked)
    planned, now = wanted.plan(seen), world.clock.now()
    ended = [
        row
        for row in found
        if row.id in planned.widened and row.state in (State.APPROVED, State.ACTIVE)
    ]
    for row in ended:
        requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.WIDENED)
        alarm.widened(session, row, planned.widened[row.id], now)
    if ended:
        wanted = role_record.wanted(world, session, held, seen, found, asked)
        planned = wanted.plan(seen)
    return wanted, planned


def _begin(
    world: World, session: Session, row: Request, read: RoleRead, pair: Sequence[Request]
) -> None:
    """Notes what may be opened now; the rest waits, or fails. So does what was approved after the
    read was begun, which asked nothing for it.
    """
    seen = read.detail
    role = world.catalog.role(row.role)
    assert role is not None  # it is fit: the rules were asked about it
    extended = requests.get(session, row.extends) if row.extends is not None else None
    wrong = opening.not_extendable(row, seen, extended) or opening.too_long(
        row, seen, pair=pair, extended=extended, longest=role.max_duration
    )
    now = world.clock.now()
    if row.noted_at is None and (wider := look.wider_role(row, read)):
        opening.end_unfit(session, row, wider, now)
    elif wrong is not None:
        fail(session, row, wrong, now)
    elif read.to_open and not opening.too_soon(row, seen, pair=pair):
        opening.note(session, row, seen, pair=pair, extended=extended)
