"""Time as a value: built in the wiring, passed down."""

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

CLOCKS_APART: Final = timedelta(seconds=30)
"""With more between our clock and AWS's nothing is opened."""


class Clock(Protocol):
    """Tells the moment. Never used for time-outs, which are monotonic."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)
