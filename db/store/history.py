"""What the audit log says of one request."""

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.lifecycle import RECORDED, Event
from db.models import Audit

_ENDING: Final = (RECORDED[Event.END], RECORDED[Event.CANCEL], Event.END, Event.CANCEL)
"""What ended a request is recorded so; rows of the first form call it by the last two."""


def who_ended(session: Session, request_id: int) -> str | None:
    """Who ended the request: a Slack id, or `xacct`; None while nobody has."""
    return session.scalars(
        select(Audit.actor)
        .where(Audit.request_id == request_id, Audit.event.in_(_ENDING))
        .order_by(Audit.number.desc())
        .limit(1)
    ).one_or_none()
