"""What this process is settling right now: so that one settle can follow another without a read."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

WRITES_APART: Final = 0.5
"""Seconds between two writes of one trust policy that let somebody in: what is decided meanwhile
goes into one write. Nobody who is to be put out waits for it.
"""


READ_LASTS: Final = 1.0
"""Seconds for which a read that was begun ahead of a settle is as good as its own."""


@dataclass(frozen=True)
class Ahead:
    """A read of a target that was begun before the lease: when, and after how many leases."""

    begun: float
    settles: int
    answer: Callable[[], Any]  # waits for it


class Settling:
    """The targets that this process is settling, and when each was last written.

    It only makes things faster or fewer: what is owed stands in the database.
    """

    def __init__(self, *, writes_apart: float = WRITES_APART) -> None:
        self._writes_apart = writes_apart
        self._changed = threading.Condition()
        self._targets: dict[int, frozenset[int] | None] = {}  # with what was read back open
        self._wrote: dict[int, float] = {}
        self._ahead: dict[int, Ahead] = {}

    @contextmanager
    def during(self, target_id: int) -> Iterator[None]:
        """While the block runs, the target is being settled here."""
        with self._changed:
            self._targets[target_id] = None
        try:
            yield
        finally:
            with self._changed:
                del self._targets[target_id]
                self._changed.notify_all()

    def wait_for(self, target_id: int, *, seconds: float) -> None:
        """Returns when the target is not being settled here (any more), or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: target_id not in self._targets, seconds)

    def is_on(self, target_id: int) -> bool:
        """Whether the target is being settled here right now."""
        return target_id in self._targets

    def opened(self, target_id: int, requests: frozenset[int]) -> None:
        """The target, which is being settled here, was read back open for these requests."""
        with self._changed:
            self._targets[target_id] = requests
            self._changed.notify_all()

    def wait_until_open(self, target_id: int, *, seconds: float) -> frozenset[int]:
        """The requests that the target was read back open for while it is settled here; nothing,
        when it is not being settled here (any more), or after `seconds`.
        """

        def is_said() -> bool:
            return target_id not in self._targets or self._targets[target_id] is not None

        with self._changed:
            self._changed.wait_for(is_said, seconds)
            return self._targets.get(target_id) or frozenset()

    def wrote(self, target_id: int) -> None:
        """Somebody was let in through the target just now."""
        self._wrote[target_id] = time.monotonic()

    def rest(self, target_id: int) -> None:
        """Returns `writes_apart` seconds after the target was last written here."""
        since = self._wrote.get(target_id)
        if since is not None and (left := since + self._writes_apart - time.monotonic()) > 0:
            threading.Event().wait(left)

    def read_ahead(self, target_id: int, settles: int, answer: Callable[[], Any]) -> None:
        """Keeps a read that was begun when the target, free, had been leased `settles` times."""
        self._ahead[target_id] = Ahead(time.monotonic(), settles, answer)

    def take_ahead(self, target_id: int, lease: int) -> Callable[[], Any] | None:
        """The read begun ahead, for the lease of that number; None where none is as good as new:
        it is too old, or somebody else had the target since.
        """
        ahead = self._ahead.pop(target_id, None)
        if ahead is None or ahead.settles + 1 != lease:
            return None
        return ahead.answer if time.monotonic() - ahead.begun < READ_LASTS else None
