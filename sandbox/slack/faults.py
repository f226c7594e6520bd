"""Faults that a test or a story forces on the next calls of a method."""

from collections import defaultdict, deque
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next `times` calls of one method.

    `hang`: seconds of waiting before anything else. Then one of: `status`, an HTTP status with no
    work done (`retry_after` seconds go with a 429); `error`, a refusal with no work done; `drop`,
    the work is done and the connection closed without an answer (a lost reply). With `hang` alone
    the answer is right, but late.
    """

    status: int | None = None
    error: str | None = None
    hang: float = 0.0
    drop: bool = False
    retry_after: int | None = None
    times: int = 1


class Faults:
    """Per method, the faults to come, in the order they were forced."""

    def __init__(self) -> None:
        self._coming: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def force(self, method: str, fault: Fault) -> None:
        """Puts a fault behind those already forced on that method."""
        self._coming[method].append(fault)

    def take(self, method: str) -> Fault | None:
        """The fault of the call that is being made; counts it as used."""
        coming = self._coming.get(method)
        if not coming:
            return None
        fault = coming.popleft()
        if fault.times > 1:
            coming.appendleft(replace(fault, times=fault.times - 1))
        return fault
