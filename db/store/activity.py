"""Activity: grants that are over, of which their threads are to hear what was done with them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session

from db.models import Audit, Request
from db.store import by_account, requests

CLAIM: Final = timedelta(minutes=15)
"""How long one worker has it to itself: longer than the slowest reading takes."""


_DUE: Final = by_account.asked(Request.activity_at)


def due(session: Session, now: datetime, per_account: int = 16) -> Sequence[tuple[int, str]]:
    """(id, account id) of grants whose threads are to hear what was done with them: of each account
    the oldest, for each is asked at its own pace.
    """
    return by_account.due(session, _DUE, now, per_account)


def claim(session: Session, request_id: int, now: datetime) -> Request | None:
    """Takes it for a while; None when another has it. What is given says until when it is ours
    (`activity_at`).
    """
    return _take(session, request_id, now, Request.activity_at <= now)


def still(session: Session, claimed: Request, now: datetime) -> Request | None:
    """Takes it for a while longer; None when it took so long that another has it."""
    return _take(session, claimed.id, now, Request.activity_at == claimed.activity_at)


def _take(
    session: Session, request_id: int, now: datetime, only_if: ColumnElement[bool]
) -> Request | None:
    hit = session.scalars(
        update(Request)
        .where(Request.id == request_id, only_if)
        .values(activity_at=now + CLAIM)
        .returning(Request.id)
    ).one_or_none()
    return None if hit is None else requests.lock(session, hit)


def told(session: Session, claimed: Request) -> bool:
    """Writes down that it was told; False when another has told it."""
    return _pay(session, claimed, when=None, attempts=0)


def later(session: Session, claimed: Request, when: datetime, *, attempts: int) -> None:
    """Puts it off, after so many attempts to read it."""
    _pay(session, claimed, when=when, attempts=attempts)


def _pay(session: Session, claimed: Request, *, when: datetime | None, attempts: int) -> bool:
    hit = session.scalars(
        update(Request)
        .where(Request.id == claimed.id, Request.activity_at == claimed.activity_at)
        .values(activity_at=when, activity_attempts=attempts)
        .returning(Request.id)
    ).one_or_none()
    return hit is not None


def delivered(session: Session, request_id: int) -> frozenset[str]:
    """The access key ids that were handed out for a request, as the audit log has them."""
    query = select(Audit.text).where(Audit.request_id == request_id, Audit.event == "delivered")
    return frozenset(json.loads(text)["facts"]["access_key_id"] for text in session.scalars(query))


def next_grant(session: Session, row: Request) -> Request | None:
    """The grant of the same grantee for the same role that was noted next; None: there is none."""
    return session.scalars(
        select(Request)
        .where(
            Request.role_target_id == row.role_target_id,
            Request.grantee_kind == row.grantee_kind,
            Request.grantee_name == row.grantee_name,
            Request.noted_at.is_not(None),
            Request.id != row.id,
            or_(
                Request.noted_at > row.noted_at,
                and_(Request.noted_at == row.noted_at, Request.id > row.id),
            ),
        )
        .order_by(Request.noted_at, Request.id)
        .limit(1)
    ).one_or_none()
