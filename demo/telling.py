"""What the audience sees: a table that grows line by line, and what it comes to."""

import re
from html import unescape
from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH: Final = 100
_STEP, _DONE, _ANSWER, _VERDICT = 4, 47, 38, 4
_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LABELLED: Final = re.compile(r"<[^<>|]*\|([^<>]*)>")
_MENTION: Final = re.compile(r"<([@#])[UC]0?(\w+)>")


class Unexpected(Exception):  # noqa: N818  the end of a story that went wrong
    """Something answered otherwise than it must."""


class Telling:
    """Prints each thing that was done and what answered; counts what was judged."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._console.width = min(WIDTH, self._console.width) if self._console.is_terminal else WIDTH
        self.checks = 0
        self.steps = 0

    def begin(self, sentence: str) -> None:
        """The first line, and the head of the table."""
        self._console.print(Text(sentence))
        self._console.print()
        self._line("step", "what was done", "what answered", "so?", style="dim")

    def step(self, title: str) -> None:
        """The next step begins."""
        self.steps += 1
        line = Text(f"{self.steps:>3}  {title}", style="bold")
        self._console.print(Padding(line, (1, 0, 0, 0)))

    def told(self, done: str, answer: str = "") -> None:
        """Something that happened and needs no verdict."""
        self._line("", done, answer, "")

    def judged(self, done: str, answer: str, *, expected: bool) -> None:
        """Something whose answer was to be as it is. Raises Unexpected when it was not."""
        self.checks += 1
        self._line("", done, answer, "yes" if expected else "NO", style="" if expected else "red")
        if not expected:
            raise Unexpected(f"step {self.steps}: {done}: {answer}")

    def end(self, seconds: float) -> None:
        """All went as it should."""
        self._console.print()
        done = f"{self.checks} checks in {self.steps} steps, all as expected, in {seconds:.0f} s."
        self._console.print(Text(done, style="bold green"))

    def broken(self, why: str, log: str) -> None:
        """The story ended early: why, and what the bot said last."""
        self._console.print()
        self._console.print(Text(f"NOT as expected in {why}", style="bold red"))
        self._console.print(Text(f"\nThe bot's last lines:\n{log or '(none)'}"))

    def say(self, text: str = "") -> None:
        """Lines as they are, however long: some are there to be copied."""
        self._console.print(Text(text), soft_wrap=True)

    def _line(self, step: str, done: str, answer: str, verdict: str, *, style: str = "") -> None:
        table = Table.grid(padding=(0, 2, 0, 0))
        for width in (_STEP - 1, _DONE, _ANSWER, _VERDICT):
            table.add_column(width=width, overflow="fold")
        table.add_row(*(Text(cell, style=style) for cell in (step, done, answer, verdict)))
        self._console.print(table)


def plain(mrkdwn: str) -> str:
    """Slack's mark-up as a person reads it, on one line."""
    text = _DATE.sub(r"\1", mrkdwn)
    text = _LABELLED.sub(r"\1", text)
    text = _MENTION.sub(lambda found: f"{found[1]}{found[2].lower()}", text)
    return unescape(" ".join(text.replace("`", "").replace("*", "").split()))
