"""Looking at a database without changing it, whatever state it is in.

`db.session.Database` makes an SQLite file that is not there, and turns it to write-ahead logging:
nothing here does either.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, NullPool, create_engine, func, make_url, select
from sqlalchemy.orm import Session

from db import guards, rights
from db.migrate import Schema, schema
from db.models import Audit
from db.store import alerts, holds

_PATIENCE: Final = 5  # seconds, for a server that does not answer


@dataclass(frozen=True)
class Examined:
    """What a database says of itself. `at` is the server's time, None of SQLite, which has none.

    `holds` and `alerts` are the sentences of those that stand; `key_id` names the key of the newest
    row of the audit log, None where there is none; `unguarded` are triggers of the log that are
    gone, `powers` what xacct's role may do to it, None of SQLite. All are empty of another schema.
    """

    is_sqlite: bool
    version: tuple[int, ...]
    schema: Schema
    at: datetime | None
    holds: tuple[str, ...] = ()
    alerts: tuple[str, ...] = ()
    key_id: str | None = None
    unguarded: tuple[str, ...] = ()
    powers: rights.Powers | None = None


class Missing(Exception):  # noqa: N818  what is so
    """There is no file at this place; none was made."""


@contextmanager
def reading(url: str) -> Iterator[Session]:
    """A view of the rows by which nothing can be changed. Raises Missing, and SQLAlchemy's errors
    with every use.
    """
    engine = _engine(url)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def examine(url: str) -> Examined:
    """What the database says of itself. Raises Missing, and SQLAlchemy's errors."""
    with reading(url) as session:
        connection = session.connection()
        is_sqlite = connection.dialect.name == "sqlite"
        told = schema(connection)
        at = None if is_sqlite else session.scalars(select(func.clock_timestamp())).one()
        found = Examined(is_sqlite, _version(connection), told, at)
        return _with_rows(session, found) if told is Schema.CURRENT else found


def _version(connection: Connection) -> tuple[int, ...]:
    told = connection.dialect.server_version_info or ()
    return tuple(one for one in told if isinstance(one, int))


def _with_rows(session: Session, found: Examined) -> Examined:
    newest = select(Audit.key_id).order_by(Audit.number.desc()).limit(1)
    return Examined(
        found.is_sqlite,
        found.version,
        found.schema,
        found.at.astimezone(UTC) if found.at is not None else None,
        holds=tuple(one.reason for one in holds.standing(session)),
        alerts=tuple(one.sentence for one in alerts.standing(session)),
        key_id=session.scalars(newest).one_or_none(),
        unguarded=guards.lacking(session.connection()),
        powers=rights.powers(session.connection()),
    )


def _engine(url: str) -> Engine:
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite":
        read_only = f"-c default_transaction_read_only=on -c statement_timeout={_PATIENCE}s"
        told = {"connect_timeout": _PATIENCE, "options": read_only}
        return create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args=told)
    file = Path(parts.database or "")
    if not file.is_file():
        raise Missing(str(file))
    return create_engine("sqlite://", poolclass=NullPool, creator=lambda: _sqlite(file))


def _sqlite(file: Path) -> Any:
    """A connection that only reads. Beside a file that nobody has open SQLite would make two more,
    to read it, and leave them there: `immutable` keeps it from that (SQLite, "Write-Ahead Logging",
    "Read-Only Databases").
    """
    is_open = Path(f"{file}-wal").exists()
    how = "mode=ro" if is_open else "immutable=1"
    return sqlite3.connect(f"file:{quote(str(file.absolute()))}?{how}", uri=True, timeout=_PATIENCE)
