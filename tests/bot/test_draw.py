"""What Slack is owed is drawn, whatever Slack does."""

from collections.abc import Callable
from datetime import timedelta
from http.client import RemoteDisconnected

import pytest

from bot.slack import clients
from db.lifecycle import State
from tests.bot.office import Office, settings
from tests.lab import slack_id
from workflows.catalog.model import Delivery


def drawn(office: Office) -> bool:
    row = office.row()
    return row.drawn == row.changed and row.draw_at is None


def test_the_card_is_one_message_from_asked_to_ended(office: Office) -> None:
    card = office.asks()
    office.clicks("bob", "approve", card)
    office.seen("Active until")
    office.clicks("bob", "revoke")
    office.seen("Ended")

    assert [one.ts for one in office.cards()] == [card.ts]
    assert (office.row().card_channel, office.row().card_ts) == (office.channel, card.ts)


def test_the_card_says_who_revoked(office: Office) -> None:
    office.clicks("bob", "approve", office.asks())
    office.seen("Active until")

    office.clicks("dora", "revoke")

    office.seen(f"Revoked by <@{slack_id('dora')}>")


def test_a_drawing_that_slack_did_not_take_stays_owed_and_is_drawn_later(office: Office) -> None:
    card = office.asks()
    office.slack.force("chat.update", status=429, retry_after=30, times=2)

    office.clicks("bob", "approve", card)
    office.until(lambda: office.row().draw_attempts > 0, "a drawing put off")
    assert not drawn(office)
    office.until(lambda: office.row().state is State.ACTIVE, "the opening")

    def comes() -> bool:
        office.clock.move(timedelta(seconds=31))
        office.parts.sweep.wake()
        return drawn(office)

    office.until(comes, "the drawing")
    office.seen("Active until")


def test_a_lost_answer_to_a_post_is_not_repeated_by_the_client(office: Office) -> None:
    client = clients(settings(office.slack)).posting
    office.slack.force("chat.postMessage", drop=True)

    with pytest.raises(RemoteDisconnected):
        client.chat_postMessage(channel=office.channel, text="once")

    assert [one.text for one in office.cards()] == ["once"]


def test_a_channel_that_takes_no_cards_is_replaced_by_the_approvals_channel(
    offices: Callable[..., Office],
) -> None:
    office = offices(own_channel="C0GONE")

    office.says("carol", "request payments admin 1h INC-482")

    office.seen("Waiting for approval")
    assert office.row().card_channel == office.channel


def test_a_requester_who_cannot_be_told_does_not_stop_the_card(office: Office) -> None:
    office.asks()

    def everything_to_people_fails() -> None:
        office.slack.force("chat.postMessage", error="user_disabled")

    everything_to_people_fails()
    office.says("bob", "deny #1")

    office.seen("Denied")
    office.until(lambda: drawn(office), "the drawing")
    assert office.row().told == "denied"
    assert office.dms("carol") == []


def test_each_turn_is_told_once(office: Office) -> None:
    office.clicks("bob", "approve", office.asks())
    office.is_told("carol", "active until")
    office.clicks("bob", "revoke")
    office.is_told("carol", "ended")
    office.until(lambda: drawn(office), "the drawing")

    assert len(office.dms("carol")) == 2


def test_a_request_that_nobody_decides_lapses_and_says_so(office: Office) -> None:
    office.asks()

    office.clock.move(timedelta(hours=4, seconds=1))

    office.seen("Lapsed")
    office.is_told("carol", "nobody decided in time")


# --- credentials


@pytest.fixture
def vending(offices: Callable[..., Office]) -> Office:
    return offices(delivery=Delivery.CREDENTIALS)


def test_credentials_are_shown_in_a_modal_and_nowhere_else(
    vending: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    vending.clicks("bob", "approve", vending.asks())
    way_in = vending.is_told("carol", "active until")
    vending.slack.forget_calls()

    vending.slack.click(slack_id("carol"), way_in, "credentials")

    def shown() -> str | None:
        views = vending.slack.views(slack_id("carol"))
        text = str(views[-1].blocks) if views else ""
        return text if "AWS_SECRET_ACCESS_KEY" in text else None

    modal = vending.until(shown, "the credentials")
    secret = modal.partition("AWS_SECRET_ACCESS_KEY=")[2].partition("'")[0]
    token = modal.partition("AWS_SESSION_TOKEN=")[2].partition("'")[0]
    assert len(secret) > 10
    assert len(token) > 10
    calls = [one for one in vending.slack.calls() if secret in str(one.args)]
    assert [one.method for one in calls] == ["views.update"]
    everything = vending.lab.everything_stored() + caplog.text
    messages = str(vending.cards()) + str(vending.dms("carol")) + str(vending.told("carol"))
    for one in (secret, token):
        assert one not in everything
        assert one not in messages
    assert len(vending.recorded("delivered")) == 1


def test_nobody_else_gets_credentials(vending: Office) -> None:
    vending.clicks("bob", "approve", vending.asks())
    way_in = vending.is_told("carol", "active until")

    vending.slack.click(slack_id("dora"), way_in, "credentials", forged=True)

    refused = vending.until(lambda: vending.recorded("refused"), "the refusal")[0]
    assert "no request #1 of yours" in refused.text
    assert vending.recorded("delivered") == []


def test_a_window_that_slack_does_not_open_is_explained(vending: Office) -> None:
    vending.clicks("bob", "approve", vending.asks())
    way_in = vending.is_told("carol", "active until")
    vending.slack.force("views.open", error="expired_trigger_id")

    vending.slack.click(slack_id("carol"), way_in, "credentials")

    refused = vending.until(lambda: vending.recorded("refused"), "the refusal")[0]
    assert "Click the button again" in refused.text
    assert vending.recorded("delivered") == []
