"""`xacct catalog import`: what the catalog lacks of an organization's accounts and their roles."""

import argparse
import difflib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot import told
from bot.setup.cli import doors
from bot.setup.screen import Screen
from bot.terminal import files
from bot.told import Mistakes, catalog_path
from workflows.aws.hands import Hands
from workflows.aws.organizations import Organization
from workflows.catalog.model import Catalog
from workflows.catalog.tree import Mark
from workflows.clock import Clock
from workflows.errors import Refused, Trouble
from workflows.intake import choose, read
from workflows.intake.choose import Wish
from workflows.intake.found import Reading
from workflows.intake.take import Taken, Unfit, taken

DONE: Final = 0
FAILED: Final = 1
UNREAD: Final = 2
"""Exit codes: all was read, and is shown or written; something is wrong, or it was not to be
written; something could not be read, and what could be read is shown or written all the same.
"""

_CONTEXT: Final = 2  # lines around what is added
_COLOURS: Final = {"+": "green", "@": "cyan"}


def catalog_import(said: argparse.Namespace, _clock: Clock) -> int:
    """Reads the organization and its accounts, and shows or writes what the catalog lacks."""
    screen, notes = Screen(), Screen(sys.stderr)
    file = said.catalog or catalog_path(os.environ)
    try:
        text = told.catalog_text(file)
        gathered = _gathered(said, told.catalog_of(text, file), screen)
        _tell_unread(notes, gathered)
        result = _taken(said, file, text, gathered)
        _tell(notes, gathered, result)
        if said.write:
            code = _write(screen, file, text, result, yes=said.yes)
        else:
            sys.stdout.write(result.entries)
            code = DONE
    except (Mistakes, Refused) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return FAILED
    unread = any(one.troubles for one in gathered.readings)
    return UNREAD if unread and code == DONE else code


@dataclass(frozen=True)
class _Gathered:
    catalog: Catalog
    readings: Sequence[Reading]
    wish: Wish
    remarks: Sequence[str]


def _gathered(said: argparse.Namespace, catalog: Catalog, screen: Screen) -> _Gathered:
    """What was read. Raises Mistakes where the organization cannot be, and Refused."""
    try:
        hands = Hands.of_profile(said.organizations_profile or said.profile)
        listed = Organization(hands.client("organizations")).accounts()
    except Trouble as trouble:
        how = (
            "it is told to the organization's management account and to delegated administrators: "
            "name a profile there with `--organizations-profile`"
        )
        raise Mistakes("The organization cannot be read:", [str(trouble), how]) from None
    meant = choose.accounts(catalog, listed, said.account)
    wish = Wish(tuple(said.role_name), tuple(said.role_tag), tuple(said.role_path))
    enter = doors(said, catalog, meant.new).enter
    with screen.progress("Reading accounts", len(meant.all)) as one_more:
        found = read.readings(meant.all, enter, with_roles=wish.is_any, said=one_more)
    return _Gathered(catalog, found, wish, meant.remarks)


def _taken(said: argparse.Namespace, file: Path, text: str, gathered: _Gathered) -> Taken:
    """Raises Mistakes where the catalog would have mistakes with what it lacks."""
    try:
        return taken(text, gathered.catalog, gathered.readings, gathered.wish, entrance=said.role)
    except Mark as mark:
        raise Mistakes(f"{file} takes no entries:", [f"line {mark.line}: {mark}"]) from None
    except Unfit as unfit:
        lines = dict(enumerate(unfit.text.splitlines(), 1))
        shown = [f"{one} Here: {lines.get(one.line, '').strip()}" for one in unfit.mistakes]
        heading = f"{file} would have mistakes with what is to be added, so nothing is:"
        raise Mistakes(heading, shown) from None


def _write(screen: Screen, file: Path, text: str, result: Taken, *, yes: bool) -> int:
    if result.text == text:
        return DONE
    for line in _diff(file, text, result.text):
        screen.say(line, _COLOURS.get(line[:1], ""))
    if not (yes or screen.agrees(f"Write this into {file}?")):
        screen.say("Nothing was changed.")
        return FAILED
    files.replace(file, text, result.text)
    screen.say(f"{file} is written.", "green")
    return DONE


def _diff(file: Path, before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), str(file), str(file), n=_CONTEXT, lineterm=""
    )
    return list(lines)


def _tell_unread(notes: Screen, gathered: _Gathered) -> None:
    for one in gathered.readings:
        for trouble in one.troubles:
            notes.say(f"Not read: {one.account.name} ({one.account.id}): {trouble}", "red")


def _tell(notes: Screen, gathered: _Gathered, result: Taken) -> None:
    """What was found, what is not in it, and what is left to do: beside the entries, not among
    them, and before anybody is asked whether to write them.
    """
    for sentence in (*gathered.remarks, *result.remarks, *result.reached):
        notes.say(sentence, "yellow")
    new = f"Accounts: {len(gathered.readings)} read, {result.accounts} new. Roles: "
    roles = f"{result.roles} new." if gathered.wish.is_any else "none were asked for."
    notes.say(f"{new}{roles}")
    for sentence in result.to_do:
        notes.say(sentence)
