"""`xacct audit-access`: who could enter which roles today without a grant."""

import argparse
import json
import os
import sys
from typing import Any, Final

from bot import told
from bot.setup.cli import doors
from bot.setup.screen import Screen
from bot.told import Mistakes, catalog_path
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.errors import Refused
from workflows.reach.judge import Reach, Stand
from workflows.reach.read import Report, report

NOBODY: Final = 0
NOT_READ: Final = 1
SOMEBODY: Final = 2
"""Exit codes: nobody enters who is not meant to, as far as everything was read; something could not
be read, or the catalog or the way in is wrong; somebody enters, whatever else could not be read.
"""


def audit_access(said: argparse.Namespace, clock: Clock) -> int:
    """Reads the accounts and shows who reaches what."""
    screen = Screen()
    try:
        catalog = told.catalog(said.catalog or catalog_path(os.environ))
        found = _read(said, catalog, clock, screen)
    except (Mistakes, Refused) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return NOT_READ
    if said.json:
        screen.write(json.dumps(_plain(found), indent=2))
    else:
        _show(found, screen)
    if any(one.is_finding for one in found.reaches):
        return SOMEBODY
    return NOT_READ if found.unread else NOBODY


def _read(said: argparse.Namespace, catalog: Catalog, clock: Clock, screen: Screen) -> Report:
    enter = doors(said, catalog).enter
    with screen.progress("Reading accounts", len(catalog.accounts) + 1) as one_more:
        return report(catalog, enter, now=clock.now(), said=one_more)


def _show(found: Report, screen: Screen) -> None:
    if found.reaches:
        rows = [(one.principal, one.role, one.stand.value, _because(one)) for one in found.reaches]
        screen.table(("who", "role", "today", "because"), rows)
    for key in found.absent:
        screen.say(f"{key} is not there: nobody enters it.")
    for sentence in found.unread:
        screen.say(f"Not read: {sentence}", "red")
    screen.say(_summary(found))


def _because(one: Reach) -> str:
    """What accounts for it; of a finding, what lets him in; and what it may depend on."""
    through = f"through the statement {one.statement}" if one.is_finding else ""
    depends = f"may depend on {', '.join(one.unknown)}" if one.unknown else ""
    return "; ".join(part for part in (one.because, through, depends) if part)


def _summary(found: Report) -> str:
    ways = sum(one.is_finding for one in found.reaches)
    alone = sum(one.stand is Stand.TRUST_ALONE for one in found.reaches)
    said = (
        f"Users and roles: {found.principals}. Ways into a role without a grant: {ways}. "
        f"Kept out by a trust policy alone: {alone}."
    )
    return f"{said} Not all was read: there may be more." if found.unread else said


def _plain(found: Report) -> dict[str, Any]:
    return {
        "reaches": [
            {
                "principal": one.principal,
                "role": one.role,
                "stand": one.stand.name.lower(),
                "by": one.by.name.lower() if one.by else None,
                "until": one.until.isoformat() if one.until else None,
                "statement": one.statement,
                "unknown": list(one.unknown),
                "finding": one.is_finding,
            }
            for one in found.reaches
        ],
        "unread": list(found.unread),
        "absent": list(found.absent),
        "principals": found.principals,
    }
