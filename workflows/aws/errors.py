"""What can go wrong at AWS, as the few cases that the rest of xacct tells apart.

The codes and what follows from each: IAM and STS API references, "Errors"; botocore's
retry rules for the throttling set.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from workflows.errors import Trouble


class AwsGone(Trouble):
    """NoSuchEntity: the user, role, group or policy is not there."""


class AwsFull(Trouble):
    """LimitExceeded: a quota; trying again does not help."""


class AwsRefused(Trouble):
    """AWS understood and said no: a missing right, a malformed document, a protected role."""


class AwsBusy(Trouble):
    """Not done, and worth another try: throttling, or our session has just run out."""


class AwsUnclear(Trouble):
    """No answer that can be trusted: a write may or may not have happened. Read, then decide."""


_BUSY: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "SlowDown",
        "PriorRequestNotComplete",
        "ConcurrentModification",
        "EntityTemporarilyUnmodifiable",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "RequestExpired",
    }
)


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turns botocore's errors into Trouble; `action` is AWS's name of the call, `iam:GetRole`."""
    try:
        yield
    except ClientError as error:
        raise _trouble(action, error) from None
    except (BotoCoreError, ResponseParserError) as error:
        # Endpoint, time-out, truncated reply. Their texts may quote the reply: not repeated.
        raise AwsUnclear(action, type(error).__name__, "no clear answer from AWS") from None


def _trouble(action: str, error: ClientError) -> Trouble:
    said = error.response.get("Error", {})
    code, message = said.get("Code", "Unknown"), said.get("Message", "")[:500]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "NoSuchEntity":
        return AwsGone(action, code, message)
    if code == "LimitExceeded":
        return AwsFull(action, code, message)
    if code in _BUSY:
        return AwsBusy(action, code, message)
    if status >= 500 or code == "ServiceFailure":
        return AwsUnclear(action, code, message)
    return AwsRefused(action, code, message)
