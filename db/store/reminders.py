"""Reminders: requests of which somebody is to hear again, and when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import State
from db.models import Request
from db.store import requests

_DUE: Final = (  # asked many times a second: made once
    select(Request.id)
    .where(Request.remind_at <= bindparam("now"))
    .order_by(Request.remind_at)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 100) -> Sequence[int]:
    """Requests of which somebody is to be reminded."""
    return session.scalars(_DUE, {"now": now, "limit": limit}).all()


def claim(session: Session, request_id: int, now: datetime) -> Request | None:
    """Takes the reminder of one request for a while; None when another has it."""
    return requests.claim(session, request_id, now, column="remind_at")


def reminded(
    session: Session,
    claimed: Request,
    *,
    number: int,
    next_at: datetime | None,
    ts: str | None = None,
) -> None:
    """Writes down that it was said for the `number`th time, and when it is said again; `ts` is the
    message to the requester. A request that moved on meanwhile keeps what it owes by now.
    """
    columns = {"warned_ts": ts} if ts is not None else {}
    session.execute(
        update(Request)
        .where(Request.id == claimed.id, Request.state == claimed.state)
        .values(reminded=number, remind_at=next_at, **columns)
    )


def later(session: Session, claimed: Request, when: datetime) -> None:
    """Puts a reminder off, because Slack did not take it."""
    session.execute(
        update(Request)
        .where(Request.id == claimed.id, Request.state == claimed.state)
        .values(remind_at=when)
    )


@dataclass(frozen=True)
class Asked:
    """Whom a request is asked of now, and why they; `escalates` where it is time, for the first
    time, to ask more.
    """

    of: list[str]
    because: str
    escalates: bool


def asks(session: Session, claimed: Request, asked: Asked, *, at: datetime) -> None:
    """Writes down whom a pending request is asked of now, where that changed."""
    row = requests.lock(session, claimed.id)
    if row is None or row.state is not State.PENDING:
        return
    if asked.escalates:
        audit.say(session, "escalated", actor="xacct", at=at, request=row, asked_of=asked.of)
        row.escalated_at = at
    if (row.asked_of, row.asked_because) != (asked.of, asked.because):
        requests.note(session, row, at=at, asked_of=asked.of, asked_because=asked.because)
