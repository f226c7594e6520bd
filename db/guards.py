"""Triggers that keep the audit log append-only, for the owner of the tables, too; and findable.

They stand here and not in a migration: `xacct db upgrade` puts them back where they are gone, and
a migration that makes a table of SQLite anew takes them with it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

_LOG: Final = "xacct: the audit log is append-only, its rows are neither changed nor removed"
_HEAD: Final = "xacct: the audit log has one head, and its number only grows"

_BACK: Final = (
    "NEW.id <> OLD.id OR NEW.number < OLD.number "
    "OR (NEW.number = OLD.number AND NEW.hash <> OLD.hash)"
)

_REFUSE: Final = (
    "BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation'; END"
)
"""The body of PostgreSQL's function; each trigger gives it the sentence."""


@dataclass(frozen=True)
class Trigger:
    """One way in that is shut: `when` is what SQL says between BEFORE and the body."""

    name: str
    table: str
    when: str
    says: str


_POSTGRESQL: Final = (
    Trigger("xacct_log_kept", "audit", "UPDATE OR DELETE ON audit FOR EACH ROW", _LOG),
    Trigger("xacct_log_not_emptied", "audit", "TRUNCATE ON audit FOR EACH STATEMENT", _LOG),
    Trigger("xacct_head_one", "audit_head", "INSERT OR DELETE ON audit_head FOR EACH ROW", _HEAD),
    Trigger(
        "xacct_head_not_emptied", "audit_head", "TRUNCATE ON audit_head FOR EACH STATEMENT", _HEAD
    ),
    Trigger(
        "xacct_head_grows",
        "audit_head",
        f"UPDATE ON audit_head FOR EACH ROW WHEN ({_BACK})",
        _HEAD,
    ),
)

# SQLite has no TRUNCATE. Its REPLACE removes a row without asking the triggers of DELETE, so a
# number that is there may not be inserted again (sqlite.org/lang_conflict.html).
_THERE: Final = "EXISTS (SELECT 1 FROM audit WHERE number = NEW.number)"
_SQLITE: Final = (
    Trigger("xacct_log_kept", "audit", "UPDATE ON audit", _LOG),
    Trigger("xacct_log_not_emptied", "audit", "DELETE ON audit", _LOG),
    Trigger("xacct_log_not_replaced", "audit", f"INSERT ON audit WHEN {_THERE}", _LOG),
    Trigger("xacct_head_one", "audit_head", "INSERT ON audit_head", _HEAD),
    Trigger("xacct_head_not_emptied", "audit_head", "DELETE ON audit_head", _HEAD),
    Trigger("xacct_head_grows", "audit_head", f"UPDATE ON audit_head WHEN {_BACK}", _HEAD),
)


_FOUND: Final = "audit_terms_written"
_FINDS: Final = (
    "CREATE TRIGGER audit_terms_written AFTER INSERT ON audit BEGIN "
    "INSERT INTO audit_terms (rowid, terms) VALUES (new.number, new.terms); END"
)
"""What makes new rows of SQLite findable, as migration 0010 made it; without it they are not."""


def lacking(connection: Connection) -> tuple[str, ...]:
    """The names of triggers that are gone or disabled. It reads, and changes nothing.

    One that does something else, or at other times, is as good as gone.
    """
    if _is_sqlite(connection):
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger'"
        there: Collection[str] = set(connection.scalars(text(query)))
        gone = [one.name for one in _SQLITE if _sqlite(one) not in there]
        return (*gone, *([] if _FINDS in there else [_FOUND]))
    standing = connection.execute(text(_STANDING), {"body": _REFUSE})
    kinds = {name: kind for name, kind, is_always in standing if is_always or name in _SOMETIMES}
    return tuple(one.name for one in _POSTGRESQL if kinds.get(one.name) != _kind(one))


def _kind(one: Trigger) -> int:
    """What PostgreSQL calls a trigger's type (its source, `catalog/pg_trigger.h`)."""
    before, told = 2, one.when.partition(" ON ")[0]
    verbs = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}
    found = sum(bit for verb, bit in verbs.items() if verb in told)
    return found + before + ("EACH ROW" in one.when)


_SOMETIMES: Final = ("xacct_head_grows",)
"""Those that ask a question first, which PostgreSQL keeps in words of its own."""

# A is ALWAYS: in sessions that replicate, too. O is all others.
_STANDING: Final = """
SELECT tgname, tgtype, tgqual IS NULL AND cardinality(tgattr::int2[]) = 0
FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgenabled IN ('A', 'O') AND prosrc = :body
AND tgrelid IN (to_regclass('audit'), to_regclass('audit_head'))
"""


def put(connection: Connection) -> None:
    """Puts those that are lacking where they belong; `connection` is the owner's."""
    names = lacking(connection)
    if names and not _is_sqlite(connection):
        connection.exec_driver_sql(
            "CREATE OR REPLACE FUNCTION xacct_refuse() RETURNS trigger LANGUAGE plpgsql "
            f"AS $${_REFUSE}$$"
        )
    for one in _wanted(connection):
        if one.name in names:
            _put(connection, one)
    if _FOUND in names:
        _make_findable(connection)


def _make_findable(connection: Connection) -> None:
    """Finds what was written meanwhile, too."""
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_FOUND}")
    connection.exec_driver_sql(_FINDS)
    connection.exec_driver_sql("INSERT INTO audit_terms (audit_terms) VALUES ('rebuild')")


def _put(connection: Connection, one: Trigger) -> None:
    if _is_sqlite(connection):
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {one.name}")
        connection.exec_driver_sql(_sqlite(one))
        return
    connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {one.name} ON {one.table}")
    connection.exec_driver_sql(
        f"CREATE TRIGGER {one.name} BEFORE {one.when} EXECUTE FUNCTION xacct_refuse('{one.says}')"
    )
    connection.exec_driver_sql(f"ALTER TABLE {one.table} ENABLE ALWAYS TRIGGER {one.name}")


def _sqlite(one: Trigger) -> str:
    body = f"BEGIN SELECT RAISE(ABORT, '{one.says}'); END"
    return f"CREATE TRIGGER {one.name} BEFORE {one.when} {body}"


def take_away(connection: Connection) -> None:
    """Takes all of them away, as only the owner of the tables can."""
    for one in _wanted(connection):
        where = "" if _is_sqlite(connection) else f" ON {one.table}"
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {one.name}{where}")
    if not _is_sqlite(connection):
        connection.exec_driver_sql("DROP FUNCTION IF EXISTS xacct_refuse()")


def _wanted(connection: Connection) -> tuple[Trigger, ...]:
    return _SQLITE if _is_sqlite(connection) else _POSTGRESQL


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"
