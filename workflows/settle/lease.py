"""Taking a target, and handing it back with the moment it is next due."""

import logging
import random
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request, Target
from db.store import requests, targets
from workflows import rows
from workflows.aws.errors import AwsExpired
from workflows.aws.fence import FENCE, Fenced, by_aws
from workflows.errors import Trouble, is_same
from workflows.settle import alarm
from workflows.world import World

AFTER_FENCE: Final = timedelta(seconds=30)
"""A lease outlives its fence by this: the next worker never writes beside us."""

LATE_WRITE: Final = timedelta(minutes=6)
"""After a lease that was not handed back AWS is observed again: a late write may have arrived."""

MISSING_FOR: Final = timedelta(seconds=60)

LONGEST_WAIT: Final = timedelta(seconds=60)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """A target that is ours to change until its lease ends.

    `ahead` is what was read of it ahead, as good as a read now, and `begun` what the transaction
    that leased it noted already; None where there is no such thing.
    """

    target: Target
    lease: targets.Lease
    fenced: Fenced
    ahead: Any = None
    begun: Any = None


Taking = Callable[[World, Target, Fenced], Held | None]


def alone(world: World, target: Target, fenced: Fenced) -> Held | None:
    """Leases the target in a transaction of its own."""
    _end_in_time(world, target, off=fenced.skew)
    with world.database.write() as session:
        return leased(world, session, target, fenced)


def leased(world: World, session: Session, target: Target, fenced: Fenced) -> Held | None:
    """Leases the target in this transaction, if something is owed and nobody has it."""
    now = world.clock.now()
    term = targets.Term(now, world.database.now(session), FENCE + AFTER_FENCE)
    lease = targets.lease(session, target.id, term, token=uuid.uuid4().hex, run=world.run)
    if lease is None:
        return None
    return Held(targets.get(session, target.id), lease, fenced)


@contextmanager
def holding(world: World, target: Target, taking: Taking = alone) -> Iterator[Held | None]:
    """The target, leased for the block; None when nothing is owed or another worker has it.

    The last line of defence: whatever goes wrong in the block, the lease is handed back and the
    debt stands, to be tried again.
    """
    held = take(world, target, taking)
    try:
        yield held
    except targets.LostLease:
        raise
    except Trouble as trouble:
        if held is None:
            raise
        if isinstance(trouble, AwsExpired):
            world.managers.forget(held.fenced)
        try_again(world, held, str(trouble))
    except Exception:
        reference = uuid.uuid4().hex[:8]
        log.exception("settling %s broke [%s]", target.arn, reference)
        if held is not None:
            try_again(world, held, f"Something broke on xacct's side [{reference}]")


def take(world: World, target: Target, taking: Taking = alone) -> Held | None:
    """Takes the target with a session of its manager role; without one the debt is put off.

    The session comes first: its fence is at most FENCE ahead, and the lease outlives it whatever
    our clock did meanwhile.
    """
    try:
        fenced = world.managers.fenced(target.manager_arn, target.external_id)
    except Trouble as trouble:
        _end_in_time(world, target, off=timedelta(0))
        put_off(world, target, trouble)
        return None
    return taking(world, target, fenced)


def read_ahead(world: World, target: Target, lease: int) -> Any | None:
    """What was read of the target while the approver was looked up, for the lease of that number;
    None where nothing is as good as a read now.
    """
    answer = world.settling.take_ahead(target.id, lease)
    if answer is None:
        return None
    try:
        return answer()
    except Trouble as trouble:
        log.info("what was read ahead of settling %s is no use: %s", target.arn, trouble)
        return None


def put_off(world: World, target: Target, trouble: Trouble) -> None:
    """No session of the manager role: the debt stays, and is tried again later."""
    log.warning("cannot enter account %s: %s", target.account_id, trouble)
    now = world.clock.now()
    with world.database.write() as session:
        again = now + wait(target.attempts)
        targets.put_off(session, target.id, again_at=again, trouble=str(trouble))
        show(session, target, str(trouble), now)
        alarm.unclosed(session, target, str(trouble), now)


def show(session: Session, target: Target, trouble: str | None, now: datetime) -> None:
    """A trouble that is new, or over, shows on the cards of what it keeps from opening or closing.

    `target` is the target as it was before.
    """
    if not is_same(trouble, target.trouble):
        for row in requests.unfinished(session, target):
            requests.note(session, row, at=now)


def _end_in_time(world: World, target: Target, *, off: timedelta) -> None:
    """What reached its end is ending, and says so, even while AWS cannot be reached; only then does
    our own clock judge. `off` is AWS's time minus ours.
    """
    now = world.clock.now()
    with world.database.read() as session:
        if not requests.is_any_over(session, target, now, at=by_aws(now, off)):
            return
    with world.database.write() as session:
        end_what_is_over(session, requests.live(session, target, lock=True), now, off=off)


