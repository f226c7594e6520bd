"""docs/reliability.md: what was tried, how often, and what failed."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.chaos.runs import COMMIT, Counted, Phase, Way, What, is_read
from tests.chaos.work import Result

_HEADINGS: Final = {
    What.KILL: "killed",
    What.LATE: "killed, back late",
    What.FREEZE: "frozen",
    What.THROTTLING: "throttling",
    What.FAILURE: "500",
    What.RESET: "reset",
    What.LOST: "reply lost",
    What.TRUNCATED: "reply truncated",
    What.DENIED: "AccessDenied",
    What.LIMIT: "LimitExceeded",
}

_PAGE: Final = Path(__file__).with_name("reliability.md")
"""The page without its numbers."""


@dataclass(frozen=True)
class Table:
    """All that the page is made from. Seconds are real ones; `cpu` those that processors worked."""

    counts: Counted
    results: Sequence[Result]
    possible: int  # runs in the whole table
    seconds: float
    cpu: float
    workers: int
    processors: int
    seed: int


def written(table: Table) -> str:
    """The whole page."""
    return _PAGE.read_text().format(
        verdict=_verdict(table),
        workers=table.workers,
        processors=table.processors,
        minutes=_minutes(table.seconds),
        cpu=f"{_minutes(table.cpu)} minutes",
        alone=_minutes(table.cpu / 2),
        seed=table.seed,
        table="\n".join(_rows(table.results)),
        places="\n".join(_places(table.counts)),
        missed=sum(one.wrong is None and not one.reached for one in table.results),
        held_up=sum(one.wrong is None and one.held_up for one in table.results),
        failures="\n".join(_failures(table.results)),
    )


def _verdict(table: Table) -> str:
    runs = len(table.results)
    failed = sum(one.wrong is not None for one in table.results)
    said = f"**{runs:,} runs, {f'{failed:,} of them' if failed else 'none'} failed.**"
    if runs < table.possible:
        return f"{said} This is a sample of the {table.possible:,} that the whole table has."
    return said


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f}"


def _rows(results: Sequence[Result]) -> Iterator[str]:
    runs: Counter[tuple[Way, Phase, What]] = Counter()
    failed: Counter[tuple[Way, Phase, What]] = Counter()
    for one in results:
        cell = (one.run.way, one.run.phase, one.run.what)
        runs[cell] += 1
        failed[cell] += one.wrong is not None
    yield _line(["", *_HEADINGS.values()])
    yield _line(["---", *("--:" for _ in _HEADINGS)])
    for way in Way:
        for phase in Phase:
            cells = [(way, phase, what) for what in _HEADINGS]
            yield _line([f"{way}, {phase}", *(_cell(runs[one], failed[one]) for one in cells)])
    sums = [(_sum(runs, what), _sum(failed, what)) for what in _HEADINGS]
    yield _line(["all", *(_cell(*one) for one in sums)])


def _sum(counts: Counter[tuple[Way, Phase, What]], what: What) -> int:
    return sum(number for (_, _, one), number in counts.items() if one is what)


def _cell(runs: int, failed: int) -> str:
    if not runs:
        return "-"
    return f"{runs}, **{failed} failed**" if failed else str(runs)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _places(counts: Counted) -> Iterator[str]:
    yield _line(["", "reads", "writes", "commits"])
    yield _line(["---", "--:", "--:", "--:"])
    for (way, phase), labels in counts.items():
        commits = sum(n for label, n in labels.items() if label.startswith(COMMIT))
        reads = sum(n for label, n in labels.items() if is_read(label))
        writes = labels.total() - commits - reads
        yield _line([f"{way}, {phase}", str(reads), str(writes), str(commits)])


def _failures(results: Sequence[Result]) -> Iterator[str]:
    wrong = [one for one in results if one.wrong is not None]
    if wrong:
        yield "\n## What failed\n"
        yield "Each is repeated by `python -m tests.chaos --only` and its name in quotes.\n"
    for one in wrong:
        yield f"- `{one.run}`: {(one.wrong or '').splitlines()[0]}"
    if wrong:
        yield ""
