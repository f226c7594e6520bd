"""The verbs of `xacct setup`: read the accounts, show, ask, do, and say what came of it."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bot import told
from bot.setup import verify
from bot.setup.screen import Screen
from bot.terminal.setup_arguments import RENDER, VERIFY
from bot.told import Mistakes, catalog_path
from workflows.aws.doors import Doors, Way
from workflows.catalog.model import Account, Catalog
from workflows.clock import Clock
from workflows.errors import Refused
from workflows.setup import run, wanted
from workflows.setup.objects import Wanted
from workflows.setup.plan import Plan
from workflows.setup.render import CannotRender, Format, files

DONE: Final = 0
FAILED: Final = 1
CHANGES: Final = 2
"""Exit codes: nothing to do, or all is done; something is wrong; there are changes (of `plan`)."""


def setup(said: argparse.Namespace, clock: Clock) -> int:
    """Runs one verb; what is wrong with the catalog or the way in is FAILED, too."""
    verbs: dict[str, Callable[[Setup], int]] = {
        "plan": lambda one: one.plan(as_json=said.json),
        "apply": lambda one: one.apply(yes=said.yes),
        "destroy": lambda one: one.destroy(yes=said.yes),
        VERIFY: lambda one: one.verify(said),
    }
    try:
        catalog = told.catalog(said.catalog or catalog_path(os.environ))
        if said.what == RENDER:
            return _render(catalog, Format(said.format), stackset=said.stackset, out=said.out)
        return verbs[said.what](Setup(said, catalog, clock))
    except (Mistakes, wanted.NoBot, CannotRender, Refused) as wrong:
        sys.stderr.write(f"{wrong}\n")
        return FAILED


def doors(said: argparse.Namespace, catalog: Catalog, more: Sequence[Account] = ()) -> Doors:
    """The way into the accounts of the catalog, and into some more, as it was said. Raises NotFound
    of an account that is not there.
    """
    accounts = (catalog.grantee, *catalog.accounts, *more)
    profiles = {
        catalog.find_account(name, accounts).id: profile for name, profile in said.account_profile
    }
    return Doors(Way(said.profile, said.role, profiles))


def _render(catalog: Catalog, form: Format, *, stackset: bool, out: Path | None) -> int:
    """Writes the files, over those of the last time, and says which."""
    for name, text in files(catalog, form, stackset=stackset).items():
        file = (out or Path(form)) / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Mistakes("It cannot be written:", [f"{file}: {error.strerror}"]) from None
        sys.stdout.write(f"{file}\n")
    return DONE


class Setup:
    """What the verbs share: the catalog, the doors, and the screen."""

    def __init__(self, said: argparse.Namespace, catalog: Catalog, clock: Clock) -> None:
        self._catalog, self._clock = catalog, clock
        self._doors = doors(said, catalog)
        self._screen = Screen()

    def plan(self, *, as_json: bool) -> int:
        """Shows what would change. CHANGES if anything would; FAILED if something is wrong."""
        planned, _ = self._planned(wanted.everything(self._catalog))
        if as_json:
            self._screen.write(json.dumps(_plain(planned), indent=2))
        else:
            self._screen.plans(planned)
        if any(one.problems for one in planned):
            return FAILED
        return CHANGES if any(one.changes for one in planned) else DONE

    def apply(self, *, yes: bool) -> int:
        """Makes what the catalog describes."""
        return self._do(wanted.everything(self._catalog), yes=yes, question="Make these changes?")

    def destroy(self, *, yes: bool) -> int:
        """Takes away what setup made: owner accounts first, so that nobody is let in meanwhile."""
        question = f"Take all of this away, for installation {self._catalog.installation}?"
        return self._do(wanted.nothing(self._catalog), yes=yes, question=question)

    def verify(self, said: argparse.Namespace) -> int:
        """Proves that what setup made is so; exit codes of its own."""
        return verify.verify(said, self._catalog, self._doors, self._screen, self._clock)

    def _do(self, all_of_it: Sequence[Wanted], *, yes: bool, question: str) -> int:
        planned, inside = self._planned(all_of_it)
        self._screen.plans(planned)
        problems = any(one.problems for one in planned)
        calls = sum(len(one.steps) for one in planned)
        if not calls:
            return FAILED if problems else DONE
        if not (yes or self._screen.agrees(question)):
            self._screen.say("Nothing was changed.")
            return FAILED
        with self._screen.progress("Working", calls) as one_more:
            done = run.apply(
                self._catalog,
                {one.account.id: one for one in planned},
                all_of_it,
                self._doors.enter,
                inside=inside,
                said=one_more,
            )
        self._screen.outcomes(done)
        self._screen.left(planned)
        return FAILED if problems or any(one.trouble for one in done) else DONE

    def _planned(self, all_of_it: Sequence[Wanted]) -> tuple[list[Plan], frozenset[str] | None]:
        with self._screen.progress("Reading accounts", len(all_of_it)) as one_more:
            readings = run.reading(self._catalog, all_of_it, self._doors.enter, one_more)
        inside = run.let_in(self._catalog, readings, now=self._clock.now())
        return run.plans(readings, inside=inside), inside


def _plain(planned: Sequence[Plan]) -> dict[str, object]:
    """The plan as JSON: each change with the calls that make it."""
    return {
        "accounts": [
            {
                "id": one.account.id,
                "name": one.account.name,
                "changes": [
                    {
                        "verb": change.verb,
                        "object": change.thing,
                        "diff": list(change.diff),
                    }
                    for change in one.changes
                ],
                "calls": [step.what.shown() for step in one.steps],
                "problems": list(one.problems),
                "left": list(one.left),
            }
            for one in planned
        ]
    }
