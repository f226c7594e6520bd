"""What happens between a person and the inbox, over real sockets."""

import socket
from collections.abc import Callable

import pytest
from slack_sdk import WebClient

from bot import blocks
from bot.cards import Drawing
from bot.desk import BUSY, turn_away
from bot.listeners.buttons import OLD
from bot.slack import clients
from bot.telling import Reader
from db.lifecycle import State
from sandbox.slack.values import Message
from tests.bot.office import Office, settings
from tests.lab import slack_id


def posted(office: Office, *buttons: blocks.Json) -> Message:
    """A message of the bot's with these buttons, as an older version may have left it."""
    client: WebClient = clients(settings(office.slack)).posting
    shown = blocks.actions("old", buttons)
    ts = client.chat_postMessage(channel=office.channel, text="old", blocks=shown)["ts"]
    return next(one for one in office.cards() if one.ts == ts)


def test_grammar_mistakes_are_answered_in_the_acknowledgement_and_leave_nothing(
    office: Office,
) -> None:
    reply = office.says("carol", "request prod/a/b")

    assert reply.acked
    assert reply.payload is not None
    assert reply.payload["response_type"] == "ephemeral"
    assert "/xacct request" in reply.payload["text"]
    assert office.inbox() == []


def test_help_is_answered_in_the_acknowledgement(office: Office) -> None:
    reply = office.says("carol", "help revoke")

    assert reply.payload is not None
    assert "/xacct revoke" in reply.payload["text"]
    assert office.inbox() == []


def test_a_command_is_acknowledged_only_when_it_is_durable(office: Office) -> None:
    reply = office.says("carol", "list")

    assert reply.acked
    assert [(one.kind, one.user) for one in office.inbox()] == [("list", slack_id("carol"))]


@pytest.mark.parametrize("value", ["", "0", "-1", "1:", "1:xyz!", "9" * 40, "1:abc; DROP"])
def test_a_forged_value_of_a_button_reaches_nothing(office: Office, value: str) -> None:
    message = posted(office, blocks.button("approve", "Approve", "1:abc"))

    reply = office.clicks("bob", "approve", message, value=value, forged=True)

    assert reply.acked
    assert office.hears("bob", "older version") == OLD
    assert office.inbox() == []


def test_when_the_inbox_cannot_be_written_the_person_is_told_and_nothing_is_recorded(
    office: Office,
) -> None:
    card = office.asks()
    before = len(office.inbox())
    with office.world.database.write(first=True):  # somebody else writes, and does not stop
        typed = office.says("carol", "list")
        clicked = office.clicks("bob", "approve", card)

    assert typed.payload == {"response_type": "ephemeral", "text": BUSY}
    assert clicked.acked
    assert office.hears("bob", "busy") == BUSY
    assert typed.latency < 3
    assert clicked.latency < 3
    assert len(office.inbox()) == before
    assert office.row().state is State.PENDING


def test_nobody_waits_for_a_slack_that_takes_calls_and_never_answers(
    offices: Callable[..., Office],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        office = offices(deaf_slack=f"http://127.0.0.1:{hole.getsockname()[1]}/api/")

        replies = [office.says("carol", "request payments admin 1h INC-482") for _ in range(20)]

        assert all(one.acked and one.latency < 1 for one in replies)
        assert len(office.inbox()) == 20
        office.hears("carol", "did not say who")


def test_who_is_turned_away_hears_it_in_the_way_that_he_can() -> None:
    heard: list[tuple[Reader, str | Drawing]] = []

    def aside(reader: Reader, words: str | Drawing) -> None:
        heard.append((reader, words))

    typed = turn_away(aside, {"command": "/xacct", "response_url": "typed"})
    clicked = turn_away(aside, {"type": "block_actions", "response_url": "clicked"})

    assert typed == {"response_type": "ephemeral", "text": BUSY}
    assert clicked is None
    assert heard == [(Reader("clicked"), BUSY)]
