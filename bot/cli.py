"""`xacct …` in the terminal: what it understands, and the verbs that only read or set up."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Final

from rich.table import Table
from sqlalchemy.orm import Session

from bot import intake_cli, masking, reach_cli, wiring
from bot.doctor import cli as doctor_cli
from bot.masking import Console
from bot.settings import Mistakes, catalog_path, store_from_env
from bot.setup import arguments as setup_arguments
from db import audit, migrate
from db.models import Audit
from db.session import Database
from db.store import history
from workflows.catalog.editors import for_editors
from workflows.clock import Clock

_SINCE: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def parser() -> argparse.ArgumentParser:
    """All verbs with their help."""
    top = argparse.ArgumentParser(
        prog="xacct", description="Lends AWS roles in other accounts, for a while, with approval."
    )
    verbs = top.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("run", help="run the bot until SIGTERM or SIGINT")
    _catalog(verbs)
    rules = verbs.add_parser("rules", help="ask what the catalog's rules say").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    why = rules.add_parser("explain", help="say who may have a role, by which rule, and why")
    why.add_argument("person", help="a member id in Slack, or an IAM user or address")
    why.add_argument("account")
    why.add_argument("role")
    why.add_argument("--json", action="store_true", help="for programs")
    db = verbs.add_parser("db", help="work with the database").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    db.add_parser("upgrade", help="bring the database to this version's schema")
    accept = db.add_parser("accept-restore", help="let a restored database open roles again")
    accept.add_argument("--yes", action="store_true", help="do not ask")
    drift = verbs.add_parser("drift", help="compare AWS with the database, and change nothing")
    drift.add_argument("--json", action="store_true", help="for programs")
    report = verbs.add_parser("report", help="show break-glass uses, and who signed them")
    report.add_argument("--since", type=_length, metavar="30d", help="default: all of them")
    report.add_argument("--json", action="store_true", help="for programs")
    for one in (setup_arguments, reach_cli, doctor_cli):
        one.add(verbs)
    log = verbs.add_parser("audit", help="show the newest entries of the audit log")
    log.add_argument("--last", type=_number, default=20, metavar="N", help="default: 20")
    log.add_subparsers(dest="what", metavar="verify").add_parser(
        "verify", help="check that nobody changed the audit log"
    )
    masking.add(top)
    return top


def _catalog(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    whats = verbs.add_parser("catalog", help="work with the catalog file").add_subparsers(
        dest="what", required=True, metavar="WHAT"
    )
    check = whats.add_parser("check", help="say what is wrong with the catalog, if anything")
    check.add_argument("file", nargs="?", type=Path, help="default: XACCT_CATALOG, or xacct.yaml")
    whats.add_parser("schema", help="print the catalog's JSON Schema, for editors")
    intake_cli.add(whats)


def _number(text: str) -> int:
    if text.isdecimal() and 0 < int(text) <= 10_000:
        return int(text)
    raise argparse.ArgumentTypeError("a number from 1 to 10000")


def _length(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if number.isdecimal() and 0 < int(number) <= 10_000 and unit in _SINCE:
        return int(number) * _SINCE[unit]
    raise argparse.ArgumentTypeError("a length of time like 12h, 30d or 8w")


def check_catalog(file: Path | None) -> int:
    """Raises Mistakes with everything that is wrong."""
    chosen = file or catalog_path(os.environ)
    found = wiring.catalog(chosen)
    sys.stdout.write(
        f"{chosen} is right. Accounts: {len(found.accounts)}, roles: {len(found.roles)}, "
        f"machines: {len(found.machines)}.\n"
    )
    return 0


def catalog_schema() -> int:
    """The schema, as an editor reads it."""
    sys.stdout.write(f"{json.dumps(for_editors(), indent=2)}\n")
    return 0


def upgrade(clock: Clock) -> int:
    """Brings the database to this version's schema."""
    database = wiring.database(store_from_env(os.environ), clock)
    try:
        migrate.upgrade(database)
    finally:
        database.close()
    sys.stdout.write("The database has this version's schema.\n")
    return 0


def require_schema(database: Database) -> None:
    """Raises Mistakes when the database has not this version's schema."""
    if not migrate.is_current(database):
        raise Mistakes("The database has another version's schema:", ["run `xacct db upgrade`"])


@contextmanager
def existing(clock: Clock) -> Iterator[Database]:
    """The database that is there. Raises Mistakes when there is none: none is made."""
    database = wiring.database(store_from_env(os.environ), clock)
    file = database.url.database
    if database.is_sqlite and file and not Path(file).exists():
        raise Mistakes("There is no database:", [f"{file} is not a file here"])
    try:
        require_schema(database)
        yield database
    finally:
        database.close()


@contextmanager
def _reading(clock: Clock) -> Iterator[tuple[Session, audit.Key]]:
    with existing(clock) as database, database.read() as session:
        yield session, database.key


def show_audit(clock: Clock, last: int) -> int:
    """The newest entries as a table, the newest last."""
    with _reading(clock) as (session, _):
        rows = history.latest(session, limit=last)
    Console().print(_table(rows))
    return 0


def _table(rows: Sequence[Audit]) -> Table:
    table = Table("no.", "UTC", "who", "what", "request", "role")
    for row in reversed(rows):
        at = row.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        number = "" if row.request_id is None else f"#{row.request_id}"
        table.add_row(str(row.number), at, row.actor, row.event, number, row.role or "")
    return table


def verify_audit(clock: Clock) -> int:
    """0 when the chain holds; 1 when it does not, and where."""
    with _reading(clock) as (session, key):
        verdict = audit.verify(session, key)
    if verdict.wrong is None:
        sys.stdout.write(f"The audit log holds: {verdict.rows} rows, none changed.\n")
        return 0
    sys.stdout.write(
        f"The audit log does NOT hold: row {verdict.wrong} {verdict.what}; "
        f"the {verdict.rows} rows before it are right.\n"
    )
    return 1
