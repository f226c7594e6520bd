"""The audit log can be read and appended to, and nothing else: not by xacct, nor by the owner."""

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from db import audit, guards, migrate, rights
from db.audit import Verdict
from db.examine import examine
from db.models import Table
from db.rights import NoRole, Powers
from db.session import Database
from tests import databases
from tests.db.conftest import KEY, NOON

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
FUNCTION = "CREATE OR REPLACE FUNCTION xacct_refuse() RETURNS trigger LANGUAGE plpgsql"
CHANGES = [
    "UPDATE audit SET actor = 'U2' WHERE number = 2",
    "DELETE FROM audit WHERE number = 3",
    "DELETE FROM audit",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET number = 2",
    "UPDATE audit_head SET hash = 'f'",
    "UPDATE audit_head SET id = 2",
]
OF_POSTGRESQL = ["TRUNCATE audit", "TRUNCATE audit_head", "TRUNCATE audit, audit_head CASCADE"]
OF_SQLITE = [
    "REPLACE INTO audit SELECT * FROM audit",
    "REPLACE INTO audit_head (id, number, hash) VALUES (1, 9, 'f')",
]


@pytest.fixture
def log(database: Database) -> Database:
    """A database whose audit log has three rows."""
    for number in range(3):
        append(database, number)
    return database


def append(database: Database, number: int) -> None:
    with database.write() as session:
        audit.say(session, "requested", actor="U1", at=NOON, number=number)


def holds(database: Database) -> Verdict:
    with database.read() as session:
        return audit.verify(session, KEY)


def refused(connection: Connection, statement: str) -> DBAPIError:
    with pytest.raises(DBAPIError) as said:
        connection.execute(text(statement))
    return said.value


def changes(database: Database) -> list[str]:
    return [*CHANGES, *(OF_SQLITE if database.is_sqlite else OF_POSTGRESQL)]


def test_not_even_the_owner_of_the_tables_changes_what_was_recorded(log: Database) -> None:
    for statement in changes(log):
        with databases.as_owner(log) as connection, connection.begin_nested() as undone:
            said = refused(connection, statement)
            undone.rollback()
        assert isinstance(said, IntegrityError), statement
        assert "xacct: the audit log" in str(said.orig)

    assert holds(log) == Verdict(3)


@ON_POSTGRESQL
def test_the_role_that_xacct_runs_as_has_no_right_to_change_it(log: Database) -> None:
    with databases.tampering(log):
        pass  # nothing but rights is left

    for statement in [one for one in changes(log) if not one.startswith("UPDATE audit_head")]:
        with log.engine.connect() as connection:
            said = refused(connection, statement)
        assert isinstance(said, ProgrammingError), statement
        assert "permission denied" in str(said.orig)

    append(log, 3)
    assert holds(log) == Verdict(4)


@ON_POSTGRESQL
def test_triggers_stand_in_a_session_that_says_it_replicates(log: Database) -> None:
    with databases.as_owner(log) as connection, connection.begin_nested() as undone:
        connection.execute(text("SET session_replication_role = replica"))
        said = refused(connection, "DELETE FROM audit")
        undone.rollback()

    assert "append-only" in str(said.orig)


@ON_POSTGRESQL
def test_rights_on_the_log_that_were_given_by_hand_are_taken_back(log: Database) -> None:
    who = log.engine.dialect.identifier_preparer.quote_identifier(databases.BOT)
    with databases.as_owner(log) as connection:
        connection.exec_driver_sql(f"GRANT ALL ON audit, audit_head TO {who}")
        connection.exec_driver_sql("GRANT DELETE, UPDATE (actor) ON audit TO PUBLIC")
    given = examine(str(log.url)).powers

    databases.prepare(str(log.url.set(username=databases.OWNER)))

    assert given is not None
    assert {"UPDATE on audit", "DELETE on audit", "INSERT on audit_head"} < set(given.rights)
    assert examine(str(log.url)).powers == Powers(databases.BOT)
    append(log, 3)


