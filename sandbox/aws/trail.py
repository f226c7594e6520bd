"""The management events of all accounts, as CloudTrail keeps them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.clock import SharedClock

_KEPT = 100_000  # events of all accounts together; the oldest go first
_REMEMBERED = timedelta(days=90)


@dataclass(frozen=True)
class Event:
    """One call as one account is told of it.

    `record` is what CloudTrail writes to its log files; `resources` are pairs of type and name;
    `at` is the clock's moment, aware, to the second. `number` grows with time.
    """

    number: int
    at: datetime
    record: dict[str, Any]
    username: str | None
    resources: tuple[tuple[str, str], ...]

    @property
    def account_id(self) -> str:
        return str(self.record["recipientAccountId"])

    @property
    def region(self) -> str:
        return str(self.record["awsRegion"])

    @property
    def access_key_id(self) -> str | None:
        found: str | None = self.record["userIdentity"].get("accessKeyId")
        return found

    @property
    def read_only(self) -> str:
        return str(self.record["readOnly"]).lower()


class Trail:
    """The last events, by account."""

    def __init__(self, clock: SharedClock, kept: int = _KEPT) -> None:
        self._clock = clock
        self._most = kept
        self._events: dict[str, deque[Event]] = defaultdict(deque)
        self._order: deque[str] = deque()  # whose event came when
        self._lag = timedelta()

    def delay(self, seconds: float) -> None:
        """Lets events be found that many seconds (of the clock) after they happened."""
        self._lag = timedelta(seconds=seconds)

    def add(self, event: Event) -> None:
        """Keeps an event; the oldest of all is dropped when there are too many."""
        if len(self._order) == self._most:
            self._events[self._order.popleft()].popleft()
        self._order.append(event.account_id)
        self._events[event.account_id].append(event)

    def newest_first(
        self, account_id: str, start: datetime | None, end: datetime | None
    ) -> Iterator[Event]:
        """An account's events of the last 90 days between two moments, both included."""
        now = self._clock.now()
        first = max(now - _REMEMBERED, start) if start else now - _REMEMBERED
        last = now - self._lag
        for event in reversed(self._events.get(account_id, ())):
            if event.at > last or (end and event.at > end):
                continue
            if event.at >= first:
                yield event
