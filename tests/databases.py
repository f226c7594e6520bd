"""Databases that are as the migrations leave them, without running these for every test."""

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from db import audit, migrate
from db.session import Database
from workflows.clock import SystemClock


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
    migrate.upgrade(database)
    database.close()


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
