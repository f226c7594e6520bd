import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Reply
from tests.sandbox.slack.conftest import CHANNEL, Bot
from tests.sandbox.slack.test_socket_mode import Socket, a_socket, received


@pytest.fixture
def quiet(clock: SharedClock) -> Iterator[SandboxSlack]:
    """A Slack of its own, in which nothing else happens."""
    with SandboxSlack.start(clock) as slack:
        slack.add_user("UANN")
        yield slack


def told(slack: SandboxSlack, bot: Bot) -> dict[str, Any]:
    """The one event that the app was sent; its payload."""
    (payload,) = slack.until(lambda: list(bot.events), what="the event")
    return payload


def test_a_changed_person_is_told_with_everything_that_users_info_shows(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UEVE")
    slack.change_user("UEVE", deleted=True)

    event = told(slack, bot)["event"]
    assert (event["type"], event["user"]) == (
        "user_change",
        bot.client.users_info(user="UEVE")["user"],
    )
    assert event["user"]["deleted"]
    slack.change_user("UEVE", deleted=True)
    assert len(slack.events()) == len({event.payload["event_id"] for event in slack.events()})
    assert slack.events()[-1].payload["event"] == event


def test_a_user_groups_event_says_who_came_and_who_went(slack: SandboxSlack, bot: Bot) -> None:
    slack.add_usergroup("SONCALL", ["UANN"])
    slack.add_usergroup("SONCALL", ["UBOB", "UOUT"])
    slack.add_usergroup("SONCALL", ["UOUT", "UBOB"])

    event = told(slack, bot)["event"]
    assert (event["type"], event["subteam_id"]) == ("subteam_members_changed", "SONCALL")
    assert (event["added_users"], event["added_users_count"]) == (["UBOB", "UOUT"], 2)
    assert (event["removed_users"], event["removed_users_count"]) == (["UANN"], 1)
    assert 0 < event["date_previous_update"] <= event["date_update"]


def test_a_channel_that_becomes_shared_is_told_with_the_other_team(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UFAR", team_id="TFAR", is_stranger=True)
    slack.add_channel("CFAR", "far", members=["UANN"])
    slack.change_channel("CFAR", members=["UANN", "UFAR"], is_ext_shared=True)
    slack.change_channel("CFAR", is_archived=True)

    event = told(slack, bot)["event"]
    assert event | {"event_ts": ""} == {
        "type": "channel_shared",
        "connected_team_id": "TFAR",
        "channel": "CFAR",
        "event_ts": "",
    }


def test_an_events_time_is_the_shared_clocks_and_its_delivery_is_noted(
    slack: SandboxSlack, bot: Bot, clock: SharedClock
) -> None:
    slack.open_home("UANN")

    payload = told(slack, bot)
    assert abs(payload["event_time"] - clock.time()) < 30
    (sent,) = [e for e in slack.events() if e.payload["event_id"] == payload["event_id"]]
    assert (sent.type, sent.attempts, sent.acked) == ("app_home_opened", 1, True)


def test_the_last_event_can_come_twice(slack: SandboxSlack, bot: Bot) -> None:
    slack.open_home("UANN")
    assert slack.redeliver_last_event().acked

    first, second = slack.until(lambda: bot.events[1:] and bot.events, what="both")
    assert first == second
    assert slack.events()[-1].attempts == 2


def test_an_event_that_is_not_acked_comes_once_more_as_a_retry(quiet: SandboxSlack) -> None:
    async def play(socket: Socket) -> list[dict[str, Any]]:
        opening = asyncio.create_task(asyncio.to_thread(quiet.open_home, "UANN"))
        first = await received(socket)
        second = await received(socket)
        await socket.send_json({"envelope_id": second["envelope_id"]})
        assert (await opening).acked
        again = asyncio.create_task(asyncio.to_thread(quiet.redeliver_last_event))
        third = await received(socket)
        await socket.send_json({"envelope_id": third["envelope_id"]})
        assert (await again).acked
        return [first, second, third]

    async def connected() -> list[dict[str, Any]]:
        async with a_socket(quiet) as socket:
            await received(socket)
            return await play(socket)

    with pytest.raises(ValueError, match="no event was sent so far"):
        quiet.redeliver_last_event()
    envelopes = asyncio.run(connected())
    assert [(e["retry_attempt"], e["retry_reason"]) for e in envelopes] == [
        (0, ""),
        (1, "timeout"),
        (2, "timeout"),
    ]
    assert [e["accepts_response_payload"] for e in envelopes] == [False] * 3
    assert len({e["envelope_id"] for e in envelopes}) == 3
    assert len({e["payload"]["event_id"] for e in envelopes}) == 1


def test_an_event_that_nobody_listens_for_is_lost_and_noted(quiet: SandboxSlack) -> None:
    quiet.change_user("UANN", is_restricted=True)

    assert quiet.open_home("UANN") == Reply(acked=False, error="dispatch_failed")
    assert [(event.type, event.acked) for event in quiet.events()] == [
        ("user_change", False),
        ("app_home_opened", False),
    ]


def test_a_change_of_the_workspace_waits_for_no_ack(slack: SandboxSlack, bot: Bot) -> None:
    before = len(slack.events())
    slack.add_channel("CPRIV", "priv", members=["UANN"], is_private=True)
    slack.change_channel("CPRIV", is_ext_shared=True)
    slack.change_channel(CHANNEL, is_ext_shared=False)

    (event,) = slack.events()[before:]
    assert event.payload["event"]["connected_team_id"] == "T0ELSEWHERE"
    slack.until(lambda: slack.events()[-1].acked, what="the ack")
    assert [payload["event"]["channel"] for payload in bot.events] == ["CPRIV"]
