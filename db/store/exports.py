"""Files out of the audit log that people are owed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from db.models import Export

CLAIM: Final = timedelta(minutes=10)
"""How long one worker has an export to itself."""

ATTEMPTS: Final = 5
"""After so many it is given up, with a word."""


def ask(session: Session, *, user: str, question: str, form: str, at: datetime) -> Export:
    """Owes somebody a file: `form` is csv or json."""
    row = Export(user=user, question=question, form=form, asked_at=at, make_at=at)
    session.add(row)
    session.flush()
    return row


_DUE: Final = (  # asked many times a second: made once
    select(Export.id)
    .where(Export.make_at <= bindparam("now"))
    .order_by(Export.make_at, Export.id)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 20) -> Sequence[int]:
    """Exports that are to be made now, the oldest first."""
    return session.scalars(_DUE, {"now": now, "limit": limit}).all()


def claim(session: Session, key: int, now: datetime) -> Export | None:
    """The export, this worker's for CLAIM; None where another one has it, or it was made."""
    return session.scalars(
        update(Export)
        .where(Export.id == key, Export.make_at <= now)
        .values(make_at=now + CLAIM, attempts=Export.attempts + 1)
        .returning(Export)
    ).one_or_none()


def later(session: Session, key: int, when: datetime) -> None:
    """Slack did not take it: it stays owed."""
    session.execute(update(Export).where(Export.id == key).values(make_at=when))


def made(session: Session, key: int) -> None:
    """The file is there, or the person was told why it will not be."""
    session.execute(delete(Export).where(Export.id == key))
