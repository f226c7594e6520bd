"""Plants each bug in a copy of the house and runs the tests that must see it."""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from rich.console import Console
from rich.table import Table

from tests.planted.bug import Bug
from tests.planted.bugs import BUGS

HOUSE: Final = Path(__file__).parents[2]
ROOMS: Final = ("bot", "workflows", "db", "sandbox", "demo", "tests")
FAILED: Final = 1
"""pytest's exit code for tests that ran and failed; any other one proves nothing."""

_PATIENCE: Final = 240  # seconds for one bug
_AT_ONCE: Final = 2
_FAILURE: Final = re.compile(r"^FAILED (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """Whether a bug was seen, and by which test, or what happened instead."""

    bug: Bug
    seen: bool
    by: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.planted", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="of the bugs; default: all")
    parser.add_argument("--some", type=int, metavar="N", help="N of them: each day the next ones")
    arguments = parser.parse_args()
    names = arguments.names
    if unknown := sorted({*names} - {bug.name for bug in BUGS}):
        parser.error(f"there is no bug called {', '.join(unknown)}")
    chosen = [bug for bug in BUGS if not names or bug.name in names]
    if arguments.some is not None:
        chosen = in_turn(chosen, arguments.some, datetime.now(UTC).date())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        outcomes = list(pool.map(planted, chosen))
    table = Table("planted bug", "seen by", title=f"{len(outcomes)} planted bugs")
    for outcome in outcomes:
        table.add_row(outcome.bug.name, outcome.by if outcome.seen else f"[red]{outcome.by}[/red]")
    console = Console(soft_wrap=True)
    console.print(table)
    seen = sum(outcome.seen for outcome in outcomes)
    console.print(f"{seen} passed, {len(outcomes) - seen} failed")
    return 0 if seen == len(outcomes) else 1


def in_turn(bugs: Sequence[Bug], some: int, day: date) -> list[Bug]:
    """`some` of the bugs; those of the days that follow are the next ones, in turn."""
    first = day.toordinal() * some
    return [bugs[(first + n) % len(bugs)] for n in range(min(some, len(bugs)))]


def planted(bug: Bug) -> Outcome:
    """What the tests say with this bug in the house."""
    with TemporaryDirectory(prefix="xacct-planted-") as folder:
        copy = Path(folder)
        _copy(copy)
        file = copy / bug.file
        text = file.read_text()
        if text.count(bug.old) != 1:
            return Outcome(bug, seen=False, by=f"{bug.file} has no such line: plant it anew")
        file.write_text(text.replace(bug.old, bug.new))
        return _run(bug, copy)


def _copy(copy: Path) -> None:
    for room in ROOMS:
        shutil.copytree(HOUSE / room, copy / room, ignore=shutil.ignore_patterns(".hypothesis"))
    for file in HOUSE.glob("[!.]*.*"):
        shutil.copy(file, copy)


def _run(bug: Bug, copy: Path) -> Outcome:
    arguments = ("-x", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *bug.tests)
    try:
        ran = subprocess.run(
            (sys.executable, "-m", "pytest", *arguments),
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(bug, seen=False, by=f"the tests took more than {_PATIENCE} s")
    found = _FAILURE.findall(ran.stdout)
    if ran.returncode == FAILED and found:
        return Outcome(bug, seen=True, by=found[0].rpartition("::")[2])
    last = (ran.stdout + ran.stderr).strip().splitlines()[-1:]
    return Outcome(bug, seen=False, by=f"NOT SEEN (pytest's exit code {ran.returncode}) {last}")


if __name__ == "__main__":
    sys.exit(main())
