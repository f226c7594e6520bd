"""`xacct audit`: the newest entries, and whether the chain of all holds."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC

from rich.table import Table
from sqlalchemy.orm import Session

from bot.terminal import database
from bot.terminal.masking import Console
from db import audit
from db.models import Audit
from db.store import history
from workflows.clock import Clock


@contextmanager
def _reading(clock: Clock) -> Iterator[tuple[Session, audit.Key]]:
    with database.existing(clock) as found, found.read() as session:
        yield session, found.key


def show(said: argparse.Namespace, clock: Clock) -> int:
    """The newest entries as a table, the newest last."""
    with _reading(clock) as (session, _):
        rows = history.latest(session, limit=said.last)
    Console().print(_table(rows))
    return 0


def _table(rows: Sequence[Audit]) -> Table:
    table = Table("no.", "UTC", "who", "what", "request", "role")
    for row in reversed(rows):
        at = row.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        number = "" if row.request_id is None else f"#{row.request_id}"
        table.add_row(str(row.number), at, row.actor, row.event, number, row.role or "")
    return table


def verify(_said: argparse.Namespace, clock: Clock) -> int:
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
