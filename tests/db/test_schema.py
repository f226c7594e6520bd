"""The migrations and the models are one schema, up and down, on both databases."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from db import migrate
from db.models import Table
from db.session import Database
from tests import databases


def test_the_migrations_make_exactly_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": False, "include_name": _is_ours}
        )
        assert compare_metadata(context, Table.metadata) == []
    assert migrate.is_current(database)


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """The inverted index of terms is an index here, and tables of its own there."""
    of_terms = (name or "").removeprefix("ix_").startswith("audit_terms")
    return kind not in ("table", "index") or not of_terms


def test_every_migration_can_be_taken_back(database: Database) -> None:
    with databases.as_owner(database) as connection:
        command.downgrade(migrate.config(connection), "base")

    assert set(inspect(database.engine).get_table_names()) <= {"alembic_version"}
    assert not migrate.is_current(database)


def test_every_foreign_key_and_due_column_has_an_index(database: Database) -> None:
    look = inspect(database.engine)
    indexed = {
        (table, index["column_names"][0])
        for table in look.get_table_names()
        for index in look.get_indexes(table)
    }

    assert {
        ("inbox", "try_at"),
        ("targets", "settle_at"),
        ("requests", "look_at"),
        ("requests", "draw_at"),
        ("requests", "activity_at"),
        ("requests", "role_target_id"),
        ("requests", "member_target_id"),
    } <= indexed
