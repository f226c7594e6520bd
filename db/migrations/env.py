"""Alembic's entry: runs the migrations on the connection it is given."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from db.models import Table, Utc


def render_item(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:
    """Keeps our own types out of migrations: they must run whatever becomes of the models."""
    del autogenerate
    if kind == "type" and isinstance(item, Utc):
        return "sa.DateTime(timezone=True)"
    return False


def compare_type(
    ctx: Any, column: Any, metadata_column: Any, database_type: Any, metadata_type: Any
) -> bool | None:
    """Utc is a time with a zone: no difference."""
    del ctx, column, metadata_column
    if isinstance(metadata_type, Utc) and isinstance(database_type, sa.DateTime):
        return False
    return None


def run() -> None:
    """Runs what is missing, each migration in a transaction."""
    connection: sa.Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        render_item=render_item,
        compare_type=compare_type,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
