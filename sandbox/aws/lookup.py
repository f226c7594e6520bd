"""CloudTrail's LookupEvents: the management events of an account in one region, newest first.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sandbox.aws.errors import AwsError
from sandbox.aws.json_calls import Asked, JsonCall
from sandbox.aws.request import current
from sandbox.aws.trail import Event, Trail

_MOST = 50
_ATTRIBUTES: dict[str, Callable[[Event, str], bool]] = {
    "EventId": lambda event, value: event.record["eventID"] == value,
    "EventName": lambda event, value: event.record["eventName"] == value,
    "EventSource": lambda event, value: event.record["eventSource"] == value,
    "ReadOnly": lambda event, value: event.read_only == value,
    "Username": lambda event, value: event.username == value,
    "AccessKeyId": lambda event, value: event.access_key_id == value,
    "ResourceName": lambda event, value: value in (name for _, name in event.resources),
    "ResourceType": lambda event, value: value in (kind for kind, _ in event.resources),
}


class Lookup(JsonCall):
    """Answers the calls of CloudTrail."""

    target = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
    action = "cloudtrail:LookupEvents"
    unknown = ("UnsupportedOperationException", "The sandbox looks events up only.")

    def __init__(self, trail: Trail) -> None:
        self._trail = trail

    def page(self, account_id: str, asked: Asked) -> dict[str, Any]:
        if "EventCategory" in asked:
            told = "There are no Insights events here."
            raise AwsError(400, "InvalidEventCategoryException", told)
        most = asked.get("MaxResults", _MOST)
        if not isinstance(most, int) or not 1 <= most <= _MOST:
            raise AwsError(400, "InvalidMaxResultsException", "MaxResults must be 1 to 50.")
        found = list(islice(self._found(account_id, asked), most + 1))
        page: dict[str, Any] = {"Events": [_told(event) for event in found[:most]]}
        if len(found) > most:
            page["NextToken"] = _token(asked, found[most - 1].number)
        return page

    def _found(self, account_id: str, asked: Asked) -> Iterator[Event]:
        start, end = _moment(asked, "StartTime"), _moment(asked, "EndTime")
        if start and end and start > end:
            raise AwsError(400, "InvalidTimeRangeException", "StartTime is after EndTime.")
        wanted = _wanted(asked)
        before = _before(asked)
        region = current.get().region
        for event in self._trail.newest_first(account_id, start, end):
            if event.region != region or (before is not None and event.number >= before):
                continue
            if wanted(event):
                yield event


def _wanted(asked: Asked) -> Callable[[Event], bool]:
    attributes = asked.get("LookupAttributes") or []
    if not attributes:
        return lambda _: True
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if len(attributes) > 1 or key not in _ATTRIBUTES or not isinstance(value, str):
        raise AwsError(
            400,
            "InvalidLookupAttributesException",
            "One attribute can be looked up, with a key that CloudTrail knows and a value.",
        )
    return lambda event: _ATTRIBUTES[key](event, value)


def _moment(asked: Asked, name: str) -> datetime | None:
    if asked.get(name) is None:
        return None
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(asked[name]))
    except (TypeError, ValueError, OverflowError):
        raise AwsError(400, "InvalidTimeRangeException", f"{name} is no moment.") from None


def _token(asked: Asked, number: int) -> str:
    """Where the next page begins, bound to what was asked."""
    return base64.b64encode(f"{number}:{_digest(asked)}".encode()).decode()


def _before(asked: Asked) -> int | None:
    token = asked.get("NextToken")
    if token is None:
        return None
    try:
        number, _, digest = base64.b64decode(token, validate=True).decode().partition(":")
        if digest == _digest(asked):
            return int(number)
    except (TypeError, ValueError):
        pass
    raise AwsError(400, "InvalidNextTokenException", "The token belongs to no such look-up.")


def _digest(asked: Asked) -> str:
    same = {key: asked[key] for key in asked if key != "NextToken"}
    return hashlib.sha256(json.dumps(same, sort_keys=True).encode()).hexdigest()


def _told(event: Event) -> dict[str, Any]:
    record = event.record
    told = {
        "EventId": record["eventID"],
        "EventName": record["eventName"],
        "ReadOnly": event.read_only,
        "AccessKeyId": event.access_key_id,
        "EventTime": event.at.timestamp(),
        "EventSource": record["eventSource"],
        "Username": event.username,
        "Resources": [
            {"ResourceType": kind, "ResourceName": name} for kind, name in event.resources
        ],
        "CloudTrailEvent": json.dumps(record),
    }
    return {key: value for key, value in told.items() if value is not None}
