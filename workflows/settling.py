"""What this process is settling right now: so that one settle can follow another without a read."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

WRITES_APART: Final = 0.5
"""Seconds between two writes of one trust policy that let somebody in: what is decided meanwhile
goes into one write. Nobody who is to be put out waits for it.
"""


LET_PASS: Final = 0.1
"""Seconds for which a settle waits for those that follow on it."""

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
        self._followers: Counter[int] = Counter()
        self._wrote: dict[int, float] = {}
        self._ahead: dict[int, Ahead] = {}
        self._wake: Callable[[], None] = lambda: None

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

    def wakes(self, wake: Callable[[], None]) -> None:
        """From now on `wake` is told of each target whose writes begin: others may follow on it."""
        self._wake = wake

    def begins(self) -> None:
        """What is to be done to a target is noted, and its writes begin."""
        self._wake()

    def wait_for(self, target_id: int, *, seconds: float) -> None:
        """Returns when the target is not being settled here (any more), or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: target_id not in self._targets, seconds)

    def opened(self, target_id: int, requests: frozenset[int]) -> None:
        """The target, which is being settled here, was read back open for these requests.

        Whoever follows on it goes first: returns when they have, or after LET_PASS.
        """
        with self._changed:
            self._targets[target_id] = requests
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._followers[target_id], LET_PASS)

    @contextmanager
    def following(self, targets: Collection[int], *, seconds: float) -> Iterator[frozenset[int]]:
        """The requests that these targets were read back open for while they are settled here.

        Waits until that is known of each, or it is not being settled here (any more), at most
        `seconds` for all of them. Their settles go on when the block is left.
        """
        until = time.monotonic() + seconds
        with self._changed:
            self._followers.update(targets)
            for one in targets:
                self._changed.wait_for(partial(self._is_said, one), until - time.monotonic())
            found = [self._targets.get(one) or frozenset() for one in targets]
        try:
            yield frozenset().union(*found)
        finally:
            with self._changed:
                self._followers.subtract(targets)
                self._changed.notify_all()

    def _is_said(self, target_id: int) -> bool:
        return target_id not in self._targets or self._targets[target_id] is not None

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
