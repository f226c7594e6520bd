"""What was done with a grant, as CloudTrail's event history has it: `workflows.activity.Source`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final

from workflows.activity.events import Event, Reading, Trace
from workflows.aws.errors import AwsUnclear
from workflows.aws.lookup import Found, History, Lookup, home_of
from workflows.errors import Trouble

COMES_AFTER: Final = timedelta(minutes=15)
"""How late an event comes, as a rule (CloudTrail User Guide, "How CloudTrail works")."""

KEPT: Final = timedelta(days=90)
"""How far the event history goes back (CloudTrail User Guide, "Working with CloudTrail event
history").
"""

PAGES: Final = 20
"""Calls for what one session name did in one region at most: a thousand events, ten seconds."""

_ENTRY_PAGES: Final = 4  # sessions of one name in one region: two hundred of them

_LACKS: Final = (
    "data events (objects in S3, calls of Lambda functions, items of DynamoDB and the like), other "
    "regions, and what was done under another role's name"
)


class EventHistory:
    """Asks `LookupEvents` in each region: a call for the sessions that began, and for what was done
    in them one per fifty events.
    """

    def __init__(self, lookup: Lookup, *, pages: int = PAGES) -> None:
        self._lookup, self._pages = lookup, pages

    def events(self, trace: Trace, *, now: datetime) -> Reading:
        """Everything that is told under the session's name. Raises Trouble where no region could be
        read.
        """
        history = self._lookup.enter(trace.manager_arn, trace.external_id)
        read: dict[str, tuple[Found, Found]] = {}
        unread: dict[str, Trouble] = {}
        for region in self._regions(trace):
            try:
                read[region] = self._asked(history, trace, region, now)
            except Trouble as trouble:
                unread[region] = trouble
        if not read:
            raise next(iter(unread.values()))
        cut = [
            found.events[-1]["EventTime"].astimezone(UTC)
            for found in chain(*read.values())
            if not found.whole
        ]
        told = (one for both in read.values() for found in both for one in found.events)
        return Reading(
            events=tuple(_events(told)),
            regions=tuple(read),
            up_to=min(trace.until, now - COMES_AFTER),
            unread={region: str(trouble) for region, trouble in unread.items()},
            cut_at=max(cut, default=None),
            kept_since=now - KEPT if trace.since < now - KEPT else None,
            source="CloudTrail's event history",
            lacks=_LACKS,
        )

    def _regions(self, trace: Trace) -> Sequence[str]:
        """Where IAM's events are, and the regions that are named, or else xacct's own."""
        home, own = home_of(trace.manager_arn), self._lookup.region
        usual = [own] if own is not None and _partition(own) == _partition(home) else []
        return tuple(dict.fromkeys([home, *(trace.regions or usual)]))

    def _asked(
        self, history: History, trace: Trace, region: str, now: datetime
    ) -> tuple[Found, Found]:
        """The AssumeRole calls of the name since it could enter, and what was done under it."""
        begun, since = (max(one, now - KEPT) for one in (trace.open_since, trace.since))
        until = max(begun, since, min(trace.until, now))
        entries = history.find(
            "ResourceName",
            trace.session,
            since=begun,
            until=until,
            region=region,
            pages=_ENTRY_PAGES,
        )
        calls = history.find(
            "Username",
            trace.session_name,
            since=since,
            until=until,
            region=region,
            pages=self._pages,
        )
        return entries, calls


def _partition(region: str) -> str:
    return next((one for one in ("cn-", "us-gov-") if region.startswith(one)), "")


def _events(told: Iterator[Mapping[str, Any]]) -> Iterator[Event]:
    """Raises Trouble for an event that is not as AWS describes it."""
    try:
        yield from map(_event, told)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        words = "an event is not as AWS describes it"
        raise AwsUnclear("cloudtrail:LookupEvents", type(error).__name__, words) from None


def _event(told: Mapping[str, Any]) -> Event:
    record: Mapping[str, Any] = json.loads(told["CloudTrailEvent"])
    who = record.get("userIdentity") or {}
    made = record.get("responseElements") or {}
    began = ((who.get("sessionContext") or {}).get("attributes") or {}).get("creationDate")
    return Event(
        id=str(record.get("eventID") or told["EventId"]),
        at=_moment(record["eventTime"]),
        region=str(record.get("awsRegion", "")),
        source=str(record["eventSource"]),
        name=str(record["eventName"]),
        read_only=_is_read_only(record, told),
        caller=str(who.get("principalId", "")),
        error=record.get("errorCode"),
        key=who.get("accessKeyId"),
        began=None if began is None else _moment(began),
        role=(record.get("requestParameters") or {}).get("roleArn"),
        made=(made.get("assumedRoleUser") or {}).get("assumedRoleId"),
        made_key=(made.get("credentials") or {}).get("accessKeyId"),
    )


def _is_read_only(record: Mapping[str, Any], told: Mapping[str, Any]) -> bool:
    """What is not said to be a read counts as a write: it is told first, not hidden."""
    said = record.get("readOnly", told.get("ReadOnly"))
    return str(said).casefold() == "true"


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
