"""The role as which xacct runs on PostgreSQL, and what it may do there.

The migrations run as the owner of the tables. One role for both works, too; then nothing but
triggers stands between it and the audit log, and it could take them away.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, text

from db.models import Audit, AuditHead, Export, Inbox, Membership, Table

_USUALLY: Final = "SELECT, INSERT, UPDATE"
_VERSION: Final = "alembic_version"
_OTHERWISE: Final[Mapping[str, str]] = {
    Audit.__tablename__: "SELECT, INSERT",
    AuditHead.__tablename__: "SELECT, UPDATE",
    Inbox.__tablename__: f"{_USUALLY}, DELETE",
    Export.__tablename__: f"{_USUALLY}, DELETE",
    Membership.__tablename__: f"{_USUALLY}, DELETE",
    _VERSION: "SELECT",
}

_BEYOND: Final[Mapping[str, tuple[str, ...]]] = {
    Audit.__tablename__: ("UPDATE", "DELETE", "TRUNCATE", "TRIGGER"),
    AuditHead.__tablename__: ("INSERT", "DELETE", "TRUNCATE", "TRIGGER"),
}
"""Rights that nobody needs to write the log. Who has TRIGGER may add one that drops new rows."""

_BY_COLUMN: Final = ("INSERT", "UPDATE")  # rights that may be given for single columns


class NoRole(Exception):  # noqa: N818  what is so
    """The server has no role of this name."""


@dataclass(frozen=True)
class Powers:
    """What the role that asks may do to the audit log beyond reading it and appending to it.

    `owns`: it may take the triggers away. `rights` are such as `DELETE on audit`.
    """

    role: str
    owns: bool = False
    rights: tuple[str, ...] = ()


def powers(connection: Connection) -> Powers | None:
    """What the connection's role could do to the log; None on SQLite, which has no roles."""
    if connection.dialect.name == "sqlite":
        return None
    role, owns = connection.execute(text(_OWNS)).one()
    rights = (
        f"{verb} on {table}"
        for table, verbs in _BEYOND.items()
        for verb in verbs
        if _may(connection, table, verb)
    )
    return Powers(role, owns, tuple(rights))


# The owner of a schema may drop what is in it (PostgreSQL, DROP TABLE). A superuser is a member of
# every role.
_OWNS: Final = """
SELECT current_user, bool_or(pg_has_role(relowner, 'MEMBER') OR pg_has_role(nspowner, 'MEMBER'))
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE pg_class.oid IN (to_regclass('audit'), to_regclass('audit_head'))
"""


def _may(connection: Connection, table: str, verb: str) -> bool:
    kind = "any_column" if verb in _BY_COLUMN else "table"
    query = text(f"SELECT has_{kind}_privilege(:name, :verb)")
    return bool(connection.scalar(query, {"name": table, "verb": verb}))


def grant(connection: Connection, role: str) -> None:
    """Gives a role what xacct needs to run, and takes back what else it was given on its tables.

    May be repeated. `connection` is the owner's. Raises NoRole, and SQLAlchemy's errors.
    """
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        raise NoRole(role)
    who = _quoted(connection, role)
    for table in (*sorted(Table.metadata.tables), _VERSION):
        connection.exec_driver_sql(f"REVOKE ALL ON {table} FROM PUBLIC, {who}")
        connection.exec_driver_sql(f"GRANT {_OTHERWISE.get(table, _USUALLY)} ON {table} TO {who}")
    for sequence in _sequences(connection):
        connection.exec_driver_sql(f"GRANT USAGE ON SEQUENCE {sequence} TO {who}")
    _let_in(connection, role)


def _sequences(connection: Connection) -> Iterable[str]:
    """Those that number the rows of tables; PostgreSQL quotes their names."""
    for table in Table.metadata.sorted_tables:
        for column in table.primary_key:
            asked = {"name": table.name, "column": column.name}
            query = text("SELECT pg_get_serial_sequence(:name, :column)")
            if name := connection.scalar(query, asked):
                yield str(name)


def _let_in(connection: Connection, role: str) -> None:
    """Into the database and the schema, where not everybody is let in anyway."""
    database, schema = connection.execute(text("SELECT current_database(), current_schema()")).one()
    for kind, name, right in (("database", database, "CONNECT"), ("schema", schema, "USAGE")):
        query = text(f"SELECT has_{kind}_privilege(:role, :name, :right)")
        if not connection.scalar(query, {"role": role, "name": name, "right": right}):
            where, who = _quoted(connection, name), _quoted(connection, role)
            connection.exec_driver_sql(f"GRANT {right} ON {kind} {where} TO {who}")


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
