"""Databases that are as the migrations leave them, without running these for every test."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from sqlalchemy import Connection

from db import audit, guards, migrate
from db.session import Database
from workflows.clock import SystemClock

OWNER: Final = "postgres"
BOT: Final = 'The "bot" at 100%'
"""The role as which xacct runs in tests on PostgreSQL; its name has to be quoted."""

CREATE_BOT: Final = """CREATE ROLE "The ""bot"" at 100%" LOGIN;"""


def upgrade(database: Database) -> None:
    """What `db.migrate.upgrade` does; a new SQLite file is a copy of one that was upgraded, and
    databases of PostgreSQL are made so.
    """
    file = Path(database.url.database or "")
    if not database.is_sqlite:
        assert migrate.is_current(database)
    elif file.exists():
        migrate.upgrade(database)
    else:
        file.write_bytes(_upgraded())


def prepare(url: str) -> None:
    """Gives an empty database this version's schema."""
    database = Database(url, key=audit.Key(b""), now=SystemClock().now)
    migrate.upgrade(database, bot=BOT)
    database.close()


@contextmanager
def as_owner(database: Database) -> Iterator[Connection]:
    """One transaction of who owns the tables. Of an SQLite file that is whoever may write it."""
    url = database.url if database.is_sqlite else database.url.set(username=OWNER)
    owned = Database(
        url.render_as_string(hide_password=False), key=database.key, now=SystemClock().now
    )
    try:
        with owned.engine.begin() as connection:
            yield connection
    finally:
        owned.close()


@contextmanager
def tampering(database: Database) -> Iterator[Connection]:
    """One transaction of an owner who first takes away what guards the audit log."""
    with as_owner(database) as connection:
        guards.take_away(connection)
        yield connection


@cache
def _upgraded() -> bytes:
    with TemporaryDirectory(prefix="xacct-upgraded-") as folder:
        file = Path(folder) / "xacct.db"
        database = Database(f"sqlite:///{file}", key=audit.Key(b""), now=SystemClock().now)
        migrate.upgrade(database)
        database.close()
        with sqlite3.connect(file) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return file.read_bytes()
