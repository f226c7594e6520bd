"""What this process is settling right now: so that one settle can follow another without a read."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

WRITES_APART: Final = 0.5
"""Seconds between two writes of one trust policy that let somebody in: what is decided meanwhile
goes into one write. Nobody who is to be put out waits for it.
"""


class Settling:
    """The targets that this process is settling, and when each was last written.

    It only makes things faster or fewer: what is owed stands in the database.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._targets: set[int] = set()
        self._wrote: dict[int, float] = {}

    @contextmanager
    def during(self, target_id: int) -> Iterator[None]:
        """While the block runs, the target is being settled here."""
        with self._changed:
            self._targets.add(target_id)
        try:
            yield
        finally:
            with self._changed:
                self._targets.discard(target_id)
                self._changed.notify_all()

    def wait_for(self, target_id: int, *, seconds: float) -> None:
        """Returns when the target is not being settled here (any more), or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: target_id not in self._targets, seconds)

    def wrote(self, target_id: int) -> None:
        """Somebody was let in through the target just now."""
        self._wrote[target_id] = time.monotonic()

    def rest(self, target_id: int) -> None:
        """Returns WRITES_APART after the target was last written here."""
        since = self._wrote.get(target_id)
        if since is not None and (left := since + WRITES_APART - time.monotonic()) > 0:
            threading.Event().wait(left)
