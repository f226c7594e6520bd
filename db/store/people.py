"""People as Slack last described them."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Person


def get(session: Session, user: str) -> Person | None:
    """What Slack last said of this person, however long ago (`seen_at`)."""
    return session.get(Person, user)


def put(session: Session, person: Person) -> None:
    """Replaces what was known of this person, unless that is newer."""
    row = {column.key: getattr(person, column.key) for column in Person.__table__.columns}
    dialect = session.get_bind().dialect.name
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    session.execute(
        insert(Person)
        .values(row)
        .on_conflict_do_update(
            index_elements=["user"], set_=row, where=Person.seen_at <= person.seen_at
        )
    )
