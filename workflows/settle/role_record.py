"""Writing down what a role was read back to hold, and when it is next to be looked at."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request, Target
from db.store import holds, requests, standing, targets, windows
from workflows import edits, rows
from workflows.clock import CLOCKS_APART
from workflows.documents import trust
from workflows.documents.session_end import Line
from workflows.plan import ending
from workflows.plan import role as role_plan
from workflows.plan.grant import Grant
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail
from workflows.settle import alarm, verify
from workflows.settle.alarm import SPREADING, refusal
from workflows.settle.apply import Applied
from workflows.settle.asked import Asked
from workflows.settle.lease import (
    LONGEST_WAIT,
    MISSING_FOR,
    Held,
    close_if_done,
    earliest,
    end_by_us,
    fail,
    fail_refused,
    hand_back,
    missing,
    say_extended,
    wait,
)
from workflows.settle.verify import Simulated
from workflows.world import World


@dataclass(frozen=True)
class Paid:
    """A role as it was before the writes and as it was read back, and all that was done between.

    `closing` are the requests that were to be closed by it: one that ends only now is closed by
    the next settle.
    """

    before: RoleDetail
    after: RoleDetail
    off: timedelta  # AWS's time minus ours
    closing: frozenset[int]
    applied: Applied
    asked: Asked
    held_up: str | None
    simulated: Simulated

    def shows_removal(self, row: Request) -> bool:
        """Whether the grantee stood in the trust policy, and stands there no more."""
        (grant,) = rows.grants([row], (), at=self.before.role.at)
        before, after = (
            {key for key, _ in trust.entries(one.role.trust)} for one in (self.before, self.after)
        )
        return grant.entry.key in before - after

    def opens(self, row: Request) -> bool:
        """Whether the row was to be opened by what was done."""
        return row.state is State.APPROVED and row.noted_at is not None and row.id in self.asked.fit


@dataclass(frozen=True)
class Wanted:
    """What the rows want of a role, and the lines of its session end that nobody wants gone."""

    grants: Sequence[Grant]
    kept: Sequence[Line]
    installation: str

    def plan(self, seen: RoleDetail) -> RolePlan:
        """The plan for the role as it was read."""
        return role_plan.plan(seen, self.grants, installation=self.installation, kept=self.kept)

    def is_held_by(self, seen: RoleDetail) -> bool:
        """Whether the role was read to be as it is wanted."""
        again = self.plan(seen)
        return again.trust is None and again.session_end is None


def wanted(
    world: World,
    session: Session,
    held: Held,
    seen: RoleDetail,
    found: Sequence[Request],
    asked: Asked,
) -> Wanted:
    """What the rows, as they are, want of the role that was read."""
    grants = rows.grants(found, asked.fit, at=seen.role.at)
    strange = ending.strangers(seen.session_end, grants)
    kept = _kept(session, held, strange, seen, world.clock.now())
    return Wanted(grants, kept, world.catalog.installation)


def _kept(
    session: Session, held: Held, strange: Sequence[Line], seen: RoleDetail, now: datetime
) -> list[Line]:
    """Lines of the session end that no row wants, and that sessions may still need: dated ones for
    KEPT, undated ones for ever unless the rows know the name, and know it is over for long.

    Rows that came from a backup do not know it: they count from KEPT after it was accepted on.
    """
    if not strange:
        return []
    restored = holds.stood(session, holds.RESTORE, since=rows.kept_since(seen, now))
    known = frozenset() if restored else standing.known_names(session, held.target.id)
    since = seen.role.at - rows.KEPT
    return [
        line
        for line in strange
        if (line.end > since if line.end else line.user_id.casefold() not in known)
    ]


def record(world: World, held: Held, paid: Paid) -> None:
    """Says what was read back, and nothing else: all is as wanted when a new plan is empty."""
    now, seen, asked = world.clock.now(), paid.after, paid.asked
    with world.database.write() as session:
        found = requests.of_role(
            session, held.target.id, kept_since=rows.kept_since(seen, now), lock=True
        )
        _remember(session, world, targets.hold(session, held.lease), paid)
        if abs(paid.off) <= CLOCKS_APART:
            alarm.clocks_agree(session, now)
        if paid.applied.refused is not None:
            sentence = refusal(paid.applied.refused, seen.role.trust)
            _fail_openings(session, found, paid, sentence, now)
        doubts = _doubts(session, found, paid, now)  # may fail some: before what is wanted
        again = wanted(world, session, held, seen, found, asked).plan(seen)
        fail_refused(session, found, again.refused, now)
        settled = again.trust is None and again.session_end is None
        looks = [missing(session, row, again.missing, now) for row in found]
        _note_removals(found, paid)
        if settled:
            looks += [_settled(session, row, paid, now) for row in found]
        waiting = any(_waits(row, found, asked, again.missing) for row in found)
        comes = settled or not held.target.closing
        late = now if comes and any(asked.missed(row) for row in found) else None
        done = settled and not (asked.unsaid or waiting or doubts)
        retry = None if done else now + wait(held.target.attempts)
        hand_back(
            session,
            world,
            held,
            again_at=earliest([retry, late, *looks, *(_next(row, now, paid.off) for row in found)]),
            trouble=_trouble(paid, doubts, settled=settled),
            closed=settled,
        )


def _waits(row: Request, found: Sequence[Request], asked: Asked, taken: Collection[int]) -> bool:
    """Whether it may be opened soon. What waits for a grant that somebody took away is looked at
    again when that has ended.
    """
    pair = rows.noted_pair(found, row)
    return row.id in asked.fit and row.noted_at is None and not any(one.id in taken for one in pair)


def _trouble(paid: Paid, doubts: Sequence[str], *, settled: bool) -> str | None:
    if not settled and paid.applied.refused is not None:
        return refusal(paid.applied.refused, paid.after.role.trust)
    if not settled:
        return str(paid.applied.unsettled or SPREADING)
    return paid.held_up or next(iter(doubts), None)


def _remember(session: Session, world: World, target: Target, paid: Paid) -> None:
    """What others changed in the trust policy since the last read is alerted, whoever reads it."""
    now = world.clock.now()
    edits.seen(session, world.catalog, target.id, paid.after.role, now=now)
    noted, applied = paid.before.role.at, paid.applied
    if applied.reread_at is None:
        windows.drops(target, [windows.Window(noted, None)])
        return
    at = applied.written_at or paid.after.role.at
    windows.closes(target, since=noted, reread_at=applied.reread_at, at=at)


def _note_removals(found: Sequence[Request], paid: Paid) -> None:
    for row in found:
        if row.state is State.ENDING and row.noted_at is not None and paid.shows_removal(row):
            row.trust_closed_at = row.trust_closed_at or paid.after.role.at


def _fail_openings(
    session: Session, found: Sequence[Request], paid: Paid, sentence: str, now: datetime
) -> None:
    """AWS said a final no to a write that was to open something: nothing of it stays wanted."""
    for row in found:
        fit = row.state is State.APPROVED and row.id in paid.asked.fit
        if fit and row.role_open_at is None:
            fail(session, row, sentence, now)


def _doubts(session: Session, found: Sequence[Request], paid: Paid, now: datetime) -> list[str]:
    """What AWS's simulation says against openings that look done; in the end it fails them."""
    at, written, doubts = paid.after.role.at, bool(paid.applied.tried), []
    for row in (one for one in found if paid.opens(one)):
        if replaced := paid.simulated.replaced(row):
            fail(session, row, replaced, now)
        elif refused := paid.simulated.refuses(row):
            doubts.append(verify.doubt(session, row, refused, now, at=at, written=written))
    return [one for one in doubts if one is not None]


