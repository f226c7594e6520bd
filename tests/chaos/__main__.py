"""`make chaos`: the whole table, or a sample of it, or single runs by their names."""

import argparse
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import monotonic
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.chaos import page
from tests.chaos.runs import Counted, Phase, Run, Way, batches, every, mixed
from tests.chaos.work import Result
from tests.chaos.workers import Task, go, work

PAGE: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
SAMPLE: Final = 180.0
"""Seconds in which runs of a sample are begun unless it says otherwise; counting comes before."""

_WHOLE: Final = 8  # runs in a house
_SAMPLED: Final = 2
_TOLD: Final = 50  # runs after which a line says so, where no bar can be drawn


def main(argv: Sequence[str] | None = None) -> int:
    """0 when no run failed."""
    said = _parser().parse_args(argv)
    console, begun = Console(soft_wrap=True), monotonic()
    if said.only:
        results = _play(console, [[run] for run in said.only], workers=1, until=None)
        return _end(console, results, monotonic() - begun)
    counts = _counts(console, workers=said.workers)
    runs = mixed(list(every(counts)), seed=said.seed)
    until = None if said.sample is None else monotonic() + said.sample
    size = _WHOLE if until is None else _SAMPLED
    console.print(f"{len(runs)} runs are possible; seed {said.seed}, {said.workers} at a time.")
    tasks = batches(runs, size=size)
    results = _play(console, tasks, workers=said.workers, until=until)
    took = monotonic() - begun
    where = said.page or (PAGE if until is None else None)
    if where is not None:
        table = page.Table(
            counts=counts,
            results=results,
            possible=len(runs),
            seconds=took,
            cpu=getrusage(RUSAGE_CHILDREN).ru_utime + getrusage(RUSAGE_CHILDREN).ru_stime,
            workers=said.workers,
            processors=os.cpu_count() or 1,
            seed=said.seed,
        )
        where.write_text(page.written(table))
    return _end(console, results, took)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument(
        "--sample",
        nargs="?",
        type=float,
        const=SAMPLE,
        metavar="SECONDS",
        help=f"as many runs as can be begun in this time (default: {SAMPLE:g})",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the order in which runs are played")
    parser.add_argument(
        "--only", action="append", type=Run.parse, metavar="NAME", help="this run; may be repeated"
    )
    workers = 4 * (os.cpu_count() or 1)
    parser.add_argument("--workers", type=int, default=workers, help=f"default here: {workers}")
    parser.add_argument(
        "--page",
        type=Path,
        help="where the table is written: docs/reliability.md; of a sample, only where this says",
    )
    return parser


def _counts(console: Console, *, workers: int) -> Counted:
    """One life of a grant in each way, with nothing wrong: the places that there are."""
    console.print("Counting the calls and commits of each phase, with nothing wrong.")
    counts: dict[tuple[Way, Phase], Counter[str]] = {}
    for found in work(list(Way), workers=workers):
        assert not isinstance(found, Result)
        way, phases = found
        counts |= {(way, phase): labels for phase, labels in phases.items()}
    return {(way, phase): counts[way, phase] for way in Way for phase in Phase}


def _play(
    console: Console, tasks: Iterable[Task], *, workers: int, until: float | None
) -> list[Result]:
    tasks, results = list(tasks), []
    total = sum(len(task) for task in tasks if isinstance(task, list)) if until is None else None
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeElapsedColumn(), console=console) as progress:
        bar = progress.add_task("runs", total=total)
        for found in work(tasks, workers=workers, until=until):
            assert isinstance(found, Result)
            results.append(found)
            failed = sum(one.wrong is not None for one in results)
            progress.update(bar, advance=1, description=f"runs, {failed} failed")
            if found.wrong is not None:
                _complain(console, found)
            if not console.is_terminal and len(results) % _TOLD == 0:
                console.print(f"{len(results)} runs, {failed} failed")
    return results


def _complain(console: Console, failed: Result) -> None:
    console.print(f"\nFAILED: {failed.run}", style="bold red", markup=False, highlight=False)
    lines = (failed.wrong or "", f'repeat it: python -m tests.chaos --only "{failed.run}"')
    for line in (*lines, "the bot's last lines:", failed.log):
        console.print(line, markup=False, highlight=False)


def _end(console: Console, results: Sequence[Result], seconds: float) -> int:
    failed = [one for one in results if one.wrong is not None]
    missed = sum(not one.reached for one in results) - sum(not one.reached for one in failed)
    console.print(
        f"{len(results)} runs in {seconds:.0f} s, {len(failed)} failed; "
        f"{missed} did not come to their place.",
        style="bold red" if failed else "bold green",
    )
    return 1 if failed or not results else 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `&` had switched it off
    for _number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(_number, go)  # leaves by the same door as everybody: all is stopped
    sys.exit(main())
