"""Several workers at a time, each a process with ports of its own; what they find comes back."""

import multiprocessing
import os
import signal
import sys
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from time import monotonic
from types import FrameType
from typing import Any, Final, NoReturn

from tests.chaos.catalog import PEOPLE
from tests.chaos.runs import Phase, Run, Way
from tests.chaos.sandboxes import Sandboxes
from tests.chaos.work import Result, counted, played

FRESH: Final = 12
"""Tasks after which a worker takes new sandboxes: they keep all that ever was in them."""

_IDLE: Final = "idle"
_OVER: Final = "over"

Task = Way | list[Run]
"""A way whose calls and commits are to be counted, or a batch of runs."""

Counts = tuple[Way, dict[Phase, Counter[str]]]
Found = Result | Counts


class Lost(RuntimeError):  # noqa: N818  it says what happened
    """A worker ended by itself."""


def work(tasks: Sequence[Task], *, workers: int, until: float | None = None) -> Iterator[Found]:
    """What all tasks come to, as it comes; no task is begun after `until` (monotonic)."""
    left = deque(tasks)
    with ExitStack() as stack:
        pipes: list[Any] = [_hire(stack, until) for _ in range(min(workers, len(left)))]
        for pipe in pipes:
            pipe.send(_next(left, until))
        while pipes:
            for pipe in _ready(pipes):
                said = _received(pipe)
                if said == _OVER:
                    pipes.remove(pipe)
                elif said == _IDLE:
                    pipe.send(_next(left, until))
                else:
                    yield said


def _hire(stack: ExitStack, until: float | None) -> "Connection[Any, Any]":
    """Begins one worker; it is ended when the stack closes."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_work, args=(theirs, until))
    process.start()
    theirs.close()
    stack.callback(process.join)
    stack.callback(process.terminate)
    return ours


def _next(left: deque[Task], until: float | None) -> Task | None:
    return left.popleft() if left and (until is None or monotonic() < until) else None


def _ready(pipes: list[Any]) -> list[Any]:
    """Those that have something to say, or are gone."""
    return wait(list(pipes))


def _received(pipe: Any) -> Any:
    try:
        return pipe.recv()
    except EOFError:
        raise Lost("a worker ended by itself; its own words are above") from None


# --- in the worker's process


def _work(pipe: "Connection[Any, Any]", until: float | None) -> None:
    signal.signal(signal.SIGTERM, go)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who started us ends us
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        del os.environ[name]  # all that is called here is on this machine
    task: Task | None = pipe.recv()
    while task is not None:
        with Sandboxes(PEOPLE) as sandboxes:
            for _ in range(FRESH):
                if task is not None:
                    _do(task, sandboxes, pipe, until)
                    pipe.send(_IDLE)
                    task = pipe.recv()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends by itself now
    pipe.send(_OVER)


def _do(
    task: Task, sandboxes: Sandboxes, pipe: "Connection[Any, Any]", until: float | None
) -> None:
    if isinstance(task, Way):
        pipe.send((task, counted(sandboxes, task)))
        return
    for result in played(sandboxes, task):
        pipe.send(result)
        if until is not None and monotonic() > until:
            return


def go(number: int, _frame: FrameType | None) -> NoReturn:
    """Answers a signal by leaving, so that everything begun is ended."""
    sys.exit(128 + number)
