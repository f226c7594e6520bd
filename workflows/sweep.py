"""Paying what is owed: at once when somebody wakes us, and each second whatever happens.

A debt is a due row. Paying it twice is harmless, so nothing here remembers anything: after a crash,
an outage or a jump of the clock the next sweep finds the same rows.
"""

import logging
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.store import requests, targets
from workflows.clock import Clock
from workflows.look import look
from workflows.settle.pay import settle
from workflows.world import World

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Debts of one queue that are paid at the same time: a slow one never takes all workers."""


@dataclass(frozen=True)
class Due:
    """One debt: which row, and the queue it waits in (an account, for example)."""

    key: int
    queue: str


@dataclass(frozen=True)
class Debt:
    """A kind of debt: what is due at a moment, and how one is paid.

    `pay` may raise anything; the row then falls due again by itself.
    """

    name: str
    due: Callable[[datetime], Sequence[Due]]
    pay: Callable[[int], None]


class Sweep:
    """Looks for what is due and pays it, each row by one worker at a time."""

    def __init__(self, debts: Sequence[Debt], *, clock: Clock, workers: int) -> None:
        self._debts = debts
        self._clock = clock
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="pay")
        self._finder = ThreadPoolExecutor(1, thread_name_prefix="sweep")
        self._lock = threading.Lock()
        self._paying: set[tuple[str, int]] = set()
        self._busy: Counter[tuple[str, str]] = Counter()
        self._woken = False
        self._stopped = False

    def wake(self) -> None:
        """Looks for due rows as soon as possible; many calls in a moment are one look."""
        with self._lock:
            if self._woken or self._stopped:
                return
            self._woken = True
            self._finder.submit(self._look)

    def stop(self) -> None:
        """Takes nothing new, and waits for what is being paid."""
        with self._lock:
            self._stopped = True
        self._finder.shutdown(wait=True)
        self._pool.shutdown(wait=True)

    def _look(self) -> None:
        with self._lock:
            self._woken = False
        now = self._clock.now()
        for debt in self._debts:
            try:
                found = debt.due(now)
            except Exception:
                log.exception("cannot look for due %s", debt.name)
                continue
            for due in found:
                self._take(debt, due)

    def _take(self, debt: Debt, due: Due) -> None:
        mine, queue = (debt.name, due.key), (debt.name, due.queue)
        with self._lock:
            if self._stopped or mine in self._paying or self._busy[queue] >= AT_ONCE:
                return
            self._paying.add(mine)
            self._busy[queue] += 1
        self._pool.submit(self._pay, debt, due)

    def _pay(self, debt: Debt, due: Due) -> None:
        try:
            debt.pay(due.key)
        except Exception:
            log.exception("%s %s stays owed [%s]", debt.name, due.key, uuid.uuid4().hex[:8])
        finally:
            with self._lock:
                self._paying.discard((debt.name, due.key))
                self._busy[debt.name, due.queue] -= 1
            self.wake()


def looks(world: World) -> Debt:
    """Looks that pending requests owe."""

    def due(now: datetime) -> list[Due]:
        with world.database.read() as session:
            return [Due(key, "look") for key in requests.due_looks(session, now)]

    return Debt("look", due, lambda key: look(world, key))


def settles(world: World) -> Debt:
    """Targets that AWS must be made equal to; one queue an account."""

    def due(now: datetime) -> list[Due]:
        with world.database.read() as session:
            return [Due(key, account) for key, account in targets.due(session, now)]

    return Debt("settle", due, lambda key: settle(world, key))
