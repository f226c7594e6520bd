"""Bringing a database to the schema this version needs."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from db.session import Database

_SCRIPTS: Final = Path(__file__).parent / "migrations"


def config(connection: Connection | None = None) -> Config:
    """Alembic's settings for this package, on a connection when it shall act."""
    settings = Config()
    settings.set_main_option("script_location", str(_SCRIPTS))
    settings.attributes["connection"] = connection
    return settings


def upgrade(database: Database) -> None:
    """Runs the migrations that this database lacks."""
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SET lock_timeout = '10s'")
        command.upgrade(config(connection), "head")


def is_current(database: Database) -> bool:
    """Whether the database has the schema this version needs."""
    with database.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    return revision == ScriptDirectory.from_config(config()).get_current_head()
