"""Eventual consistency, when it is asked for: writes that reach reads and enforcement late.

With a spread of S seconds (real time) every write reaches each copy of the records after a delay of
its own, between 0 and S. Enforcement looks at one copy; each read at one of several, so a later
read may show an older document again until S has passed. Writes always act on the newest state.
Access keys and sessions are there at once.
"""

import copy
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_READS = 3
_ENFORCEMENT = _READS  # the copies for reads come first

_copy: ContextVar[int | None] = ContextVar("copy", default=None)

Place = tuple[str, Any]  # name of the store, and the key in it


@dataclass(frozen=True)
class Write:
    """One record as a write left it (None: deleted), and when it reaches a copy."""

    number: int
    due: float
    place: Place
    record: Any


@dataclass
class Replica:
    """A copy of the records, and what has not reached it yet."""

    stores: dict[str, dict[Any, Any]]
    coming: list[Write] = field(default_factory=list)
    newest: dict[Place, int] = field(default_factory=dict)

    def catch_up(self, now: float) -> None:
        """Takes in what is due; a write that was overtaken by a later one is dropped."""
        if not self.coming:
            return
        arrived = [write for write in self.coming if write.due <= now]
        self.coming = [write for write in self.coming if write.due > now]
        for write in arrived:
            if write.number < self.newest.get(write.place, 0):
                continue
            self.newest[write.place] = write.number
            name, key = write.place
            if write.record is None:
                self.stores[name].pop(key, None)
            else:
                self.stores[name][key] = copy.deepcopy(write.record)


class Spread:
    """Which copy of the records a call sees; off until `over` is called with some seconds."""

    def __init__(self, seed: int = 0) -> None:
        self._seconds = 0.0
        self._chance = random.Random(seed)  # noqa: S311  a spread that can be repeated
        self._newest: dict[str, dict[Any, Any]] = {}
        self._known: dict[str, dict[Any, Any]] = {}
        self._replicas: list[Replica] = []
        self._writes = 0

    def keep(self, name: str, records: dict[Any, Any]) -> None:
        """Takes charge of one store of records."""
        self._newest[name] = records

    def over(self, seconds: float) -> None:
        """Spreads what is written from now on over `seconds`; 0 makes all writes seen at once."""
        self._seconds = seconds
        self._replicas = []
        if seconds > 0:
            self._known = copy.deepcopy(self._newest)
            self._replicas = [Replica(copy.deepcopy(self._newest)) for _ in range(_READS + 1)]

    def records(self, name: str) -> dict[Any, Any]:
        """The store as the call that is being answered sees it."""
        chosen = _copy.get()
        if chosen is None or not self._replicas:
            return self._newest[name]
        return self._replicas[chosen].stores[name]

    @contextmanager
    def seen_by_enforcement(self) -> Iterator[None]:
        """Judges by what has reached enforcement."""
        with self._seen(_ENFORCEMENT):
            yield

    @contextmanager
    def seen_by_reads(self) -> Iterator[None]:
        """Reads what has reached one of the copies for reads."""
        with self._seen(self._chance.randrange(_READS) if self._replicas else None):
            yield

    @contextmanager
    def _seen(self, chosen: int | None) -> Iterator[None]:
        if not self._replicas or chosen is None:
            yield
            return
        self._replicas[chosen].catch_up(time.monotonic())
        token = _copy.set(chosen)
        try:
            yield
        finally:
            _copy.reset(token)

    def written(self) -> None:
        """Sends what the last write has changed on its way to every copy."""
        if not self._replicas:
            return
        now = time.monotonic()
        for name, records in self._newest.items():
            known = self._known[name]
            for key in [*records.keys(), *(known.keys() - records.keys())]:
                record = records.get(key)
                if record != known.get(key):
                    self._send(now, (name, key), record)

    def _send(self, now: float, place: Place, record: Any) -> None:
        name, key = place
        kept = copy.deepcopy(record)
        self._writes += 1
        for replica in self._replicas:
            due = now + self._chance.uniform(0, self._seconds)
            replica.coming.append(Write(self._writes, due, place, kept))
        if record is None:
            self._known[name].pop(key, None)
        else:
            self._known[name][key] = kept
