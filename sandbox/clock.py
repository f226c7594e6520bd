"""One clock that several processes share and that a story or a test can move."""

import mmap
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

_SIZE = struct.calcsize("<d")


class SharedClock:
    """Real time plus an offset in seconds that is kept in a small file.

    Every process that opens the same file sees a move at once (the file is mapped into memory), so
    AWS's time, Slack's time and the bot's time stay one. Signatures and sockets stay on real time.
    """

    def __init__(self, path: Path) -> None:
        path.touch()
        if path.stat().st_size < _SIZE:
            path.write_bytes(struct.pack("<d", 0.0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self.path = path

    @property
    def offset(self) -> float:
        """Seconds that this clock is ahead of real time."""
        (seconds,) = struct.unpack("<d", self._map[:_SIZE])
        return float(seconds)

    def time(self) -> float:
        """Seconds since the epoch, as `time.time()` would say at this clock's moment."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """The clock's moment, aware, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset)

    def move(self, by: timedelta) -> datetime:
        """Moves the clock for every process that shares it; returns its new moment."""
        self._map[:_SIZE] = struct.pack("<d", self.offset + by.total_seconds())
        return self.now()

    def move_to(self, moment: datetime) -> datetime:
        """Moves the clock to `moment` (aware) for every process that shares it."""
        return self.move(moment - self.now())

    def close(self) -> None:
        """Lets go of the file; the offset in it stays."""
        self._map.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
