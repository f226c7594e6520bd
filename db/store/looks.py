"""Looks: pending requests for which AWS must be read, or that have waited long enough."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, func, select
from sqlalchemy.orm import Session

from db.models import Request
from db.store import requests


def _due() -> Select[Any]:
    place = func.row_number().over(partition_by=Request.account_id, order_by=Request.look_at)
    found = (
        select(Request.id, Request.account_id, place.label("place"))
        .where(Request.look_at <= bindparam("now"))
        .subquery()
    )
    return select(found.c.id, found.c.account_id).where(found.c.place <= bindparam("per_account"))


_DUE: Final = _due()  # asked many times a second: made once


def due(session: Session, now: datetime, per_account: int = 16) -> Sequence[tuple[int, str]]:
    """(id, account id) of pending requests that must be looked at, or have waited long enough."""
    rows = session.execute(_DUE, {"now": now, "per_account": per_account})
    return [(row[0], row[1]) for row in rows]


def claim(session: Session, request_id: int, now: datetime) -> Request | None:
    """Takes the look of one request for a while; None when it is not due, or another has it."""
    return requests.claim(session, request_id, now, column="look_at")
