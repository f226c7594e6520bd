"""Bringing a database to the schema this version needs."""

from enum import StrEnum
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from db import guards, rights
from db.session import Database

_SCRIPTS: Final = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings for this package, on a connection when it shall act."""
    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS))
    settings.attributes["connection"] = connection
    return settings


def upgrade(database: Database, *, bot: str | None = None) -> tuple[str, ...]:
    """Runs the migrations that this database lacks, and puts back what guards the audit log.

    Returns the triggers that somebody had taken away. `bot` is the role of PostgreSQL that xacct
    runs as, if it is not the one of this connection: it gets its rights anew each time. Raises
    NoRole.
    """
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        was = schema(connection)
        command.upgrade(config(connection), "head")
        lacking = guards.lacking(connection)
        guards.put(connection)
        if bot is not None:
            rights.grant(connection, bot)
    return lacking if was is Schema.CURRENT else ()


class Schema(StrEnum):
    """How a database's schema stands to this version's."""

    CURRENT = "current"
    OLDER = "older"
    NEWER = "newer"  # or of something that is not xacct: this version does not know it
    NONE = "none"


def schema(connection: Connection) -> Schema:
    """Which schema the database has. It reads, and changes nothing."""
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return Schema.NONE
    scripts = ScriptDirectory.from_config(config())
    if revision == scripts.get_current_head():
        return Schema.CURRENT
    known = {one.revision for one in scripts.walk_revisions()}
    return Schema.OLDER if revision in known else Schema.NEWER


def is_current(database: Database) -> bool:
    """Whether the database has the schema this version needs."""
    with database.engine.connect() as connection:
        return schema(connection) is Schema.CURRENT
