"""What xacct was told at its last start."""

from typing import Any, Final

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.models import Told

_INSERT: Final[Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def replace(session: Session, name: str, text: str) -> str | None:
    """Keeps the text under that name; returns the one before, None where there was none. Of two
    processes that start at once for the first time, the second one waits and finds the first one's.
    """
    insert = _INSERT[session.get_bind().dialect.name]
    first = session.scalars(
        insert(Told)
        .values(name=name, text=text)
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(Told.name)
    ).one_or_none()
    if first is not None:
        return None
    row = session.get_one(Told, name, with_for_update=True, populate_existing=True)
    before, row.text = row.text, text
    return before
