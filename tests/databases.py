"""Databases that are as the migrations leave them, without running these for every test."""

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from db import audit, migrate
from db.session import Database
from workflows.clock import SystemClock


def upgrade(database: Database) -> None:
    """What `db.migrate.upgrade` does; a new SQLite file is a copy of one that was upgraded."""
    file = Path(database.url.database or "")
    if database.is_sqlite and not file.exists():
        file.write_bytes(_upgraded())
    else:
        migrate.upgrade(database)


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
