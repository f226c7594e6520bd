"""Anchors: where the audit log's head was written down, and where it is still to be."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db import audit
from db.models import Anchor, Audit

CLAIM: Final = timedelta(seconds=60)
"""How long one worker has the putting of an anchor to itself."""

XACCT: Final = "xacct"
"""Who made an anchor because it was time."""


def of_request(session: Session, request_id: int) -> tuple[int, str]:
    """Number and hash of the newest row about a request, or of the head where there is none."""
    found = session.execute(
        select(Audit.number, Audit.hash)
        .where(Audit.request_id == request_id)
        .order_by(Audit.number.desc())
        .limit(1)
    ).one_or_none()
    return (found[0], found[1]) if found is not None else audit.head(session)


def make(session: Session, *, day: str | None, by: str, at: datetime) -> Anchor | None:
    """Writes down the head as it is now; what it says of itself is a row of the log that follows.

    `day` is the day whose anchor it is; a day has one, and a row that was asked at has one: whoever
    comes second gets what is there. None while the log is empty.
    """
    number, signed = audit.head(session)
    if number == 0:
        return None
    key = day if day is not None else f"asked {number}"
    dialect = session.get_bind().dialect.name
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    row = {"key": key, "number": number, "hash": signed, "made_at": at, "by": by}
    made = session.scalars(
        insert(Anchor)
        .values(**row, draw_at=at, attempts=0)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Anchor.id)
    ).one_or_none()
    if made is not None or by != XACCT:
        audit.say(session, "anchored", actor=by, at=at, row=number, hash=signed)
    return session.scalars(select(Anchor).where(Anchor.key == key)).one()


def has_day(session: Session, day: str) -> bool:
    """Whether the day has its anchor."""
    return session.scalars(select(Anchor.id).where(Anchor.key == day)).one_or_none() is not None


def newest(session: Session, limit: int) -> Sequence[Anchor]:
    """Those that were made last, the newest first."""
    return session.scalars(
        select(Anchor).order_by(Anchor.number.desc(), Anchor.id.desc()).limit(limit)
    ).all()


# --- putting them


_DUE: Final = (  # asked many times a second: made once
    select(Anchor.id)
    .where(Anchor.draw_at <= bindparam("now"))
    .order_by(Anchor.draw_at)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 20) -> Sequence[int]:
    """Anchors that are to be put somewhere yet."""
    return session.scalars(_DUE, {"now": now, "limit": limit}).all()


def claim(session: Session, anchor_id: int, now: datetime) -> Anchor | None:
    """Takes one anchor for CLAIM; None when another has it."""
    hit = session.scalars(
        update(Anchor)
        .where(Anchor.id == anchor_id, Anchor.draw_at <= now)
        .values(draw_at=now + CLAIM, attempts=Anchor.attempts + 1)
        .returning(Anchor.id)
    ).one_or_none()
    return None if hit is None else session.get(Anchor, hit, populate_existing=True)


def is_stuck(session: Session, column: str, tries: int) -> bool:
    """Whether an anchor that was tried so often is still not there: at `ts`, or at `stored`."""
    query = select(Anchor.id).where(
        Anchor.draw_at.is_not(None), Anchor.attempts >= tries, getattr(Anchor, column).is_(None)
    )
    return session.scalars(query.limit(1)).one_or_none() is not None


def remember(session: Session, anchor_id: int, **columns: Any) -> None:
    """Writes down where it was put, so that it is not again; or when it is tried again."""
    session.execute(update(Anchor).where(Anchor.id == anchor_id).values(**columns))
