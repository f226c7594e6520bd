"""Targets: owing them a settle, leasing them, and handing them back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Target, TargetKind


@dataclass(frozen=True)
class Address:
    """Where a target is and how it is reached."""

    kind: TargetKind
    arn: str
    account_id: str
    name: str
    manager_arn: str
    external_id: str | None


@dataclass(frozen=True)
class Lease:
    """One worker's right to change one target, until its time by the database's clock is up.

    `due_again` is when the debt falls due by itself, by xacct's clock; `number` counts the leases
    of the target.
    """

    target_id: int
    token: str
    due_again: datetime
    taken_over: bool  # the lease before was not handed back: a late write may still arrive
    number: int


@dataclass(frozen=True)
class Term:
    """How long a lease lasts, from now: by xacct's clock, and by the database's that judges it."""

    now: datetime
    database_now: datetime
    length: timedelta


class LostLease(Exception):  # noqa: N818  an answer: somebody else goes on
    """The lease ran out and another worker has the target."""


def ensure(session: Session, address: Address) -> Target:
    """The target at this address, made when new; how it is reached follows the catalog.

    It is not locked: who files a request waits for no settle, and no settle for him. Of two who
    make it at once the second gets what the first made.
    """
    query = select(Target).where(Target.arn == address.arn)
    target = session.scalars(query).one_or_none()
    if target is None:
        dialect = session.get_bind().dialect.name
        insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
        made = insert(Target).values(asdict(address))
        session.execute(made.on_conflict_do_nothing(index_elements=["arn"]))
        target = session.scalars(query).one()
    target.manager_arn, target.external_id = address.manager_arn, address.external_id
    return target


def get(session: Session, target_id: int) -> Target:
    """The target; it exists as long as a request names it."""
    return session.get_one(Target, target_id)


def owe(session: Session, target_id: int, when: datetime, *, closing: bool = False) -> None:
    """AWS must be looked at for this target at `when`, or earlier if that was owed already.

    `closing`: somebody is to be put out, which goes before whatever else the account is owed.
    """
    if closing:
        session.execute(update(Target).where(Target.id == target_id).values(closing=True))
    session.execute(
        update(Target)
        .where(Target.id == target_id, or_(Target.settle_at.is_(None), Target.settle_at > when))
        .values(settle_at=when)
    )


@dataclass(frozen=True)
class Owed:
    """A target that is due, and the account in whose queue it waits."""

    id: int
    account_id: str
    closing: bool


def _due() -> Select[Any]:
    place = func.row_number().over(
        partition_by=Target.account_id, order_by=(Target.closing.desc(), Target.settle_at)
    )
    free = or_(Target.lease_until.is_(None), Target.lease_until <= bindparam("database_now"))
    found = (
        select(Target.id, Target.account_id, Target.closing, place.label("place"))
        .where(Target.settle_at <= bindparam("now"), free)
        .subquery()
    )
    return (
        select(found.c.id, found.c.account_id, found.c.closing)
        .where(found.c.place <= bindparam("per_account"))
        .order_by(found.c.place)
    )


_DUE: Final = _due()  # asked many times a second: made once


def due(
    session: Session, now: datetime, *, database_now: datetime, per_account: int = 16
) -> Sequence[Owed]:
    """Targets to settle that nobody has leased: of each account closings first, then the longest
    owed, and never so many of one account that the others are not seen.
    """
    asked = {"now": now, "database_now": database_now, "per_account": per_account}
    return [Owed(*row) for row in session.execute(_DUE, asked)]


_FREE: Final = (
    select(Target)
    .where(Target.id == bindparam("id"))
    .with_for_update(skip_locked=True, key_share=True)
)
_HELD: Final = (
    select(Target)
    .where(Target.id == bindparam("id"), Target.lease == bindparam("token"))
    .with_for_update(key_share=True)  # a new request may name it meanwhile
)


def lease(session: Session, target_id: int, term: Term, *, token: str, run: str) -> Lease | None:
    """Takes the target for a term; None when nothing is owed now or another worker has it.

    The debt stays in the row: it falls due again when the lease runs out unreturned.
    """
    target = session.scalars(_FREE, {"id": target_id}).one_or_none()
    if target is None or target.settle_at is None or target.settle_at > term.now:
        return None
    if target.lease_until is not None and target.lease_until > term.database_now:
        return None
    taken_over = target.lease is not None
    target.lease, target.lease_run = token, run
    target.lease_until = term.database_now + term.length
    target.settle_at = term.now + term.length
    target.settles += 1
    return Lease(target_id, token, target.settle_at, taken_over, target.settles)


def hold(session: Session, lease: Lease) -> Target:
    """The leased target, locked; raises LostLease when another worker has it by now."""
    held = {"id": lease.target_id, "token": lease.token}
    target = session.scalars(_HELD, held).one_or_none()
    if target is None:
        raise LostLease(f"target {lease.target_id}")
    return target


def locked(session: Session, target_id: int) -> Target:
    """The target as it is now, locked; a new request may name it meanwhile."""
    return session.scalars(
        select(Target)
        .where(Target.id == target_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()


def taken_up(session: Session, lease: Lease) -> None:
    """All that was owed until now is planned for in this transaction, which holds the target."""
    session.execute(
        update(Target).where(Target.id == lease.target_id).values(settle_at=lease.due_again)
    )


def hand_back(
    session: Session,
    lease: Lease,
    *,
    again_at: datetime | None,
    trouble: str | None = None,
    watch_until: datetime | None = None,
) -> None:
    """Ends the lease. The target is next due at `again_at`, or at once if work came meanwhile.

    `watch_until` stays in the row: whoever settles it next must look once more then.
    """
    came_meanwhile = Target.settle_at < lease.due_again
    session.execute(
        update(Target)
        .where(Target.id == lease.target_id, Target.lease == lease.token)
        .values(
            lease=None,
            lease_run=None,
            lease_until=None,
            settle_at=case((came_meanwhile, Target.settle_at), else_=again_at),
            closing=and_(Target.closing, came_meanwhile) if trouble is None else Target.closing,
            attempts=0 if trouble is None else Target.attempts + 1,
            trouble=trouble,
            watch_until=watch_until,
        )
    )


def read(session: Session, target_id: int, trust: Mapping[str, Any], *, at: datetime) -> None:
    """Remembers a role's trust policy as AWS showed it at `at`, AWS's time."""
    session.execute(
        update(Target).where(Target.id == target_id).values(trust=dict(trust), seen_at=at)
    )


def trusts(session: Session, arns: Collection[str], *, since: datetime) -> Sequence[Target]:
    """The targets of these roles whose trust policies were read after `since`."""
    return session.scalars(
        select(Target).where(Target.arn.in_(arns), Target.seen_at >= since)
    ).all()


def put_off(session: Session, target_id: int, *, again_at: datetime, trouble: str) -> None:
    """Tries a target later that could not even be leased; what is owed after that stays."""
    session.execute(
        update(Target)
        .where(Target.id == target_id, Target.settle_at < again_at)
        .values(settle_at=again_at, attempts=Target.attempts + 1, trouble=trouble)
    )


def shorten_dead_leases(session: Session, *, run: str, fence_over: datetime) -> None:
    """SQLite, at start: a lease of a run that is dead waits only for its fence, never longer."""
    session.execute(
        update(Target)
        .where(
            Target.lease.is_not(None),
            Target.lease_run != run,
            Target.lease_until > fence_over,
        )
        .values(lease_until=fence_over, settle_at=fence_over)
    )
