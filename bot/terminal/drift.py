"""`xacct drift` and `xacct db accept-restore`: what differs, and what holds every opening."""

import argparse
import json
import os
import sys
from datetime import UTC
from typing import Final

from rich.table import Table

from bot import told, wiring
from bot.terminal.database import existing, require_key
from bot.terminal.masking import Console
from bot.terminal.who import who
from bot.told import catalog_path
from db.store import holds
from workflows import restore
from workflows.clock import Clock
from workflows.drift.report import Report, report

NOTHING: Final = 0
FOUND: Final = 1
NOT_READ: Final = 2
"""Exit codes of `xacct drift`: what could not be read may hide anything, so it weighs most."""


def drift(said: argparse.Namespace, clock: Clock) -> int:
    """Compares AWS with the database and shows what differs. Changes neither."""
    catalog = told.catalog(catalog_path(os.environ))
    with existing(clock) as database:
        found = report(wiring.terminal_world(catalog, database, clock))
    if said.json:
        sys.stdout.write(f"{json.dumps(_plain(found), indent=2)}\n")
    else:
        _print(found)
    if found.unread:
        return NOT_READ
    return FOUND if found.found or found.holds else NOTHING


def _plain(found: Report) -> dict[str, object]:
    return {
        "findings": [
            {"kind": one.kind, "where": one.where, "sentence": one.sentence, "facts": one.facts}
            for one in found.found
        ],
        "holds": found.holds,
        "unread": found.unread,
    }


def _print(found: Report) -> None:
    console = Console(markup=False, highlight=False)
    for reason in found.holds:
        console.print(f"Nothing is opened: {reason}")
    if found.holds:
        console.print("`xacct db accept-restore` lets xacct open again.")
    if found.found:
        table = Table("what", "where", "sentence")
        for one in found.found:
            table.add_row(one.kind, one.where, one.sentence)
        console.print(table)
    for account, troubles in found.unread.items():
        for name, words in troubles.items():
            console.print(f"Not read: {account}: {name}: {words}")
    if not (found.found or found.unread or found.holds):
        console.print("Nothing differs.")


def accept_restore(said: argparse.Namespace, clock: Clock) -> int:
    """Lets xacct open again after its database was restored; asks before, unless told not to."""
    with existing(clock) as database:
        require_key(database)
        with database.read() as session:
            held = [one for one in holds.standing(session) if one.kind == holds.RESTORE]
        if not held:
            sys.stdout.write("Nothing is held: xacct knows of no restored database.\n")
            return 0
        for one in held:
            since = one.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
            sys.stdout.write(f"{since} UTC: {one.reason}\n")
        if not (said.yes or _agreed()):
            sys.stdout.write("Nothing was changed.\n")
            return 1
        by = who()
        with database.write() as session:
            restore.accept(session, by=by, at=clock.now())
    sys.stdout.write(f"Accepted by {by}: xacct opens again.\n")
    return 0


def _agreed() -> bool:
    sys.stdout.write(
        "What was decided after the backup is not known to this database. xacct has closed what it "
        "does not know of. Open again? [y/N] "
    )
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
