"""What is wrong with a channel, as Slack's own words say it."""

from typing import Any

import pytest

from bot.channels import Fault, fault_of
from bot.posting import Later
from sandbox.slack.workspace import Channel


def channel(**facts: Any) -> dict[str, Any]:
    return {**Channel("C0A", "a").json(), **facts}


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({}, None),
        ({"is_shared": True, "is_org_shared": True}, None),
        ({"is_ext_shared": True}, Fault.SHARED),
        ({"is_pending_ext_shared": True}, Fault.SHARED),
        ({"pending_shared": ["T0B"]}, Fault.SHARED),
        ({"pending_connected_team_ids": ["T0B"]}, Fault.SHARED),
        ({"connected_team_ids": ["T0B"]}, Fault.SHARED),
        ({"is_shared": True}, Fault.SHARED),
        ({"is_shared": True, "is_org_shared": True, "is_ext_shared": True}, Fault.SHARED),
        ({"is_archived": True}, Fault.ARCHIVED),
        ({"is_frozen": True}, Fault.ARCHIVED),
        ({"is_member": False}, Fault.ABSENT),
        ({"is_archived": True, "is_ext_shared": True}, Fault.SHARED),
    ],
)
def test_a_channel_takes_cards_unless_slack_says_something_against_it(
    facts: dict[str, Any], fault: Fault | None
) -> None:
    assert fault_of(channel(**facts)) is fault


def test_where_slack_does_not_say_whether_it_is_shared_nothing_is_decided() -> None:
    silent = channel()
    del silent["is_ext_shared"]

    with pytest.raises(Later):
        fault_of(silent)
