"""Requests: filing them, moving them, and asking for them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, selectinload

from db import audit
from db.lifecycle import FINAL, OPEN, RECORDED, Event, IllegalMove, State, Why, after
from db.models import Decision, Request, Target, TargetKind
from db.store import reviews, targets

OPENING_TIME: Final = timedelta(minutes=15)
"""How long after the last approval an opening is tried."""

CLAIM: Final = timedelta(seconds=60)
"""How long one worker has a look, or a drawing, to itself; then another may pay it again."""

WARNED_BEFORE: Final = timedelta(minutes=10)
"""How long before its end the requester of an open grant is warned."""

ACTIVITY_AFTER: Final = timedelta(minutes=20)
"""How long after its end one asks what was done with it: CloudTrail knows in a quarter of an hour
(CloudTrail User Guide, "How CloudTrail works").
"""

_WORTH_WARNING: Final = timedelta(minutes=16)
"""A grant that is shorter is over before a warning would help."""

OPENING_IS_DRAWN_AFTER: Final = timedelta(seconds=1)
"""Most openings are done by then: their card goes from pending to active at once."""

_LIVE: Final = (State.APPROVED, State.ACTIVE)
_FACTS: Final = ("ends_at", "trouble", "lent_seconds")


def file(session: Session, request: Request) -> Request:
    """Puts a new request down: pending, a look owed now, a card owed."""
    request.look_at = request.asked_at
    request.draw_at = request.asked_at
    session.add(request)
    session.flush()
    audit.say(
        session,
        "requested",
        actor=request.requester,
        at=request.asked_at,
        request=request,
        grantee=request.grantee_arn,
        seconds=request.seconds,
        extends=request.extends,
        reason=request.reason,
        asked_of=request.asked_of,
        asked_because=request.asked_because,
    )
    return request


def get(session: Session, request_id: int) -> Request | None:
    """The request as it stands, or None."""
    return session.get(Request, request_id)


def with_decisions(query: Select[Request]) -> Select[Request]:
    """The query, with what was decided on each request it finds."""
    return query.options(selectinload(Request.decisions))


def lock(session: Session, request_id: int) -> Request | None:
    """The request with its decisions, locked until this transaction ends (on SQLite every writer
    is alone).
    """
    return session.scalars(_LOCK, {"id": request_id}).one_or_none()


def locked(query: Select[Request]) -> Select[Request]:
    """As they are now, and nobody else's until this transaction ends.

    Whoever takes several takes them by their numbers, and before any target: nothing deadlocks.
    """
    return query.with_for_update(of=Request, key_share=True).execution_options(
        populate_existing=True
    )


_LOCK: Final = locked(with_decisions(select(Request).where(Request.id == bindparam("id"))))


def move(
    session: Session,
    request: Request,
    event: Event,
    *,
    actor: str,
    at: datetime,
    why: Why | None = None,
    **also: Any,
) -> Request:
    """The one writer of states: compare, set, record, owe; all in this transaction.

    Raises IllegalMove, having changed nothing, when the table has no such move or somebody else
    moved the request first. What the new state owes (a target, a drawing) is owed here.
    """
    was, to = request.state, after(request.state, event)
    also.update(_moments(request, to, at), state=to, why=why or request.why, look_at=None)
    if not _write(session, request, at, Request.state == was, **also):
        raise IllegalMove(request.state, event)
    facts = {name: _fact(also[name]) for name in _FACTS if also.get(name) is not None}
    told = {"was": was, "to": to, "why": why, **facts}
    audit.say(session, RECORDED[event], actor=actor, at=at, request=request, **told)
    _owe(session, request, at)
    return request


def note(session: Session, request: Request, *, at: datetime, **columns: Any) -> None:
    """Sets columns of a request that is not being moved, and owes its card a redraw."""
    _write(session, request, at, **columns)


def _write(
    session: Session, request: Request, at: datetime, *only_if: ColumnElement[bool], **columns: Any
) -> bool:
    """Sets columns and owes the card; False, having changed nothing, where `only_if` is not so."""
    opening = columns.get("state", request.state) is State.APPROVED
    draw_at = at + OPENING_IS_DRAWN_AFTER if opening else at
    hit = session.scalars(
        update(Request)
        .where(Request.id == request.id, *only_if)
        .values(changed=Request.changed + 1, draw_at=draw_at, draw_attempts=0, **columns)
        .returning(Request),
        execution_options={"synchronize_session": False, "populate_existing": True},
    ).one_or_none()
    if hit is None:
        session.refresh(request)
    return hit is not None


def _moments(request: Request, to: State, at: datetime) -> dict[str, datetime | None]:
    moments: dict[str, datetime | None] = {"remind_at": None}
    if to is State.APPROVED:
        moments |= {"approved_at": at, "open_by": at + OPENING_TIME}
    elif to is State.ACTIVE:
        moments |= {"opened_at": at, "remind_at": _warned_at(request, at)}
    elif to is State.ENDING:
        moments |= {"closing_at": at}
    elif to is State.ENDED:
        used = request.noted_at is not None  # a note goes before any write
        moments |= {"ended_at": at, "activity_at": at + ACTIVITY_AFTER if used else None}
    return moments


def _warned_at(request: Request, opened_at: datetime) -> datetime | None:
    """When the requester is warned that the grant ends soon."""
    end = request.ends_at
    worth = end is not None and end - opened_at >= _WORTH_WARNING
    return end - WARNED_BEFORE if end is not None and worth else None


def _owe(session: Session, request: Request, at: datetime) -> None:
    """A place in a group is owed with the note of its role: nothing can be done before."""
    if request.break_glass and request.state in FINAL:
        reviews.owe(session, request.id, at)
    if request.state not in (State.APPROVED, State.ENDING):
        return
    ending = request.state is State.ENDING
    targets.owe(session, request.role_target_id, at, closing=ending)
    if ending and request.member_target_id is not None:
        targets.owe(session, request.member_target_id, at, closing=True)


def _fact(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def decide(
    request: Request,
    *,
    by: str,
    approves: bool,
    at: datetime,
    reason: str | None = None,
    seconds: int | None = None,
) -> int:
    """Writes one decision down, `seconds` where it is for less than was asked for; returns how many
    approvals the request has now.
    """
    request.decisions.append(
        Decision(by=by, approves=approves, at=at, reason=reason, seconds=seconds)
    )
    return sum(decision.approves for decision in request.decisions)


# --- what is asked of the rows


def of_role(
    session: Session, target_id: int, *, kept_since: datetime, lock: bool = False
) -> Sequence[Request]:
    """All that the role's trust and session end are made from: open ones, and those that ended
    after `kept_since`, whose sessions could still live. With their decisions, unless they are
    locked.
    """
    kept = (Request.state == State.ENDED) & (Request.ended_at > kept_since)
    query = (
        select(Request)
        .where(Request.role_target_id == target_id, or_(Request.state.in_(OPEN), kept))
        .order_by(Request.id)
    )
    return session.scalars(locked(query) if lock else with_decisions(query)).all()


def of_member(session: Session, target_id: int, *, lock: bool = False) -> Sequence[Request]:
    """All that a user's places in governed groups are made from; with their decisions, unless they
    are locked.
    """
    query = (
        select(Request)
        .where(Request.member_target_id == target_id, Request.state.in_(OPEN))
        .order_by(Request.id)
    )
    return session.scalars(locked(query) if lock else with_decisions(query)).all()


def unfinished(session: Session, target: Target) -> Sequence[Request]:
    """What is on its way to open or to close and needs this target for it."""
    return _of_target(session, target, State.APPROVED, State.ENDING)


def live(session: Session, target: Target, *, lock: bool = False) -> Sequence[Request]:
    """What needs this target to be open, or to be opened."""
    return _of_target(session, target, *_LIVE, lock=lock)


def is_any_over(session: Session, target: Target, now: datetime, *, at: datetime) -> bool:
    """Whether the end (by AWS's time, `at`), or the time to open, of anything live on this target
    has come.
    """
    come = or_(Request.ends_at <= at, and_(Request.state == State.APPROVED, Request.open_by <= now))
    found = select(Request.id).where(_is_of(target), Request.state.in_(_LIVE), come).limit(1)
    return session.scalars(found).one_or_none() is not None


def _of_target(
    session: Session, target: Target, *states: State, lock: bool = False
) -> Sequence[Request]:
    query = select(Request).where(_is_of(target), Request.state.in_(states)).order_by(Request.id)
    return session.scalars(locked(query) if lock else query).all()


def _is_of(target: Target) -> ColumnElement[bool]:
    is_role = target.kind is TargetKind.ROLE
    return (Request.role_target_id if is_role else Request.member_target_id) == target.id


def of_pair(
    session: Session,
    *,
    role_target_id: int,
    kind: str,
    name: str,
    states: Collection[State],
    lock: bool = False,
) -> Sequence[Request]:
    """The requests of one grantee for one role in the given states, oldest first."""
    query = (
        select(Request)
        .where(
            Request.role_target_id == role_target_id,
            Request.grantee_kind == kind,
            Request.grantee_name == name,
            Request.state.in_(states),
        )
        .order_by(Request.id)
    )
    return session.scalars(locked(query) if lock else query).all()


def count_pending(session: Session, requester: str) -> int:
    """How many of this person's requests wait for a decision."""
    return session.scalars(
        select(func.count())
        .select_from(Request)
        .where(Request.requester == requester, Request.state == State.PENDING)
    ).one()


def claim(session: Session, request_id: int, now: datetime, *, column: str) -> Request | None:
    """Takes what the column says is due, for CLAIM; None when another has it."""
    due = getattr(Request, column)
    hit = session.scalars(
        update(Request)
        .where(Request.id == request_id, due <= now)
        .values({column: now + CLAIM})
        .returning(Request.id)
    ).one_or_none()
    return None if hit is None else lock(session, hit)
