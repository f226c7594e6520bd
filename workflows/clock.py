"""Time as a value: built in the wiring, passed down."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the moment. Never used for time-outs, which are monotonic."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)
