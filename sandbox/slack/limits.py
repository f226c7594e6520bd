"""Rate limits that a test or a story sets on methods of the Web API, told by the shared clock.

Source: docs.slack.dev/apis/web-api/rate-limits.
"""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MINUTE: Final = 60.0
SECOND: Final = 1.0

_Key = tuple[str, str | None]


@dataclass(frozen=True)
class Limit:
    """What one method takes in any minute, and in any second for one channel; None: any number."""

    per_minute: int | None = None
    per_channel_per_second: int | None = None


class Limits:
    """Per method its limit, none to begin with, and the calls that were let through.

    A call that is refused does not count. `time` is in seconds.
    """

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._limits: dict[str, Limit] = {}
        self._let_through: defaultdict[_Key, list[float]] = defaultdict(list)

    def put(self, method: str, limit: Limit) -> None:
        """Limits a method from now on; what was called before does not count."""
        self.lift(method)
        self._limits[method] = limit

    def lift(self, method: str | None) -> None:
        """Takes a method's limit away; with None those of all methods."""
        for limited in list(self._limits) if method is None else [method]:
            self._limits.pop(limited, None)
            for key in [key for key in self._let_through if key[0] == limited]:
                del self._let_through[key]

    def take(self, method: str, channel: str | None) -> int | None:
        """Counts a call; or the whole seconds after which it may come again, if it is too much."""
        limit = self._limits.get(method, Limit())
        windows: dict[_Key, tuple[int, float]] = {}
        if limit.per_minute is not None:
            windows[method, None] = limit.per_minute, MINUTE
        if limit.per_channel_per_second is not None and channel is not None:
            windows[method, channel] = limit.per_channel_per_second, SECOND
        now = self._time()
        wait = max((self._wait(key, *window, now) for key, window in windows.items()), default=0)
        if wait:
            return math.ceil(wait)
        for key in windows:
            self._let_through[key].append(now)
        return None

    def _wait(self, key: _Key, most: int, span: float, now: float) -> float:
        """Seconds until one more call fits; calls of a time that is yet to come are forgotten."""
        calls = [at for at in self._let_through[key] if now - span < at <= now]
        self._let_through[key] = calls
        if len(calls) < most:
            return 0.0
        return calls[-most] + span - now if most else span
