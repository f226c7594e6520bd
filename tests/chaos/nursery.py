"""Bots are forked from a process that has begun as they do: that costs a second of work.

`python -m tests.chaos.nursery CLOCK REFEREE` forks one bot for each line of JSON on its standard
input, and answers with its process id. It ends, and all its bots with it, when its input does.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from sqlalchemy import create_engine

from db import audit, migrate
from db.session import Database
from tests.chaos import bot
from workflows.aws.sessions import aws_session
from workflows.clock import SystemClock

_HOUSE = Path(__file__).parents[2]
_CALLS = {"iam": "get_group", "sts": "assume_role", "cloudtrail": "lookup_events"}
_ENDING = 60.0  # seconds, on a machine that has much else to do


class Nursery:
    """Owns that process: a context manager that ends it."""

    def __init__(self, clock: Path, referee: str) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.chaos.nursery", str(clock), referee),
            cwd=_HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, environment: Mapping[str, str], log: Path) -> int:
        """Starts a bot in an environment that replaces ours; returns its process id."""
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(f"{json.dumps([dict(environment), str(log)])}\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        self._process.wait(timeout=_ENDING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def is_alive(pid: int) -> bool:
    """Whether the bot is there: the nursery reaps its dead at once."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def main() -> int:
    clock, referee = Path(sys.argv[1]), sys.argv[2]
    living: set[int] = set()

    def reap(*_: object) -> None:
        for pid in tuple(living):
            with suppress(ChildProcessError):  # reaped by a signal that came while we were here
                if os.waitpid(pid, os.WNOHANG) == (0, 0):
                    continue
            living.discard(pid)

    _rehearse()
    signal.signal(signal.SIGCHLD, reap)
    for line in sys.stdin:
        environment, log = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os._exit(_child(environment, log, clock, referee))
        living.add(pid)
        reap()
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in living:
        os.kill(pid, signal.SIGKILL)
    return 0


def _rehearse() -> None:
    """Reads and builds once what each bot would at its start; what stays is not looked through
    for garbage again, in none of them.
    """
    session: Any = aws_session()
    for service, call in _CALLS.items():
        client = session.client(service, region_name="us-east-1")
        client.can_paginate(call)  # reads which calls have pages
    engine = create_engine("postgresql+psycopg://")
    with TemporaryDirectory(prefix="xacct-nursery-") as folder:
        url = f"sqlite:///{folder}/xacct.db"
        database = Database(url, key=audit.Key(b""), now=SystemClock().now)
        migrate.upgrade(database)
        database.close()
    engine.dispose()
    gc.collect()
    gc.freeze()


def _child(environment: dict[str, Any], log: str, clock: Path, referee: str) -> int:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for ours, theirs in ((nothing, 0), (file, 1), (file, 2)):
        os.dup2(ours, theirs)
    os.environ.clear()
    os.environ.update(environment)
    try:
        code = bot.run(clock, referee)
    except BaseException:  # noqa: BLE001  its last line; the log is told
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stderr.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
