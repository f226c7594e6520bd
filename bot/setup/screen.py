"""What is shown to who enters the accounts: plans like a good infrastructure tool's, progress,
outcomes, tables.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TextIO

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from bot.terminal.masking import Console, hidden
from workflows.setup.plan import Plan, Verb
from workflows.setup.run import Outcome

_MARKS: Final = {
    Verb.CREATE: ("+", "green"),
    Verb.UPDATE: ("~", "yellow"),
    Verb.ADOPT: ("~", "yellow"),
    Verb.RELEASE: ("~", "yellow"),
    Verb.DELETE: ("-", "red"),
}
_COLOURS: Final = {"+": "green", "-": "red"}


class Screen:
    """Standard output for what is asked for, standard error for how far it is."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._console = Console(file=self._out, markup=False, highlight=False, soft_wrap=True)

    def write(self, text: str) -> None:
        """Text as it is, for programs."""
        self._out.write(f"{text}\n")

    def say(self, text: str, style: str = "") -> None:
        """One line for people."""
        self._console.print(Text(hidden(text), style=style))

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows for people, each cell whole: in as many lines as it takes."""
        shown = Table()
        for title in titles:
            shown.add_column(title, overflow="fold")
        for row in rows:
            shown.add_row(*(Text(hidden(cell)) for cell in row))
        self._console.print(shown, soft_wrap=False)

    def agrees(self, question: str) -> bool:
        """Whether the person at the terminal says yes."""
        self._out.write(f"{question} [y/N] ")
        self._out.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    @contextmanager
    def progress(self, words: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar on standard error, where that is a terminal; what is given counts one."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        error = Console(stderr=True)
        with Progress(
            *columns,
            console=error,
            transient=True,
            disable=not error.is_terminal,
            redirect_stdout=False,  # or what is logged meanwhile is laid out, and so torn apart
            redirect_stderr=False,
        ) as bar:
            task = bar.add_task(words, total=total)
            yield lambda: bar.advance(task)

    def plans(self, planned: Sequence[Plan]) -> None:
        """Each account's changes with their diffs, its problems, and what it all comes to."""
        for one in planned:
            if one.changes or one.problems:
                self._plan(one)
        verbs = Counter(change.verb for one in planned for change in one.changes)
        problems = sum(len(one.problems) for one in planned)
        self.say(_summary(verbs, len([one for one in planned if one.changes]), problems))

    def _plan(self, planned: Plan) -> None:
        account = planned.account
        self.say(f"{account.name} ({account.id})", "bold")
        for change in planned.changes:
            mark, colour = _MARKS[change.verb]
            self.say(f"  {mark} {change.verb} {change.thing}", colour)
            for line in change.diff:
                self.say(f"      {line}", _COLOURS.get(line[:1], ""))
        for problem in planned.problems:
            self.say(f"  ! {problem}", "red")

    def outcomes(self, done: Sequence[Outcome]) -> None:
        """What became of each account."""
        for one in done:
            if one.trouble:
                self.say(
                    f"{one.account.name}: stopped after {one.calls} calls: {one.trouble}", "red"
                )
        failed = sum(1 for one in done if one.trouble)
        calls = sum(one.calls for one in done)
        if failed:
            self.say(f"{calls} calls were made. Mend what is red, and run it again: it goes on.")
        else:
            self.say(f"Done: {calls} calls, {len(done)} accounts.", "green")

    def left(self, planned: Sequence[Plan]) -> None:
        """What stays although setup goes."""
        for one in planned:
            for sentence in one.left:
                self.say(f"{one.account.name}: {sentence}")


def _summary(verbs: Counter[Verb], accounts: int, problems: int) -> str:
    wrong = f" {problems} to mend by hand." if problems else ""
    if not verbs:
        return f"No change was planned.{wrong}" if problems else "Nothing to change."
    said = ", ".join(f"{verbs[verb]} to {verb}" for verb in Verb if verbs[verb])
    return f"Plan: {said}, in {accounts} {'account' if accounts == 1 else 'accounts'}.{wrong}"