@ON_POSTGRESQL
def test_xacct_may_do_nothing_but_what_it_needs(database: Database) -> None:
    with database.engine.connect() as connection:
        may = {
            (table, verb)
            for table in (*Table.metadata.tables, "alembic_version")
            for verb in (
                "SELECT",
                "INSERT",
                "UPDATE",
                "DELETE",
                "TRUNCATE",
                "REFERENCES",
                "TRIGGER",
            )
            if connection.scalar(
                text("SELECT has_table_privilege(:table, :verb)"), {"table": table, "verb": verb}
            )
        }

    assert {verb for table, verb in may if table == "audit"} == {"SELECT", "INSERT"}
    assert {verb for table, verb in may if table == "audit_head"} == {"SELECT", "UPDATE"}
    assert {verb for table, verb in may if table == "alembic_version"} == {"SELECT"}
    assert {table for table, verb in may if verb == "DELETE"} == {"exports", "inbox", "memberships"}
    assert not [one for one in may if one[1] in ("TRUNCATE", "REFERENCES", "TRIGGER")]


@ON_POSTGRESQL
def test_a_role_that_is_not_there_is_named_and_nothing_is_migrated(database: Database) -> None:
    with databases.as_owner(database) as connection, pytest.raises(NoRole, match="nobody"):
        rights.grant(connection, "nobody")


@ON_POSTGRESQL
def test_one_role_for_both_works_and_is_known_to_own_the_log(log: Database) -> None:
    owner = Database(str(log.url.set(username=databases.OWNER)), key=KEY, now=lambda: NOON)
    append(owner, 3)
    found = examine(str(owner.url)).powers
    owner.close()

    assert found is not None
    assert (found.role, found.owns) == (databases.OWNER, True)
    assert holds(log) == Verdict(4)


def test_triggers_that_are_gone_are_found_told_and_put_back(log: Database) -> None:
    assert examine(str(log.url)).unguarded == ()
    with databases.tampering(log):
        pass

    gone = examine(str(log.url)).unguarded
    owner = log if log.is_sqlite else _owned(log)
    told, again = migrate.upgrade(owner), migrate.upgrade(owner)
    owner.close()

    assert {"xacct_log_kept", "xacct_log_not_emptied", "xacct_head_grows"} < set(gone)
    assert (told, again) == (gone, ())
    assert examine(str(log.url)).unguarded == ()


@ON_POSTGRESQL
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit DISABLE TRIGGER xacct_log_kept",
        "ALTER TABLE audit ENABLE REPLICA TRIGGER xacct_log_kept",
        f"{FUNCTION} AS 'BEGIN RETURN NEW; END'",
    ],
)
def test_a_trigger_that_does_nothing_counts_as_gone(log: Database, statement: str) -> None:
    with databases.as_owner(log) as connection:
        connection.execute(text(statement))
        assert "xacct_log_kept" in guards.lacking(connection)
        guards.put(connection)

    assert examine(str(log.url)).unguarded == ()
    with databases.as_owner(log) as connection, connection.begin_nested() as undone:
        refused(connection, "UPDATE audit SET actor = 'U2'")
        undone.rollback()


ABORT = f"BEGIN SELECT RAISE(ABORT, '{guards._LOG}'); END"
ELSEWHEN = {
    "sqlite": [
        "CREATE TRIGGER xacct_log_kept BEFORE UPDATE ON audit BEGIN SELECT 1; END",
        f"CREATE TRIGGER xacct_log_kept BEFORE UPDATE ON audit WHEN 0 {ABORT}",
    ],
    "postgresql": [
        f"CREATE TRIGGER xacct_log_kept {when} EXECUTE FUNCTION xacct_refuse('x')"
        for when in (
            "BEFORE UPDATE OR DELETE ON audit FOR EACH ROW WHEN (false)",
            "BEFORE UPDATE OF key_id OR DELETE ON audit FOR EACH ROW",
            "BEFORE DELETE ON audit FOR EACH ROW",
        )
    ],
}


@pytest.mark.parametrize("which", range(3))
def test_a_trigger_of_the_same_name_that_comes_at_other_times_counts_as_gone(
    log: Database, which: int
) -> None:
    for statement in ELSEWHEN["sqlite" if log.is_sqlite else "postgresql"][which : which + 1]:
        with databases.as_owner(log) as connection:
            where = "" if log.is_sqlite else " ON audit"
            connection.exec_driver_sql(f"DROP TRIGGER xacct_log_kept{where}")
            connection.exec_driver_sql(statement)
            assert guards.lacking(connection) == ("xacct_log_kept",)
            guards.put(connection)
            assert guards.lacking(connection) == ()
        with databases.as_owner(log) as connection, connection.begin_nested() as undone:
            refused(connection, "UPDATE audit SET actor = 'U2'")
            undone.rollback()


def _owned(database: Database) -> Database:
    url = str(database.url.set(username=databases.OWNER))
    return Database(url, key=KEY, now=lambda: NOON)
