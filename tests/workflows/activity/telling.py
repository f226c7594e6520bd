"""Events and what is looked for, as tests write them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

from workflows.activity.events import Event, Reading, Trace

NOON: Final = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALICE: Final = "AROAROLE:alice"

TRACE: Final = Trace(
    request=42,
    account="444455556666",
    manager_arn="arn:aws:iam::444455556666:role/xacct-ctl/xacct-owner-mgr",
    external_id=None,
    role_id="AROAROLE",
    session_name="alice",
    open_since=NOON,
    open_until=NOON + timedelta(hours=2),
    since=NOON,
    until=NOON + timedelta(hours=2),
    comers=frozenset({"AIDAALICE", "AROAVENDOR"}),
)

_numbers = count(1)


def after(**length: float) -> datetime:
    return NOON + timedelta(**length)


def call(name: str = "CreateUser", *, minutes: float = 10, **facts: Any) -> Event:
    """A call of Alice's session, which began five minutes after noon."""
    event = Event(
        id=f"event-{next(_numbers)}",
        at=after(minutes=minutes),
        region="us-east-1",
        source="iam.amazonaws.com",
        name=name,
        read_only=name.startswith(("Get", "List", "AssumeRole")),
        caller=ALICE,
        key="ASIAALICE",
        began=after(minutes=5),
    )
    return replace(event, **facts)


def entry(caller: str = "AIDAALICE", **facts: Any) -> Event:
    """The AssumeRole by which somebody came in as `alice`."""
    told = {
        "source": "sts.amazonaws.com",
        "key": None,
        "began": None,
        "made": ALICE,
        "made_key": "ASIAALICE",
    }
    return call("AssumeRole", minutes=5, **{"caller": caller, **told, **facts})


def reading(*events: Event, **facts: Any) -> Reading:
    told = Reading(events=events, regions=("us-east-1", "eu-west-1"), up_to=after(minutes=65))
    return replace(told, **facts)
