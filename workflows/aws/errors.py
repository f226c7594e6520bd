"""What can go wrong at AWS, as the few cases that the rest of xacct tells apart.

One table says what each error code means for us; its sources are the "Errors" sections of the IAM
and STS API references, "Common errors" of both, and botocore's retry rules for the throttling set.
"""

import logging
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError

from workflows.errors import Trouble


class AwsGone(Trouble):
    """The user, role, group or policy is not there. To who closes, that is a success."""


class AwsFull(Trouble):
    """A quota: trying again does not help an opening. A closing is owed all the same."""


class AwsRefused(Trouble):
    """AWS understood and said no: a missing right, a malformed document, a protected role."""


class AwsBusy(Trouble):
    """Not done, and worth another try a little later."""


class AwsExpired(AwsBusy):
    """Our session is over, or not known any more: not done; a new session is worth another try."""


class AwsUnclear(Trouble):
    """No answer that can be trusted: a write may or may not have happened. Read, then decide."""


MEANINGS: Final[dict[str, type[Trouble]]] = {
    "NoSuchEntity": AwsGone,
    "LimitExceeded": AwsFull,
    # said no, for good
    "AccessDenied": AwsRefused,
    "AccessDeniedException": AwsRefused,
    "UnauthorizedOperation": AwsRefused,
    "MalformedPolicyDocument": AwsRefused,  # ours, or an entry of somebody else's in it
    "UnmodifiableEntity": AwsRefused,  # a service-linked role, or one of Identity Center
    "EntityAlreadyExists": AwsRefused,
    "DeleteConflict": AwsRefused,
    "PolicyNotAttachable": AwsRefused,
    "InvalidInput": AwsRefused,
    "ValidationError": AwsRefused,
    "PackedPolicyTooLarge": AwsRefused,
    "RegionDisabledException": AwsRefused,
    "SignatureDoesNotMatch": AwsRefused,  # wrong keys, or a clock that is minutes off
    "OptInRequired": AwsRefused,  # the account is suspended, or never signed up
    "SubscriptionRequired": AwsRefused,
    # nothing was done
    "Throttling": AwsBusy,
    "ThrottlingException": AwsBusy,
    "ThrottledException": AwsBusy,
    "RequestThrottled": AwsBusy,
    "RequestThrottledException": AwsBusy,
    "TooManyRequestsException": AwsBusy,
    "RequestLimitExceeded": AwsBusy,
    "SlowDown": AwsBusy,
    "PriorRequestNotComplete": AwsBusy,
    "ConcurrentModification": AwsBusy,
    "EntityTemporarilyUnmodifiable": AwsBusy,  # deleted and made anew: ids are compared each time
    "ExpiredToken": AwsExpired,
    "ExpiredTokenException": AwsExpired,
    "InvalidClientTokenId": AwsExpired,
    "UnrecognizedClientException": AwsExpired,
    "RequestExpired": AwsExpired,
    # nobody knows
    "ServiceFailure": AwsUnclear,
    "ServiceFailureException": AwsUnclear,
    "InternalFailure": AwsUnclear,
    "InternalError": AwsUnclear,
    "ServiceUnavailable": AwsUnclear,
    "RequestTimeout": AwsUnclear,
    "PolicyEvaluation": AwsUnclear,  # of a simulation: not verified
}
"""Error code → what it means. A code that is not here is a no, or with a status of 500 and more
an answer that says nothing.
"""

log = logging.getLogger(__name__)

_UNSET: Final[dict[type[BotoCoreError], str]] = {
    NoRegionError: "no region is set: AWS_DEFAULT_REGION, or `region` in ~/.aws/config",
    NoCredentialsError: "there are no keys: AWS_PROFILE, or whatever else boto3 reads",
    ProfileNotFound: "there is no profile of that name in ~/.aws: AWS_PROFILE",
}
_SERVER_FAULT: Final = 500  # HTTP status
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9-]{8,64}")
_SHOWN: Final = 500  # characters of AWS's message


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turns botocore's errors into Trouble; `action` is AWS's name of the call, `iam:GetRole`."""
    try:
        yield
    except ClientError as error:
        raise _trouble(action, error) from None
    except (NoRegionError, NoCredentialsError, ProfileNotFound) as error:  # nothing was sent
        raise AwsBusy(action, type(error).__name__, _UNSET[type(error)]) from None
    except (BotoCoreError, ResponseParserError, OSError, JSONDecodeError) as error:
        # Endpoint, time-out, truncated reply; a file of keys, or a program that tells them, which
        # botocore reads no sooner. Their texts may quote what was read: not repeated.
        kind, reference = type(error).__name__, uuid.uuid4().hex[:8]
        log.warning("%s: no clear answer from AWS: %s [%s]", action, kind, reference)
        words = "no clear answer from AWS"
        raise AwsUnclear(action, kind, words, f"reference {reference}") from None


def _trouble(action: str, error: ClientError) -> Trouble:
    said = error.response.get("Error", {})
    code, message = said.get("Code", "Unknown"), said.get("Message", "")[:_SHOWN]
    about = error.response.get("ResponseMetadata", {})
    otherwise = AwsUnclear if about.get("HTTPStatusCode", 0) >= _SERVER_FAULT else AwsRefused
    reference = str(about.get("RequestId", ""))
    shown = f"AWS request {reference}" if _REQUEST_ID.fullmatch(reference) else ""
    return MEANINGS.get(code, otherwise)(action, code, message, shown)
