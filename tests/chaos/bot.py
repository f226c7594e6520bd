"""`python -m tests.chaos.bot CLOCK REFEREE`: the bot, whose commits pass the referee.

It is `xacct run` with the sandbox's clock, as in the demo. Right before and right after each commit
it says so on the referee's socket and goes on when it is told to. Calls of AWS need nothing here:
they pass the referee on the wire.
"""

import faulthandler
import os
import signal
import socket
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Final

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

import bot.run  # noqa: F401  a bot is forked from this process: it loads nothing again
from bot.__main__ import main
from sandbox.clock import SharedClock
from tests.chaos.runs import COMMIT, When

SAY_WHERE: Final = signal.SIGUSR1
"""The signal on which a bot writes into its log where each of its threads stands."""

_ROOMS: Final = ("bot.", "workflows.")


class Commits:
    """Tells the referee of each commit, by the name of the function that commits."""

    def __init__(self, referee: str) -> None:
        self._referee = referee
        self._here = threading.local()
        event.listen(Engine, "commit", self._before)
        event.listen(Session, "after_commit", self._after)

    def _before(self, _connection: Connection) -> None:
        label = _label(sys._getframe())
        number = label and self._pass(f"{When.BEFORE} {label} 0")
        self._here.commit = number and f"{label} {number}"

    def _after(self, _session: Session) -> None:
        commit = getattr(self._here, "commit", None)
        if commit:
            self._pass(f"{When.AFTER} {commit}")

    def _pass(self, what: str) -> str:
        """Which commit it is, once it may go on. A referee who is gone takes the bot with him."""
        try:
            wire = self._wire()
            wire.sendall(f"{os.getpid()} {what}\n".encode())
            told = wire.recv(16).decode().strip()
        except OSError:
            told = ""
        if not told:
            os._exit(1)
        return told

    def _wire(self) -> socket.socket:
        """This thread's own way to the referee, for as long as it lives."""
        wire: socket.socket | None = getattr(self._here, "wire", None)
        if wire is None:
            wire = self._here.wire = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            wire.connect(self._referee)
        return wire


def _label(frame: FrameType | None) -> str | None:
    """The innermost function of the product's upper rooms; None for commits of others."""
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.startswith(_ROOMS):
            name = frame.f_code.co_qualname.replace("<locals>.", "")
            return f"{COMMIT}{module}.{name}"
        frame = frame.f_back
    return None


def run(clock: Path, referee: str) -> int:
    """The bot until it ends; its exit code."""
    faulthandler.register(SAY_WHERE)
    Commits(referee)
    with SharedClock(clock) as shared:
        return main(["run"], clock=shared)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2]))
