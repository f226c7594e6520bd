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


def test_an_unknown_button_is_explained(office: Office) -> None:
    message = posted(office, blocks.button("gone-in-this-version", "Old", "1"))

    assert office.clicks("bob", "gone-in-this-version", message).acked

    assert office.hears("bob", "older version") == OLD
    assert office.inbox() == []


@pytest.mark.parametrize("value", ["", "0", "-1", "1:", "1:xyz!", "9" * 40, "1:abc; DROP"])
def test_a_forged_value_of_a_button_reaches_nothing(office: Office, value: str) -> None:
    message = posted(office, blocks.button("approve", "Approve", "1:abc"))

    reply = office.clicks("bob", "approve", message, value=value, forged=True)

    assert reply.acked
    assert office.hears("bob", "older version") == OLD
    assert office.inbox() == []


def test_a_stranger_from_a_shared_channel_is_refused_and_recorded(office: Office) -> None:
    card = office.asks()

    reply = office.slack.click("U0STRANGER", card, "approve", forged=True)

    assert reply.acked
    refused = office.until(lambda: office.recorded("refused"), "the refusal")[0]
    assert refused.actor == "U0STRANGER"
    assert office.row().state is State.PENDING


def test_a_command_of_another_team_is_refused_and_recorded(office: Office) -> None:
    text = "request payments admin 1h INC-482"

    reply = office.slack.command("U0STRANGER", text, forged=True)

    assert reply.acked
    refused = office.until(lambda: office.recorded("refused"), "the refusal")[0]
    assert "own Slack workspace only" in refused.text
    assert office.rows() == []


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


def test_two_deliveries_of_one_click_are_one_decision(office: Office) -> None:
    card = office.asks()
    element = card.element("approve")
    assert element is not None
    body = {
        "type": "block_actions",
        "team": {"id": office.catalog.team},
        "user": {"id": slack_id("bob"), "team_id": office.catalog.team},
        "container": {"message_ts": card.ts},
        "actions": [{"action_id": "approve", "action_ts": "1.5", "value": element["value"]}],
    }
    number, _, terms = str(element["value"]).partition(":")

    for _ in range(2):
        office.parts.desk.click("approve", body, {"request": int(number), "terms": terms})

    office.seen("Active until")
    assert [one.kind for one in office.inbox()] == ["request", "approve"]
    assert len(office.recorded("approve")) == 1
    assert office.recorded("refused") == []


def test_two_clicks_at_once_are_one_decision_and_a_word(office: Office) -> None:
    card = office.asks()

    for _ in range(2):
        assert office.clicks("bob", "approve", card).acked

    office.seen("Active until")
    office.hears("bob", "You approved #1")
    office.hears("bob", "Nothing is left to decide")
    assert len(office.recorded("approve")) == 1


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
