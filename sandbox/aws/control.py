"""The sandbox's own API: what tests and the demo set and ask while it runs.

Every call carries the root secret in the header `x-sandbox-secret`.
"""

import hmac
import json
from dataclasses import dataclass
from typing import Any

from sandbox.aws.emulator import Emulator

PREFIX = "/_sandbox/"
SECRET_HEADER = "x-sandbox-secret"


@dataclass
class Control:
    """Answers `POST /_sandbox/<what>` with JSON in and out."""

    emulator: Emulator
    secret: str
    slowness: float = 0.0

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and JSON."""
        if not hmac.compare_digest(headers.get(SECRET_HEADER, "").encode(), self.secret.encode()):
            return 403, b'"The header x-sandbox-secret does not hold the root secret."'
        try:
            return 200, json.dumps(self._do(path.removeprefix(PREFIX), json.loads(body))).encode()
        except (LookupError, ValueError) as error:
            return 400, json.dumps(repr(error)).encode()

    def _do(self, what: str, value: dict[str, Any]) -> Any:
        match what:
            case "slow":
                self.slowness = float(value["seconds"])
            case "spread":
                self.emulator.spread.over(float(value["seconds"]))
            case "delay-events":
                self.emulator.trail.delay(float(value["seconds"]))
            case "throttle":
                rate, burst = float(value["calls_per_second"]), int(value["burst"])
                self.emulator.throttle.limit(value["account_id"], rate, burst)
            case "quota":
                self.emulator.quotas.set(value["account_id"], value["name"], int(value["value"]))
            case "organization":
                self.emulator.organizations.found(
                    value["management"], value["accounts"], value["delegated"]
                )
            case _:
                return self._keep(what, value)
        return None

    def _keep(self, what: str, value: dict[str, Any]) -> Any:
        """What concerns what is kept here: the calls that were made, and accounts."""
        calls, copies = self.emulator.calls, self.emulator.copies
        match what:
            case "calls":
                return calls.as_json()
            case "forget-calls":
                return calls.forget()
            case "keep":
                return copies.keep(value["accounts"])
            case "copy":
                return copies.copy(int(value["kept"]), value["accounts"])
            case "empty":
                return copies.empty(value["accounts"])
        raise KeyError(what)
