"""The writer: one thread that makes durable what all listeners heard, many rows in one commit."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from db.session import Database
from db.store import inbox
from db.store.inbox import Said

PATIENCE: Final = 1.5
"""Seconds that a listener waits for the database to begin writing; then nothing was recorded."""

_BATCH: Final = 200
_PAUSE: Final = 0.1  # seconds after a failure

log = logging.getLogger(__name__)


class Busy(Exception):  # noqa: N818  an answer, not a fault
    """The inbox could not take it in time. Nothing was recorded; it can safely be said again."""


class Unsure(Exception):  # noqa: N818  an answer: the one thing that is true
    """The database failed while it was being written: it may be recorded, or not."""


class _Item:
    def __init__(self, said: Said) -> None:
        self.said = said
        self.done = threading.Event()
        self.failed = False


class Writer:
    """Takes rows for the inbox from any number of threads; `written` is told after each commit."""

    def __init__(self, database: Database, *, written: Callable[[], None]) -> None:
        self._database = database
        self._written = written
        self._waiting: deque[_Item] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        self._thread.start()

    def put(self, said: Said) -> None:
        """Returns when the row is committed. Raises Busy: it is not; or Unsure.

        An item is the writer's only from the moment its transaction has begun; until then it can
        be withdrawn, and afterwards it is waited for.
        """
        item = _Item(said)
        with self._changed:
            if self._stopping.is_set():
                raise Busy
            self._waiting.append(item)
            self._changed.notify()
        if not item.done.wait(PATIENCE):
            self._withdraw(item)
            item.done.wait()
        if item.failed:
            raise Unsure

    def stop(self) -> None:
        """Takes nothing new; returns when what was taken is written."""
        with self._changed:
            self._stopping.set()
            self._changed.notify()
        self._thread.join()

    def _withdraw(self, item: _Item) -> None:
        """Raises Busy if the writer has not taken the item."""
        with self._changed:
            if item in self._waiting:
                self._waiting.remove(item)
                raise Busy

    def _run(self) -> None:
        while self._wait():
            taken: list[_Item] = []
            try:
                self._write(taken)
            except Exception as error:  # noqa: BLE001  without this thread nobody is heard
                log.error("the inbox was not written: %s", type(error).__name__)  # noqa: TRY400
                self._one_by_one(taken)
                self._stopping.wait(_PAUSE)
            for item in taken:
                item.done.set()
            if taken:
                self._written()

    def _wait(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._stopping.is_set())
            return bool(self._waiting)

    def _write(self, taken: list[_Item]) -> None:
        """One transaction: only once it has begun are items taken."""
        with self._database.write(first=True) as session:
            session.connection()
            taken.extend(self._take())
            if taken:
                inbox.put(session, [item.said for item in taken])

    def _take(self) -> Sequence[_Item]:
        with self._changed:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _BATCH))]

    def _one_by_one(self, taken: Sequence[_Item]) -> None:
        """A batch failed: its rows are written alone, so that a bad one harms only itself.

        Writing one twice is harmless: its key is unique.
        """
        for item in taken:
            try:
                with self._database.write(first=True) as session:
                    inbox.put(session, [item.said])
            except Exception as error:  # noqa: BLE001  the same
                log.error("a row was not written: %s", type(error).__name__)  # noqa: TRY400
                item.failed = True
