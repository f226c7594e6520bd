"""The clock's moment in the shape of the standard library's `time`."""

import time
from time import struct_time

from sandbox.clock import SharedClock


class MovedTime:
    """Stands in for the module `time` where the emulator asks what time it is.

    Request signatures do not come here: they stay on real time.
    """

    strftime = staticmethod(time.strftime)

    def __init__(self, clock: SharedClock) -> None:
        self._clock = clock

    def time(self) -> float:
        return self._clock.time()

    def gmtime(self, seconds: float | None = None) -> struct_time:
        return time.gmtime(self._clock.time() if seconds is None else seconds)
