"""`xacct report`: every break-glass use, and whether somebody has signed its review."""

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from rich.table import Table

from bot.terminal.database import existing
from bot.terminal.masking import Console
from db.models import Request, Review
from db.store import reviews
from workflows.clock import Clock
from workflows.durations import duration_text

ALL_SIGNED: Final = 0
UNSIGNED: Final = 1
"""Exit codes: anything that is not signed, the uses that are still open among them, is 1."""


def report(said: argparse.Namespace, clock: Clock) -> int:
    """Shows the uses, the newest first. What is unsigned is shown however old it is."""
    begin = clock.now() - said.since if said.since is not None else None
    with existing(clock) as database, database.read() as session:
        uses = [_plain(row, review) for row, review in reviews.uses(session, since=begin)]
    if said.json:
        sys.stdout.write(f"{json.dumps(uses, indent=2)}\n")
    elif uses:
        Console(markup=False, highlight=False).print(_table(uses))
    else:
        sys.stdout.write("Nobody broke glass.\n")
    return ALL_SIGNED if all(one["signed_by"] for one in uses) else UNSIGNED


def _plain(row: Request, review: Review) -> dict[str, Any]:
    """One use as JSON; times in UTC, `seconds` for how long it was open, None while it is."""
    over = row.ended_at if row.opened_at is not None else None
    return {
        "request": row.id,
        "who": row.requester,
        "grantee": row.grantee_name,
        "role": row.role,
        "asked_at": _iso(row.asked_at),
        "opened_at": _iso(row.opened_at),
        "ended_at": _iso(row.ended_at),
        "seconds": (
            int((over - row.opened_at).total_seconds()) if over and row.opened_at else None
        ),
        "state": str(row.state),
        "reason": row.reason,
        "signed_by": review.signed_by,
        "signed_at": _iso(review.signed_at),
        "note": review.note,
    }


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds") if at is not None else None


def _table(uses: Sequence[dict[str, Any]]) -> Table:
    table = Table("request", "who", "role", "UTC", "how long", "reason", "signed by")
    for one in uses:
        length = one["seconds"]
        lasted = duration_text(timedelta(seconds=length)) if length is not None else one["state"]
        who = f"{one['who']} ({one['grantee']})"
        asked = one["asked_at"].replace("T", " ").removesuffix("+00:00")
        signed = one["signed_by"] or "UNSIGNED"
        table.add_row(f"#{one['request']}", who, one["role"], asked, lasted, one["reason"], signed)
    return table
