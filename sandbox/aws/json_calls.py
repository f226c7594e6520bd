"""Services that take and give JSON (the protocol `json` 1.1 of AWS's SDKs), one call of each.

https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from sandbox.aws.answers import Answer
from sandbox.aws.errors import AwsError, denied
from sandbox.aws.request import current

Asked = dict[str, Any]


class JsonCall(ABC):
    """The one call of a service that the sandbox answers. `unknown` is the error for all others,
    its code and message; `words` is the field in which the service tells an error's message.
    """

    target: ClassVar[str]
    action: ClassVar[str]
    unknown: ClassVar[tuple[str, str]]
    words: ClassVar[str] = "message"

    @abstractmethod
    def page(self, account_id: str, asked: Asked) -> dict[str, Any]:
        """What the account is answered. Raises AwsError."""

    async def handle(
        self,
        _method: str,
        _path: str,
        headers: Mapping[str, str],
        body: bytes,
        _query: Mapping[str, list[str]],
    ) -> Answer:
        """The answer to one call that enforcement has let through."""
        try:
            self._check(headers)
            page = self.page(current.get().account_id, _read(body))
        except AwsError as error:
            return _answer(error.status, {"__type": error.code, self.words: error.message})
        return _answer(200, page)

    def _check(self, headers: Mapping[str, str]) -> None:
        if headers.get("x-amz-target") != self.target:
            raise AwsError(400, *self.unknown)
        if self.action not in current.get().judged:
            raise denied("What was asked for is not what was judged.")


def _read(body: bytes) -> Asked:
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise AwsError(400, "SerializationException", "The body is no JSON object.")
    return asked


def _answer(status: int, told: dict[str, Any]) -> Answer:
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(told).encode()
