"""Looks: pending requests for which AWS must be read, or that have waited long enough."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from db.models import Request
from db.store import by_account, requests

_DUE: Final = by_account.asked(Request.look_at)


def due(session: Session, now: datetime, per_account: int = 16) -> Sequence[tuple[int, str]]:
    """(id, account id) of pending requests that must be looked at, or have waited long enough."""
    return by_account.due(session, _DUE, now, per_account)


def claim(session: Session, request_id: int, now: datetime) -> Request | None:
    """Takes the look of one request for a while; None when it is not due, or another has it."""
    return requests.claim(session, request_id, now, column="look_at")