def wait(attempts: int) -> timedelta:
    """How long until the next try: up to 1, 2, 4 … seconds, at most LONGEST_WAIT.

    Half of it is by chance, so that what failed together is not tried together.
    """
    longest = min(timedelta(seconds=2 ** min(attempts, 10)), LONGEST_WAIT)
    return longest * random.uniform(0.5, 1)  # noqa: S311  no secret


def end_what_is_over(
    session: Session, rows: Iterable[Request], now: datetime, *, off: timedelta
) -> None:
    """Moves what reached its end, or was not opened in time, on to its closing."""
    for row in rows:
        why = is_over(row, now, at=by_aws(now, off))
        if why is not None:
            requests.move(session, row, Event.END, actor="xacct", at=now, why=why)


def is_over(row: Request, now: datetime, *, at: datetime) -> Why | None:
    """Why an approved or active request has to end now, if it has to. Its end is of AWS's time,
    `at`.
    """
    if row.state not in (State.APPROVED, State.ACTIVE):
        return None
    if row.ends_at is not None and row.ends_at <= at:
        return Why.TIME
    if row.state is State.APPROVED and row.open_by is not None and row.open_by <= now:
        return Why.NOT_OPENED
    return None


def end_by_us(row: Request, now: datetime, off: timedelta) -> datetime | None:
    """The end of a request by our clock, which may differ from AWS's by `off`."""
    return None if row.ends_at is None else row.ends_at - (by_aws(now, off) - now)


def hand_back(
    session: Session,
    world: World,
    held: Held,
    *,
    again_at: datetime | None,
    trouble: str | None,
    closed: bool = False,
) -> None:
    """Ends the lease; AWS is next looked at when the rows, a retry, or a late write ask for it.

    `closed`: all that was to be closed is, and the trouble is of openings.
    """
    now = world.clock.now()
    show(session, held.target, trouble, now)
    alarm.unclosed(session, held.target, None if closed else trouble, now)
    watch_until = now + LATE_WRITE if held.lease.taken_over else held.target.watch_until
    if watch_until is not None and watch_until > now:
        again_at = earliest([again_at, watch_until])
    targets.hand_back(
        session, held.lease, again_at=again_at, trouble=trouble, watch_until=watch_until
    )


def try_again(world: World, held: Held, trouble: str) -> None:
    """Hands the lease back with the debt still standing."""
    log.warning("settling %s: %s", held.target.arn, trouble)
    with world.database.write() as session:
        again = world.clock.now() + wait(held.target.attempts)
        hand_back(session, world, held, again_at=again, trouble=trouble)


def close_if_done(session: Session, row: Request, now: datetime) -> None:
    """An ending request has ended when all of it was read back closed.

    Its session end stays in the role for KEPT: that is the role's debt.
    """
    member_done = row.member_target_id is None or row.member_closed_at is not None
    if row.state is State.ENDING and row.role_closed_at is not None and member_done:
        requests.move(session, row, Event.CLOSED, actor="xacct", at=now)
        targets.owe(session, row.role_target_id, now + rows.KEPT)


def say_extended(session: Session, row: Request, now: datetime) -> None:
    """What a grant extends says so in the log and on its card, once the extension is open."""
    extended = requests.get(session, row.extends) if row.extends is not None else None
    if extended is not None:
        audit.say(session, "extended", actor="xacct", at=now, request=extended, by=row.id)
        requests.note(session, extended, at=now)


def fail(session: Session, row: Request, sentence: str, now: datetime) -> None:
    """An approved request that cannot be opened goes on to its closing, and says why."""
    requests.move(
        session, row, Event.FAILED, actor="xacct", at=now, why=Why.FAILED, trouble=sentence
    )


def fail_refused(
    session: Session, found: Iterable[Request], refused: Mapping[int, str], now: datetime
) -> None:
    """What a plan refused to open fails, with the plan's sentence."""
    for row in found:
        if row.id in refused and row.state is State.APPROVED:
            fail(session, row, refused[row.id], now)


def missing(
    session: Session, row: Request, gone: Collection[int], now: datetime
) -> datetime | None:
    """An active grant that somebody took away in AWS ends, after a second look MISSING_FOR later.

    Returns when to look again. One look is not enough: reads of IAM may be stale.
    """
    if row.state is not State.ACTIVE:
        return None
    if row.id not in gone:
        if row.missing_since is not None:
            row.missing_since = None
        return None
    if row.missing_since is None:
        row.missing_since = now
    if now - row.missing_since >= MISSING_FOR:
        requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.REMOVED)
        return now
    return row.missing_since + MISSING_FOR


def earliest(moments: Iterable[datetime | None]) -> datetime | None:
    """The first of the moments that there are."""
    return min((one for one in moments if one is not None), default=None)
