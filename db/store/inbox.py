"""The inbox: what people typed and clicked, until a verb has paid it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Inbox

PAUSE: Final = timedelta(seconds=30)
"""How long after a fault a row is tried again."""

KEPT: Final = timedelta(minutes=10)
"""How long a paid row stays, so that a replay of it falls away (Slack repeats within 5 minutes)."""


@dataclass(frozen=True)
class Said:
    """One thing a person typed or clicked. `key` is the same for every delivery of it."""

    key: str
    kind: str
    team: str
    user: str
    said: Mapping[str, Any]
    response_url: str | None
    at: datetime


def put(session: Session, batch: Sequence[Said]) -> None:
    """Writes a batch down; what was delivered before falls away without a word."""
    rows = [
        {
            "key": said.key,
            "kind": said.kind,
            "team": said.team,
            "user": said.user,
            "said": dict(said.said),
            "response_url": said.response_url,
            "received_at": said.at,
            "try_at": said.at,
            "attempts": 0,
        }
        for said in batch
    ]
    dialect = session.get_bind().dialect.name
    into: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}.get(dialect, insert)
    session.execute(into(Inbox).on_conflict_do_nothing(index_elements=["key"]), rows)


_DUE: Final = (  # asked many times a second: made once
    select(Inbox.id, Inbox.kind)
    .where(Inbox.try_at <= bindparam("now"))
    .order_by(Inbox.try_at, Inbox.id)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 200) -> Sequence[tuple[int, str]]:
    """(id, kind) of rows that wait to be paid, the oldest first."""
    rows = session.execute(_DUE, {"now": now, "limit": limit})
    return [(row[0], row[1]) for row in rows]


def get(session: Session, inbox_id: int) -> Inbox | None:
    """The row, or None when it was cleared away."""
    return session.get(Inbox, inbox_id)


def put_off(session: Session, inbox_id: int, when: datetime) -> None:
    """Lets a row that could not be paid fall due again at `when`, one attempt later."""
    session.execute(
        update(Inbox)
        .where(Inbox.id == inbox_id, Inbox.try_at.is_not(None))
        .values(try_at=when, attempts=Inbox.attempts + 1)
    )


def pay(session: Session, inbox_id: int) -> bool:
    """Marks a row as paid, in the verb's own transaction; False when it was paid before."""
    hit = session.scalars(
        update(Inbox)
        .where(Inbox.id == inbox_id, Inbox.try_at.is_not(None))
        .values(try_at=None)
        .returning(Inbox.id)
    ).one_or_none()
    return hit is not None


def clear(session: Session, now: datetime) -> None:
    """Removes rows that were paid and that no replay can reach any more."""
    session.execute(delete(Inbox).where(Inbox.try_at.is_(None), Inbox.received_at < now - KEPT))
