from collections.abc import Iterator

import pytest
from slack_sdk import WebClient

from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Json
from tests.sandbox.slack.conftest import CHANNEL


@pytest.fixture
def slack(clock: SharedClock) -> Iterator[SandboxSlack]:
    with SandboxSlack.start(clock) as slack:
        for user in ("UANN", "UBOB", "UOUT"):
            slack.add_user(user)
        slack.add_channel(CHANNEL, "team", members=["UANN", "UBOB"])
        slack.add_usergroup("SONCALL", ["UANN", "UOUT"])
        yield slack


def mrkdwn(text: str) -> list[Json]:
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]


def rich(element: Json) -> list[Json]:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "hi"}, element]}
    return [{"type": "rich_text", "elements": [section]}]


def notified(slack: SandboxSlack) -> dict[str, list[str]]:
    return {
        user: [message.text for message in slack.notifications(user)]
        for user in ("UANN", "UBOB", "UOUT")
    }


def test_mentions_of_people_and_of_their_groups_notify_those_who_are_in_the_channel(
    slack: SandboxSlack, client: WebClient
) -> None:
    for text in ("for <@UBOB> and <@UOUT>", "for <!subteam^SONCALL|@oncall>", "for nobody"):
        client.chat_postMessage(channel=CHANNEL, text=text)

    assert notified(slack) == {
        "UANN": ["for <!subteam^SONCALL|@oncall>"],
        "UBOB": ["for <@UBOB> and <@UOUT>"],
        "UOUT": [],
    }


def test_a_reminder_in_a_thread_notifies_and_stands_in_the_thread(
    slack: SandboxSlack, client: WebClient
) -> None:
    card = client.chat_postMessage(channel=CHANNEL, text="card")
    client.chat_postMessage(channel=CHANNEL, text="<@UANN>: still open", thread_ts=card["ts"])

    (root, _reply) = slack.messages(CHANNEL)
    assert [reply.text for reply in slack.thread(root)] == ["<@UANN>: still open"]
    (reminder,) = slack.notifications("UANN")
    assert (reminder.thread_ts, reminder.channel) == (card["ts"], CHANNEL)


def test_direct_messages_notify_and_edits_and_ephemerals_do_not(
    slack: SandboxSlack, client: WebClient
) -> None:
    sent = client.chat_postMessage(channel="UBOB", text="for you")
    card = client.chat_postMessage(channel=CHANNEL, text="card")
    client.chat_update(channel=CHANNEL, ts=card["ts"], text="now for <@UANN>")
    client.chat_update(channel=sent["channel"], ts=sent["ts"], text="for you, edited")
    client.chat_postEphemeral(channel=CHANNEL, user="UANN", text="psst <@UANN>")

    assert notified(slack) == {"UANN": [], "UBOB": ["for you"], "UOUT": []}


@pytest.mark.parametrize(
    ("blocks", "heard"),
    [
        (mrkdwn("for <@UANN>"), ["UANN"]),
        (mrkdwn("for &lt;@UANN&gt;"), []),
        (mrkdwn("for <!channel>"), ["UANN", "UBOB"]),
        ([{"type": "section", "text": {"type": "plain_text", "text": "<@UANN>"}}], []),
        ([{"type": "context", "elements": [{"type": "mrkdwn", "text": "<@UBOB>"}]}], ["UBOB"]),
        ([{"type": "markdown", "text": "**<@UBOB>**"}], ["UBOB"]),
        (rich({"type": "user", "user_id": "UBOB"}), ["UBOB"]),
        (rich({"type": "usergroup", "usergroup_id": "SONCALL"}), ["UANN"]),
        (rich({"type": "broadcast", "range": "here"}), ["UANN", "UBOB"]),
    ],
)
def test_where_there_are_blocks_they_say_who_is_called(
    slack: SandboxSlack, client: WebClient, blocks: list[Json], heard: list[str]
) -> None:
    client.chat_postMessage(channel=CHANNEL, text="card for <@UOUT>, <@UANN>", blocks=blocks)

    assert [user for user, said in notified(slack).items() if said] == heard


def test_nobody_notifies_themselves_and_whoever_left_hears_nothing(slack: SandboxSlack) -> None:
    slack.change_user("UBOB", deleted=True)
    slack.say("UANN", CHANNEL, "I, <@UANN>, and <@UBOB>")

    assert notified(slack) == {"UANN": [], "UBOB": [], "UOUT": []}
    with pytest.raises(ValueError, match="UNONE"):
        slack.notifications("UNONE")
