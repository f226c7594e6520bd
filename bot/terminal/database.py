"""`xacct db upgrade`, and the database that is there for other commands."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.settings import store_from_env
from bot.told import Mistakes
from db import audit, migrate
from db.rights import NoRole
from db.session import Database, InUse
from workflows.clock import Clock


@contextmanager
def understood() -> Iterator[None]:
    """Raises Mistakes where the database does not work, another process has it, or xacct has no
    role in it.
    """
    try:
        yield
    except InUse as used:
        raise Mistakes(str(used), []) from None
    except NoRole as role:
        raise Mistakes(
            f"PostgreSQL has no role {role}, as which xacct is to run by XACCT_DATABASE_URL:",
            ["make it with CREATE ROLE … LOGIN PASSWORD …; it needs no other right"],
        ) from None
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        raise Mistakes(f"The database does not work: {cause}", []) from None


def upgrade(_said: argparse.Namespace, clock: Clock) -> int:
    """Brings the database to this version's schema, and gives xacct's role its rights in it."""
    store = store_from_env(os.environ)
    with understood(), closing(store.owned(clock)) as database:
        lacking = migrate.upgrade(database, bot=store.bot)
    sys.stdout.write("The database has this version's schema.\n")
    if lacking:
        sys.stdout.write(f"{unguarded(lacking)}\n")
    if store.bot is not None:
        sys.stdout.write(f"{store.bot} may read the audit log and append to it.\n")
    return 0


def unguarded(lacking: Sequence[str]) -> str:
    """The sentence about triggers of the audit log that were gone, and are put back."""
    return (
        f"The audit log was not guarded, now it is again: {', '.join(lacking)} were gone or "
        "disabled. Find out who did it, and run `xacct audit verify`."
    )


def require_schema(database: Database) -> None:
    """Raises Mistakes when the database has not this version's schema."""
    if not migrate.is_current(database):
        raise Mistakes("The database has another version's schema:", ["run `xacct db upgrade`"])


@contextmanager
def existing(clock: Clock) -> Iterator[Database]:
    """The database that is there. Raises Mistakes when there is none: none is made."""
    database = store_from_env(os.environ).database(clock)
    file = database.url.database
    if database.is_sqlite and file and not Path(file).exists():
        raise Mistakes("There is no database:", [f"{file} is not a file here"])
    with understood(), closing(database):
        require_schema(database)
        yield database


def require_key(database: Database) -> None:
    """Raises Mistakes where the newest row of the audit log is signed with another key: a row of
    this one would break the chain for the xacct that runs with that.
    """
    with database.read() as session:
        newest = audit.newest_key(session)
    if newest not in (None, database.key.id):
        raise Mistakes(
            f"xacct signs with the key {newest}, and XACCT_AUDIT_KEY is {database.key.id}:",
            ["set the key that xacct runs with; start xacct first where it is to have a new one"],
        )
