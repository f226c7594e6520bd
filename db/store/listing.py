"""Requests as people list them: what is pending or open, by person and by role."""

from collections.abc import Collection, Sequence
from typing import Final

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from db.lifecycle import OPEN, UNDECIDED_OR_OPEN, State
from db.models import Request
from db.store.concerning import on_roles
from db.store.requests import locked, with_decisions

_STANDING: Final = (*UNDECIDED_OR_OPEN, State.ENDING)


def of_person(
    session: Session, user: str, *, machines: Collection[str] = (), limit: int | None = 50
) -> Sequence[Request]:
    """What this person asked for, or what was asked for his machines, newest first.

    `limit` None is all of it.
    """
    his = or_(
        Request.requester == user,
        and_(Request.grantee_kind == "machine", Request.grantee_name.in_(machines)),
    )
    return session.scalars(
        select(Request)
        .where(his, Request.state.in_(_STANDING))
        .order_by(Request.id.desc())
        .limit(limit)
    ).all()


def of_role(session: Session, role_arn: str) -> Sequence[Request]:
    """What is pending or open on one role, newest first."""
    return session.scalars(
        select(Request)
        .where(Request.role_arn == role_arn, Request.state.in_(_STANDING))
        .order_by(Request.id.desc())
    ).all()


def inside(
    session: Session, role_arns: Collection[str], limit: int = 200, *, asked: str | None = None
) -> Sequence[Request]:
    """What is open, or is being opened or closed, on any of these roles, or was `asked` of this
    person, with who approved it; the first to end first.
    """
    query = (
        select(Request)
        .where(on_roles(role_arns, asked), Request.state.in_(OPEN))
        .order_by(Request.ends_at, Request.id)
        .limit(limit)
    )
    return session.scalars(with_decisions(query)).all()


def over(session: Session, user: str, limit: int = 5) -> Sequence[Request]:
    """What this person asked for and is over, newest first."""
    return session.scalars(
        select(Request)
        .where(Request.requester == user, Request.state.not_in(_STANDING))
        .order_by(Request.id.desc())
        .limit(limit)
    ).all()


def undecided_or_open(
    session: Session,
    *,
    account_id: str | None = None,
    user: str | None = None,
    lock: bool = False,
) -> Sequence[Request]:
    """What is pending or open in one account, of one person, or at all, by number."""
    query = select(Request).where(Request.state.in_(UNDECIDED_OR_OPEN)).order_by(Request.id)
    if account_id is not None:
        query = query.where(Request.account_id == account_id)
    if user is not None:
        query = query.where(Request.requester == user)
    return session.scalars(locked(query) if lock else query).all()


def waiting(
    session: Session,
    role_arns: Collection[str],
    limit: int = 50,
    *,
    asked: str | None = None,
    decided: bool = False,
) -> Sequence[Request]:
    """What waits for a decision on any of these roles, or is `asked` of this person, the oldest
    first; with what was `decided` on each so far, if that is wanted.
    """
    query = (
        select(Request)
        .where(on_roles(role_arns, asked), Request.state == State.PENDING)
        .order_by(Request.id)
        .limit(limit)
    )
    return session.scalars(with_decisions(query) if decided else query).all()
