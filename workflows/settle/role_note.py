"""Writing down what is about to be done to a role, before AWS is touched."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import holds, requests, targets, windows
from workflows import look, restore, rows
from workflows.clock import CLOCKS_APART
from workflows.observe import RoleRead
from workflows.plan.phase import Phase
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail
from workflows.settle import alarm, opening, role_record
from workflows.settle.asked import Asked
from workflows.settle.lease import Held, end_what_is_over, fail, fail_refused
from workflows.settle.role_record import Wanted
from workflows.world import World


@dataclass(frozen=True)
class Read:
    """A role as it was read, what is said of those who are to be let in, and `off`: AWS's time
    minus ours.
    """

    role: RoleRead
    off: timedelta
    asked: Asked


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


def of_role(world: World, session: Session, target_id: int, read: RoleRead) -> Sequence[Request]:
    """All that the role is made from, locked: always before the role itself."""
    kept_since = rows.kept_since(read.detail, world.clock.now())
    return requests.of_role(session, target_id, kept_since=kept_since, lock=True)


def note(world: World, session: Session, held: Held, found: Sequence[Request], read: Read) -> Noted:
    """Notes, in the transaction that holds the role, all that is to be done to it; `found` is
    what it is made from, locked.
    """
    seen, off, now = read.role.detail, read.off, world.clock.now()
    end_what_is_over(session, found, now, off=off)
    restore.check(session, seen.session_end, role=held.target.arn, at=now)
    held_up, held_back = None, holds.standing(session)
    if not held.target.closing:
        held_up = opening.nothing_opens(held_back, off=off, unread=seen.unread)
    asked = read.asked.without(opening.frozen(held_back, found))
    if abs(off) > CLOCKS_APART:
        alarm.clocks_differ(session, off, now)
    taken = _taken_away(world, session, held, seen, found, asked)
    for row in (one for one in found if one.state is State.APPROVED):
        if row.id in asked.unfit:
            opening.end_unfit(session, row, asked.unfit[row.id], now)
        elif row.id in asked.fit and held_up is None:
            pair = rows.noted_pair(found, row)
            if row.noted_at is not None or not any(one.id in taken for one in pair):
                _note_row(world, session, row, read.role, pair)
    asked = asked if held_up is None else asked.held_up()
    wanted, planned = _planned(world, session, held, seen, found, asked)
    targets.taken_up(session, held.lease)
    if planned.trust is not None:
        windows.opens(targets.get(session, held.target.id), since=seen.role.at)
    closing = frozenset(row.id for row in found if row.state is State.ENDING)
    fail_refused(session, found, planned.refused, now)
    coming = frozenset(one.request for one in wanted.grants if one.phase is Phase.OPENING)
    return Noted(wanted, planned, coming - planned.refused.keys(), asked, held_up, closing)


def _taken_away(
    world: World,
    session: Session,
    held: Held,
    seen: RoleDetail,
    found: Sequence[Request],
    asked: Asked,
) -> frozenset[int]:
    """The active requests that somebody took away in AWS. Another one of the same grantee is not
    opened before they have ended: his statement would give them back.
    """
    coming = [one for one in found if one.state is State.APPROVED and one.noted_at is None]
    if not any(one.state is State.ACTIVE for row in coming for one in rows.noted_pair(found, row)):
        return frozenset()
    return role_record.wanted(world, session, held, seen, found, asked).plan(seen).missing


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


def _note_row(
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
        opening.note(session, row, seen, pair=pair, extended=extended, now=now)
