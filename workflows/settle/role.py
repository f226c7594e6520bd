"""Settling a role of an owner account: its session end, then its trust policy."""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta

from db.lifecycle import State
from db.models import Target
from db.store import requests, targets
from workflows import observe, restore, rows
from workflows.aws.errors import AwsGone
from workflows.aws.fence import Fenced
from workflows.documents.session_end import Anchor
from workflows.errors import Trouble
from workflows.observe import RoleRead
from workflows.seen import RoleDetail
from workflows.settle import apply, role_note, role_record, verify
from workflows.settle.asked import Asked, answer, ask_again, heard
from workflows.settle.lease import Held, alone, holding, leased, read_ahead
from workflows.settle.role_note import Noted, Read
from workflows.settle.role_record import Paid
from workflows.settle.verify import Simulated
from workflows.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Begun:
    """What was read of the role, and what was noted to be done; `anchor` is what a session end
    carries that is written now.
    """

    read: Read
    noted: Noted
    anchor: Anchor


def settle(world: World, target: Target) -> None:
    """Pays what is owed for one role. The debt stands when AWS does not answer."""
    if not target.closing:
        world.settling.rest(target.id)
    with holding(world, target, _take) as held:
        if held is None:
            return
        try:
            _pay(world, held)
        except AwsGone:
            role_record.gone(world, held)


def _take(world: World, target: Target, fenced: Fenced) -> Held | None:
    """Where all that it needs is known ahead, it is noted in the transaction that leases the role:
    each commit keeps somebody waiting.
    """
    ahead = None if target.closing else read_ahead(world, target, target.settles + 1)
    if ahead is None:
        return alone(world, target, fenced)
    try:
        return _take_noting(world, target, fenced, ahead)
    except Exception:
        log.exception("%s is leased before it is noted [%s]", target.arn, uuid.uuid4().hex[:8])
        return alone(world, target, fenced)


def _take_noting(world: World, target: Target, fenced: Fenced, ahead: RoleRead) -> Held | None:
    """Only leases it where more has to be asked, somebody is to be put out, or somebody else had
    the role since it was read.
    """
    off = _off(world, ahead)
    with world.database.write() as session:
        found = role_note.of_role(world, session, target.id, ahead)
        held = leased(world, session, target, fenced)
        if held is None or held.lease.number != target.settles + 1:
            return held
        asked = ask_again(world, found, heard)
        if asked.unsaid or held.target.closing:
            return replace(held, ahead=ahead)
        read = Read(ahead, off, asked)
        noted = role_note.note(world, session, held, found, read)
    return replace(held, begun=Begun(read, noted, restore.anchor(world.database, session)))


def _pay(world: World, held: Held) -> None:
    fenced, name = held.fenced, held.target.name
    begun: Begun = held.begun or _begin(world, held)
    noted, seen = begun.noted, begun.read.role.detail
    if noted.opening:
        world.settling.begins()
    applied = apply.role(fenced, name, seen, noted.plan, clock=world.clock, anchor=begun.anchor)
    after = observe.role_again(fenced, name, seen) if applied.tried else seen
    if noted.opening and noted.wanted.is_held_by(after):
        world.settling.opened(held.target.id, noted.opening)
    simulated = _simulated(world, held, noted.asked, after)
    done = (noted.closing, applied, noted.asked, noted.held_up, simulated)
    role_record.record(world, held, Paid(seen, after, begun.read.off, *done))
    if applied.tried and noted.asked.fit:
        world.settling.wrote(held.target.id)


def _begin(world: World, held: Held) -> Begun:
    """Reads the role, and commits what is about to be done, before AWS is touched."""
    read = _read(world, held)
    with world.database.write() as session:
        found = role_note.of_role(world, session, held.target.id, read.role)
        targets.hold(session, held.lease)
        noted = role_note.note(world, session, held, found, read)
    return Begun(read, noted, restore.anchor(world.database, session))


def _read(world: World, held: Held) -> Read:
    """The role as it is, and what is said of those who are to be let in.

    Who is to be put out waits neither for Slack nor for what only openings need: they follow.
    """
    fenced, target = held.fenced, held.target
    if target.closing:
        read = RoleRead(observe.role_to_close(fenced, target.name))
        return Read(read, _off(world, read), Asked.nobody())
    asking = world.asking.submit(_ask_again, world, target.id)
    read = held.ahead or _read_to_settle(world, held)
    return Read(read, _off(world, read), answer(world, target, asking))


def _read_to_settle(world: World, held: Held) -> RoleRead:
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
    return ask_again(world, found)


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
