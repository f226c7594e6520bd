"""Paying what is owed: at once when somebody wakes us, and each second whatever happens.

A debt is a due row. Paying it twice is harmless, so nothing here remembers anything: after a crash,
an outage or a jump of the clock the next sweep finds the same rows.
"""

import logging
import threading
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.store import looks as looks_owed
from db.store import targets
from workflows.clock import Clock
from workflows.look import look
from workflows.settle.pay import settle
from workflows.world import World

log = logging.getLogger(__name__)

AT_ONCE: Final = 8
"""Debts of one queue that are paid at the same time."""

WORKERS: Final = 512
"""Threads at most, begun as they are needed: more than any number of accounts that hang at once
can take, so that one bad account never delays another.
"""

YIELD: Final = 0.01
"""Seconds for which what was found first has the processor before the next kind is looked at."""

PAUSE: Final = 0.05
"""Seconds between two looks while found rows still wait for a worker."""

_SEEN: Final = ("draw", "alert", "review")
"""What people may see otherwise after AWS was looked at, or changed."""

Queue = tuple[str, str]  # the kind of debt, and where it waits


@dataclass(frozen=True)
class Due:
    """One debt: which row, and the queue it waits in (an account, for example)."""

    key: int
    queue: str
    first: bool = False  # goes before what waits in its queue


@dataclass(frozen=True)
class Debt:
    """A kind of debt: what is due at a moment, and how one is paid.

    `pay` may raise anything; the row then falls due again by itself. `makes` are the kinds that
    paying one may make due. For an `urgent` one somebody waits at a door.
    """

    name: str
    due: Callable[[datetime], Sequence[Due]]
    pay: Callable[[int], None]
    makes: tuple[str, ...] = ()
    urgent: bool = False


class Sweep:
    """Looks for what is due and pays it, each row by one worker at a time.

    With much to do it looks seldom and pays what it found; with nothing waiting it looks at once.
    The debts are looked at in their order: what somebody waits for stands first.
    """

    def __init__(self, debts: Sequence[Debt], *, clock: Clock) -> None:
        self._debts = debts
        self._clock = clock
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="pay")
        self._lock = threading.Lock()
        self._found: set[tuple[str, int]] = set()  # waiting here or being paid
        self._busy: Counter[Queue] = Counter()
        self._waiting: dict[Queue, deque[tuple[Debt, Due]]] = defaultdict(deque)
        self._asleep: set[str] = {debt.name for debt in debts}  # the kinds not to be looked at
        self._woken, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweep", daemon=True)
        self._thread.start()

    def wake(self, *kinds: str) -> None:
        """Looks for due rows of these kinds, or of all, as soon as possible; many calls in a moment
        are one look.
        """
        with self._lock:
            self._asleep = self._asleep.difference(kinds) if kinds else set()
        self._woken.set()

    def stop(self) -> None:
        """Takes nothing new, and waits for what is being paid."""
        self._stopping.set()
        self._woken.set()
        self._thread.join()
        with self._lock:
            self._waiting.clear()
        self._pool.shutdown(wait=True)

    def _run(self) -> None:
        while True:
            self._woken.wait()
            self._woken.clear()
            if self._stopping.is_set():
                return
            for debt in self._debts:
                if self._wakes(debt) and self._look(debt) and debt.urgent:
                    self._stopping.wait(YIELD)
            with self._lock:
                behind = any(self._waiting.values())
            if behind:
                self._stopping.wait(PAUSE)

    def _wakes(self, debt: Debt) -> bool:
        with self._lock:
            was_asleep = debt.name in self._asleep
            self._asleep.add(debt.name)
        return not was_asleep

    def _look(self, debt: Debt) -> bool:
        """Gives what is due to the workers; whether there was any."""
        try:
            found = debt.due(self._clock.now())
        except Exception:
            log.exception("cannot look for due %s", debt.name)
            return False
        with self._lock:
            new = [due for due in found if (debt.name, due.key) not in self._found]
            for due in new:
                self._found.add((debt.name, due.key))
                self._take(debt, due)
        return bool(new)

    def _take(self, debt: Debt, due: Due) -> None:
        """Gives a row to a worker, or lets it wait while its queue has enough of them."""
        queue = (debt.name, due.queue)
        if self._busy[queue] >= AT_ONCE:
            line = self._waiting[queue]
            (line.appendleft if due.first else line.append)((debt, due))
        else:
            self._busy[queue] += 1
            self._pool.submit(self._pay, debt, due)

    def _pay(self, debt: Debt, due: Due) -> None:
        try:
            debt.pay(due.key)
        except Exception:
            log.exception("%s %s stays owed [%s]", debt.name, due.key, uuid.uuid4().hex[:8])
        queue = (debt.name, due.queue)
        with self._lock:
            self._found.discard((debt.name, due.key))
            self._busy[queue] -= 1
            if self._waiting[queue] and not self._stopping.is_set():
                self._take(*self._waiting[queue].popleft())
        self.wake(debt.name, *debt.makes)


def looks(world: World) -> Debt:
    """Looks that pending requests owe; one queue an account."""

    def due(now: datetime) -> list[Due]:
        with world.database.read() as session:
            return [Due(key, account) for key, account in looks_owed.due(session, now)]

    return Debt("look", due, lambda key: look(world, key), makes=(*_SEEN, "settle"))


def settles(world: World) -> Debt:
    """Targets that AWS must be made equal to; one queue an account, closings first."""

    def due(now: datetime) -> list[Due]:
        with world.database.read() as session:
            database_now = world.database.now(session)
            found = targets.due(session, now, database_now=database_now)
        return [Due(one.id, one.account_id, first=one.closing) for one in found]

    return Debt("settle", due, lambda key: settle(world, key), _SEEN, urgent=True)