def _settled(session: Session, row: Request, paid: Paid, now: datetime) -> datetime | None:
    """What one row may say now that AWS was read to hold what all of them want.

    Returns when to look again, where the read may have been older than what was written.
    """
    seen = paid.after
    if row.id in paid.closing and row.role_closed_at is None:
        if rows.is_fresh(row, seen.role.at) and row.trust_closed_at is None:
            return now + MISSING_FOR
        requests.note(session, row, at=now, role_closed_at=seen.role.at)
        _say(session, "role closed", row, paid.applied, now)
        close_if_done(session, row, now)
    elif paid.opens(row):
        if row.role_open_at is None:
            requests.note(session, row, at=now, role_open_at=seen.role.at, trouble=None)
            _say(session, "role open", row, paid.applied, now)
        if row.member_target_id is not None:
            targets.owe(session, row.member_target_id, now)
        elif paid.simulated.refuses(row) is None:
            _open(session, row, paid, now)
    return None


def _open(session: Session, row: Request, paid: Paid, now: datetime) -> None:
    requests.note(
        session,
        row,
        at=now,
        open_since=row.open_since or paid.after.role.at,
        verified=paid.simulated.verified(row),
    )
    verify.say(session, row, paid.simulated, now)
    requests.move(session, row, Event.OPENED, actor="xacct", at=now, ends_at=row.ends_at)
    say_extended(session, row, now)


def _say(session: Session, event: str, row: Request, applied: Applied, now: datetime) -> None:
    audit.say(session, event, actor="xacct", at=now, request=row, changes=applied.tried)


def _next(row: Request, now: datetime, off: timedelta) -> datetime | None:
    """When this row next asks for its role to be looked at."""
    if row.state is State.APPROVED:
        return earliest([row.open_by, end_by_us(row, now, off)])
    if row.state is State.ACTIVE:
        return end_by_us(row, now, off)
    if row.state is State.ENDED and row.ended_at is not None:
        return max(row.ended_at + rows.KEPT, now + LONGEST_WAIT)  # AWS's time says when it is over
    return None


def gone(world: World, held: Held) -> None:
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
