"""Answers that AWS gives when something is wrong with it, as they look on the wire.

Codes and their status: IAM API reference, "Common Errors", and each action's "Errors".
"""

import re
from email.utils import formatdate
from typing import Final

from tests.chaos.runs import What

_CODES: Final = {
    What.THROTTLING: ("400 Bad Request", "Sender", "Throttling", "Rate exceeded"),
    What.FAILURE: (
        "500 Internal Server Error",
        "Receiver",
        "ServiceFailure",
        "The request processing has failed because of an unknown error.",
    ),
    What.DENIED: ("403 Forbidden", "Sender", "AccessDenied", "User is not authorized"),
    What.LIMIT: ("409 Conflict", "Sender", "LimitExceeded", "Cannot exceed quota"),
}
_LENGTH: Final = re.compile(rb"(\r\ncontent-length: *)\d+", re.IGNORECASE)


def refusal(what: What, label: str) -> bytes:
    """The whole answer to one call."""
    status, fault, code, message = _CODES[what]
    service = label.partition(":")[0]
    body = (
        f'<ErrorResponse xmlns="https://{service}.amazonaws.com/doc/2010-05-08/">'
        f"<Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        "<RequestId>5e1f0a7c-0000-4000-8000-c4a05c4a05c4</RequestId></ErrorResponse>"
    )
    head = (
        f"HTTP/1.1 {status}",
        "content-type: text/xml",
        f"date: {formatdate(usegmt=True)}",
        f"content-length: {len(body)}",
    )
    return "\r\n".join((*head, "", body)).encode()


def truncated(reply: bytes) -> bytes:
    """The same answer with half of its body, which some proxy on the way takes for all of it."""
    head, blank, body = reply.partition(b"\r\n\r\n")
    half = body[: len(body) // 2]
    return _LENGTH.sub(rb"\g<1>%d" % len(half), head) + blank + half
