from datetime import timedelta

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.clock import SharedClock
from sandbox.slack.limits import Limit, Limits
from sandbox.slack.process import SandboxSlack
from tests.sandbox.slack.conftest import CHANNEL


def retry_after(client: WebClient, channel: str = CHANNEL) -> int:
    """The seconds after which a post that is too much may come again."""
    with pytest.raises(SlackApiError) as busy:
        client.chat_postMessage(channel=channel, text="too much")
    response = busy.value.response
    assert (response.status_code, response["error"]) == (429, "ratelimited")
    return int(response.headers["Retry-After"])


def test_what_is_more_than_a_methods_limit_is_refused_until_the_clock_has_moved(
    slack: SandboxSlack, client: WebClient, clock: SharedClock
) -> None:
    slack.limit("chat.postMessage", per_minute=2)
    for _ in range(2):
        client.chat_postMessage(channel=CHANNEL, text="within the limit")
    before = slack.messages(CHANNEL)
    wait = retry_after(client)

    assert 1 <= wait <= 60
    assert slack.messages(CHANNEL) == before
    assert slack.calls("chat.postMessage")[-1].error == "ratelimited"
    assert client.auth_test()["ok"]
    clock.move(timedelta(seconds=wait))
    assert client.chat_postMessage(channel=CHANNEL, text="again")["ok"]
    slack.lift()


def test_a_limit_per_channel_leaves_other_channels_alone_and_can_be_lifted(
    slack: SandboxSlack, client: WebClient
) -> None:
    slack.limit("chat.postMessage", per_channel_per_second=0)

    assert retry_after(client) == 1
    slack.limit("chat.postMessage", per_minute=1, per_channel_per_second=1)
    client.chat_postMessage(channel=CHANNEL, text="one")
    assert retry_after(client) <= 60
    slack.lift("chat.postMessage")
    assert client.chat_postMessage(channel=CHANNEL, text="free again")["ok"]


def test_only_what_there_is_can_be_limited(slack: SandboxSlack) -> None:
    with pytest.raises(ValueError, match="postMesage"):
        slack.limit("chat.postMesage", per_minute=1)


def test_a_window_slides_and_a_refused_call_does_not_count() -> None:
    now = 100.0
    limits = Limits(lambda: now)
    limits.put("m", Limit(per_minute=2))
    assert [limits.take("m", None) for _ in range(3)] == [None, None, 60]
    now = 130.5
    assert limits.take("m", None) == 30
    now = 160.0
    assert [limits.take("m", None) for _ in range(3)] == [None, None, 60]
    now = 20.0

    assert limits.take("m", None) is None


def test_each_channel_has_its_second_to_itself() -> None:
    now = 100.0
    limits = Limits(lambda: now)
    limits.put("m", Limit(per_minute=3, per_channel_per_second=1))
    first = [limits.take("m", channel) for channel in ("C1", "C1", "C2", None)]
    now = 101.0

    assert first == [None, 1, None, None]
    assert limits.take("m", "C1") == 59
    assert limits.take("other", "C1") is None


def test_a_person_and_their_direct_messages_are_one_channel(
    slack: SandboxSlack, client: WebClient
) -> None:
    def second_is_too_much() -> bool:
        """The two posts must fall into one second of a clock that does not stand still."""
        slack.limit("chat.postMessage", per_channel_per_second=1)
        client.chat_postMessage(channel="UBOB", text="quick")
        try:
            client.chat_postMessage(channel=slack.dm("UBOB"), text="quicker")
        except SlackApiError as busy:
            return bool(busy.response["error"] == "ratelimited")
        return False

    assert slack.until(second_is_too_much, what="a second post that is too much")
    slack.lift()
