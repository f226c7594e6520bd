"""Drawings: requests whose card in Slack shows an older state, and what Slack shows by now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.orm import Session

from db.models import Request
from db.store import requests

_DUE: Final = (  # asked many times a second: made once
    select(Request.id, Request.channel)
    .where(Request.draw_at <= bindparam("now"))
    .order_by(Request.draw_at)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[tuple[int, str]]:
    """Requests whose card in Slack shows an older state, each with the channel of its role."""
    found = session.execute(_DUE, {"now": now, "limit": limit})
    return [(key, channel) for key, channel in found]


def claim(session: Session, request_id: int, now: datetime) -> Request | None:
    """Takes the drawing of one request for a while; None when another has it."""
    return requests.claim(session, request_id, now, column="draw_at")


def drew(session: Session, request_id: int, version: int, *, at: datetime, **columns: Any) -> None:
    """Writes down that Slack shows `version`. A change meanwhile stays owed; it is owed anew, too,
    where somebody else had drawn it already: whoever froze in between has drawn over it.
    """
    is_newest = Request.changed == version
    session.execute(
        update(Request)
        .where(Request.id == request_id)
        .values(
            drawn=version,
            draw_at=case((is_newest, None), else_=func.coalesce(Request.draw_at, at)),
            draw_attempts=case((is_newest, 0), else_=Request.draw_attempts),
            **columns,
        )
    )


def remember(session: Session, request_id: int, **columns: Any) -> None:
    """Writes down what was posted (`card_channel`, `card_ts`, `told`), so that it is not again."""
    session.execute(update(Request).where(Request.id == request_id).values(**columns))


def later(session: Session, request_id: int, when: datetime) -> None:
    """Puts a drawing off, because Slack did not take it."""
    session.execute(
        update(Request)
        .where(Request.id == request_id)
        .values(draw_at=when, draw_attempts=Request.draw_attempts + 1)
    )
