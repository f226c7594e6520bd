"""What the audience sees: a table that grows line by line, and what it comes to."""

import re
from html import unescape
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH: Final = 100
_COLUMNS: Final = (3, 51, 5, 34, 3)  # with a blank between them: WIDTH
_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LABELLED: Final = re.compile(r"<[^<>|]*\|([^<>]*)>")
_MENTION: Final = re.compile(r"<([@#])[UC]0?(\w+)>")


class Unexpected(Exception):  # noqa: N818  the end of a story that went wrong
    """Something answered otherwise than it must."""


class Telling:
    """Prints each thing that was done, who answered and what; judges and counts."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._console.width = (
            min(WIDTH, self._console.width) if self._console.is_terminal else WIDTH
        )
        self._unexpected: str | None = None
        self.checks = 0
        self.steps = 0

    def begin(self, sentence: str) -> None:
        """The first line, and the head of the table."""
        self._console.print(Text(f"{sentence}\n"))
        self._line("", "what was done", "", "what was answered", "ok?", style="dim")

    def step(self, title: str) -> None:
        """The next step begins."""
        self.steps += 1
        self._console.print(Text(f"\n{self.steps:>3} {title}", style="bold"))

    def told(self, done: str, who: str = "", answer: str = "") -> None:
        """Something that happened and needs no verdict."""
        self._line("", done, who, answer, "")

    def judged(self, done: str, who: str, answer: str, *, expected: bool) -> None:
        """Something whose answer was to be as it is; if it is not, `insist` ends the story."""
        self.checks += 1
        self._line(
            "", done, who, answer, "ok" if expected else "NO", style="" if expected else "red"
        )
        if not expected and self._unexpected is None:
            self._unexpected = f"step {self.steps}: {done}: {who} {answer}"

    def insist(self) -> None:
        """Raises Unexpected if something was judged so."""
        if self._unexpected is not None:
            raise Unexpected(self._unexpected)

    def end(self, seconds: float) -> None:
        """All went as it should."""
        done = f"{self.checks} checks in {self.steps} steps, all as expected, in {seconds:.0f} s."
        self._console.print(Text(f"\n{done}", style="bold green"))

    def broken(self, why: str, log: str = "") -> None:
        """The story ended early: why, and what the bot said last."""
        self._console.print(Text(f"\nNOT as expected: {why}", style="bold red"))
        if log:
            self.say(f"\nThe bot's last lines:\n{log}")

    def say(self, text: str = "") -> None:
        """Lines as they are, however long: some are there to be copied."""
        self._console.print(Text(text), soft_wrap=True)

    def _line(self, *cells: str, style: str = "") -> None:
        table = Table.grid(padding=(0, 1, 0, 0))
        for width in _COLUMNS:
            table.add_column(width=width, overflow="fold")
        table.add_row(*(Text(cell, style=style) for cell in cells))
        self._console.print(table)


def plain(mrkdwn: str) -> str:
    """Slack's mark-up as a person reads it, on one line."""
    text = _DATE.sub(r"\1", mrkdwn)
    text = _LABELLED.sub(r"\1", text)
    text = _MENTION.sub(lambda found: f"{found[1]}{found[2].lower()}", text)
    return unescape(" ".join(text.replace("`", "").replace("*", "").split()))
