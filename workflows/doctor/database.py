"""Findings of the database: does it answer, is it of this version, is it the one that AWS knows?"""

from collections.abc import Iterator, Sequence
from typing import Final

from db.examine import Examined
from db.migrate import Schema
from workflows.doctor.finding import Finding, red, yellow
from workflows.drift.places import named

POSTGRESQL: Final = 14
"""The oldest major version that is not warned of: those before it are mended by nobody any more
(postgresql.org/support/versioning).
"""

SQLITE: Final = (3, 35)
"""The first version that knows RETURNING (sqlite.org/lang_returning.html), by which xacct takes up
its work.
"""

_UPGRADE: Final = "xacct db upgrade"


def missing(file: str) -> Finding:
    """There is no SQLite file yet."""
    return yellow(
        "database-missing",
        "XACCT_DATABASE_URL",
        f"There is no database yet: {file} is not a file here.",
        "`xacct run` makes it. If there was one, XACCT_DATABASE_URL leads to another place.",
    )


def silent(words: str) -> Finding:
    """The database cannot be read."""
    return red(
        "database-silent",
        "XACCT_DATABASE_URL",
        f"The database does not work: {words}",
        "Look whether it runs and can be reached from here, and whether XACCT_DATABASE_URL names "
        "the right server, database, user and password. A role that lacks a right gets it by "
        "`xacct db upgrade`.",
    )


def findings(found: Examined, *, key_id: str | None) -> Iterator[Finding]:
    """What is wrong with a database that answers; `key_id` names the key of the settings."""
    yield from _version(found)
    yield from _schema(found)
    if found.key_id is not None and key_id is not None and found.key_id != key_id:
        yield red(
            "audit-key",
            "XACCT_AUDIT_KEY",
            "The newest row of the audit log was signed with another key than XACCT_AUDIT_KEY, "
            "so the log holds for neither.",
            "Give xacct the key with which this database was written.",
        )
    yield from _guards(found)
    for reason in found.holds:
        yield yellow(
            "on-hold",
            "holds",
            f"Nothing is opened, or not everywhere: {reason}",
            "`/xacct thaw` ends a freeze; `xacct db accept-restore` accepts a restored database.",
        )
    if found.alerts:
        number = len(found.alerts)
        yield yellow(
            "alerts-standing",
            "alerts",
            f"{number} alert{'s stand' if number != 1 else ' stands'}, of which the first is: "
            f"{found.alerts[0]}",
            "Each stands in the alerts channel, and `xacct drift` shows what differs in AWS.",
        )


def _version(found: Examined) -> Iterator[Finding]:
    said = ".".join(map(str, found.version))
    if found.is_sqlite and found.version < SQLITE:
        yield red(
            "database-version",
            "SQLite",
            f"This Python has SQLite {said}, and xacct needs {'.'.join(map(str, SQLITE))}.",
            "Use a newer Python, or PostgreSQL.",
        )
    if not found.is_sqlite and found.version and found.version[0] < POSTGRESQL:
        yield yellow(
            "database-version",
            "PostgreSQL",
            f"The server is PostgreSQL {said}, which nobody mends any more.",
            f"Upgrade it to {POSTGRESQL} or newer.",
        )


def _schema(found: Examined) -> Iterator[Finding]:
    about = "schema"
    if found.schema is Schema.NEWER:
        yield red(
            "schema-newer",
            about,
            "The database has a schema that this xacct does not know: a newer xacct wrote it, or "
            "it is not xacct's.",
            "Install the newer xacct here, or mend XACCT_DATABASE_URL.",
        )
    elif found.schema is not Schema.CURRENT:
        older = found.schema is Schema.OLDER
        wrong = (
            "The database has the schema of an older xacct"
            if older
            else "The database is empty: it has no schema yet"
        )
        if found.is_sqlite:
            how = f"`xacct run` brings it to this version's when it starts, `{_UPGRADE}` at once."
            yield yellow("schema-older" if older else "schema-none", about, f"{wrong}.", how)
        else:
            yield red(
                "schema-older" if older else "schema-none",
                about,
                f"{wrong}, so `xacct run` does not start.",
                f"Run `{_UPGRADE}`.",
            )


def _guards(found: Examined) -> Iterator[Finding]:
    """Whether the audit log can be changed by whoever has what xacct has."""
    if found.unguarded:
        yield red(
            "audit-triggers",
            "audit log",
            "Triggers that keep rows of the audit log from being changed and removed are gone or "
            f"disabled: {named(found.unguarded)}.",
            f"Find out who did it, and run `xacct audit verify`; `{_UPGRADE}` puts them back.",
        )
    powers = found.powers
    if powers is not None and (powers.owns or powers.rights):
        could = "owns the audit log" if powers.owns else f"has {named(powers.rights)}"
        yield yellow(
            "audit-writable",
            "audit log",
            f"The role as which xacct runs, {powers.role}, {could}: whoever has its password can "
            "change what was recorded.",
            f"Let xacct run as a role of its own and `{_UPGRADE}` as the owner of the tables: see "
            "“Two roles” in docs/operations.md.",
        )


def behind(roles: Sequence[str]) -> Iterator[Finding]:
    """Roles (by `account/name`) whose session end was written on a row of the audit log that this
    database does not have, and that nobody has accepted.
    """
    if roles:
        yield red(
            "database-behind",
            "audit log",
            f"AWS holds more than this database knows of, in {named(roles)}: it was restored from "
            "a backup, or it is another installation's. xacct opens nothing then.",
            "See “Restoring a backup” in docs/operations.md; `xacct db accept-restore` takes it as "
            "it is. If it is the wrong database, mend XACCT_DATABASE_URL.",
        )
