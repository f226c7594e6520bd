"""The log of every call: who asked for what, when, and how it was answered."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_KEPT = 100_000


@dataclass(frozen=True)
class Call:
    """One call of an AWS API.

    `caller` is an ARN, or the access key id where nobody is behind it; `action` is written as in a
    policy (`iam:GetRole`); `at` is the clock's moment of the answer, aware; `status` is the HTTP
    status answered, `lasted` the seconds, of real time, from the request to its answer.
    """

    account_id: str
    caller: str
    action: str
    at: datetime
    status: int
    lasted: float


class CallLog:
    """The last calls, oldest first."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_KEPT)

    def add(self, call: Call) -> None:
        self._calls.append(call)

    def forget(self) -> None:
        """Starts anew."""
        self._calls.clear()

    def as_json(self) -> list[dict[str, object]]:
        """The calls as JSON holds them; `at` in ISO 8601."""
        return [vars(call) | {"at": call.at.isoformat()} for call in self._calls]


def call_from_json(value: dict[str, Any]) -> Call:
    """What `CallLog.as_json` wrote, as a value again."""
    return Call(
        account_id=value["account_id"],
        caller=value["caller"],
        action=value["action"],
        at=datetime.fromisoformat(value["at"]),
        status=int(value["status"]),
        lasted=float(value["lasted"]),
    )
