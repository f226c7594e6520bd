"""Who writes next on an SQLite file.

SQLite has one writer at a time. Left to itself it lets the others sleep and look again, up to a
tenth of a second, and whoever looks first is next, however long another has waited.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """One writer at a time, in this process. Those who say `first` go before all others."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._busy = False
        self._first = 0

    @contextmanager
    def take(self, *, first: bool) -> Iterator[None]:
        """Waits for a turn, and holds it for the block."""
        with self._changed:
            self._first += first
            self._changed.wait_for(lambda: not self._busy and (first or not self._first))
            self._first -= first
            self._busy = True
        try:
            yield
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
