"""A database is looked at in whatever state it is, and nothing of it is changed."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from db import audit
from db.examine import Missing, examine, reading
from db.migrate import Schema
from db.session import Database
from db.store import holds
from tests import databases
from tests.lab import KEY
from workflows.clock import SystemClock

NOW = SystemClock().now


def opened(url: str) -> Database:
    database = Database(url, key=KEY, now=NOW)
    databases.upgrade(database)
    return database


def test_a_database_of_this_version_says_what_it_holds(database_url: str) -> None:
    database = opened(database_url)
    with database.write() as session:
        holds.freeze(session, by="U0ROOT", reason="migration", at=NOW())

    found = examine(database_url)  # while somebody has it open
    database.close()
    again = examine(database_url)

    assert (found.schema, again.schema) == (Schema.CURRENT, Schema.CURRENT)
    assert found.holds == again.holds == ("migration",)
    assert found.key_id == KEY.id
    assert found.version >= (3, 35)
    if found.at is not None:
        assert abs((found.at - NOW()).total_seconds()) < 60
    assert (found.at is None) == found.is_sqlite == database.is_sqlite


@pytest.mark.parametrize(("number", "schema"), [("0001", Schema.OLDER), ("9999", Schema.NEWER)])
def test_another_versions_schema_is_told_apart(
    database_url: str, number: str, schema: Schema
) -> None:
    database = opened(database_url)
    with databases.as_owner(database) as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{number}'"))
    database.close()

    found = examine(database_url)

    assert (found.schema, found.holds, found.key_id) == (schema, (), None)


def test_nothing_can_be_written_through_it(database_url: str) -> None:
    opened(database_url).close()

    with reading(database_url) as session, pytest.raises(SQLAlchemyError):
        session.execute(text("DELETE FROM alembic_version"))

    assert examine(database_url).schema is Schema.CURRENT


def test_looking_at_a_file_makes_none(tmp_path: Path) -> None:
    file = tmp_path / "with space#.db"
    with pytest.raises(Missing, match="with space"):
        examine(f"sqlite:///{file}")
    assert list(tmp_path.iterdir()) == []

    file.touch()
    empty = examine(f"sqlite:///{file}")
    database = Database(f"sqlite:///{tmp_path / 'held.db'}", key=audit.Key(b"k"), now=NOW)
    databases.upgrade(database)
    before = (tmp_path / "held.db").read_bytes()
    examine(f"sqlite:///{tmp_path / 'held.db'}")

    assert empty.schema is Schema.NONE
    assert (tmp_path / "held.db").read_bytes() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["held.db", file.name]
