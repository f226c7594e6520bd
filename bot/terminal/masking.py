"""`--mask`: no account id is shown whole, by any command of the terminal, wherever it is shown.

The word is looked for once, by `main`; every parser of the tree takes it. What hides is the pair of
standard streams, so that whoever writes need not know: text, JSON, errors, what is logged, and the
traceback of a fault. Tables are the exception, for a cell that is folded tears an id apart before
it is written: they are printed by the `Console` of this module. Files are written as they are.
"""

import argparse
import io
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, Final, TextIO

import rich.console
from rich.text import Text

FLAG: Final = "--mask"
_FAULT: Final = 1
"""The exit code of Python for an exception that nobody caught."""

_ACCOUNT: Final = re.compile(r"(?<![0-9])([0-9]{2})[0-9]{8}([0-9]{2})(?![0-9])")


def masked(text: str) -> str:
    """The text with only the first and last two digits of each account id, in ARNs too."""
    return _ACCOUNT.sub(r"\1********\2", text)


def hidden(text: str) -> str:
    """The text as standard output shows it: masked where that was asked for."""
    return masked(text) if isinstance(sys.stdout, Masking) else text


def is_asked(words: Sequence[str]) -> bool:
    """Whether the words of a command line ask for it, shortened as argparse lets it be, too."""
    return any(len(word) > len("--") and FLAG.startswith(word) for word in words)


def add(parser: argparse.ArgumentParser) -> None:
    """Lets a parser and all below it take the flag; only `is_asked` looks for it."""
    parser.add_argument(
        FLAG,
        action="store_true",
        default=argparse.SUPPRESS,
        help="hide the middle of account ids in all that is shown",
    )
    for below in children(parser).values():
        add(below)


def children(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers right below one, by the words that choose them."""
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:  # noqa: SLF001  argparse tells them nowhere else
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            found |= action.choices
    return found


class Masking(io.TextIOBase):
    """A stream that masks what goes through it, line by line, so that an id is not torn apart by
    who writes it in pieces. May be written to by several threads.
    """

    def __init__(self, under: TextIO) -> None:
        self._under = under
        self._lock = threading.RLock()
        self._begun = ""

    def write(self, text: str) -> int:
        with self._lock:
            whole, newline, self._begun = (self._begun + text).rpartition("\n")
            if newline:
                self._under.write(masked(whole + newline))
        return len(text)

    def flush(self) -> None:
        """Shows the line that was begun, too."""
        with self._lock:
            if self._begun:
                self._under.write(masked(self._begun))
                self._begun = ""
            self._under.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._under.isatty()

    def fileno(self) -> int:
        return self._under.fileno()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._under.encoding or "utf-8"


class Shown:
    """What came of work under `shown`: its exit code, where a fault gave it one."""

    code: int | None = None


@contextmanager
def shown(*, hides: bool) -> Iterator[Shown]:
    """Standard output and standard error as they are or, if it `hides`, without whole account ids;
    a fault is shown there then, as Python would show it, and has the exit code of one.
    """
    outcome = Shown()
    if not hides:
        yield outcome
        return
    out, error = Masking(sys.stdout), Masking(sys.stderr)
    with redirect_stdout(out), redirect_stderr(error):
        try:
            yield outcome
        except Exception:  # noqa: BLE001  it ends here, as it would in Python itself
            traceback.print_exc()
            outcome.code = _FAULT
        finally:
            out.flush()
            error.flush()


class Console(rich.console.Console):
    """A console that masks what it prints, where that was asked for, before it is laid out."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(hidden(text), **options)
