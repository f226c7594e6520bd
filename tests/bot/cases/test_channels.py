"""Tricky cases of channels: gone, shared, busy, silent."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.slack import clients
from db.lifecycle import State
from db.store import drawings
from sandbox.slack.values import Message
from tests.bot.office import Office, settings
from tests.lab import slack_id

ASK = "request payments admin 1h INC-482"


def removed(office: Office, card: Message) -> None:
    """Somebody who may deletes a message of the bot's."""
    clients(settings(office.slack)).posting.chat_delete(channel=card.channel, ts=card.ts)


def test_case_22_a_card_that_was_deleted_is_posted_anew_once_and_the_grant_goes_on(
    office: Office,
) -> None:
    removed(office, office.asks())
    office.says("bob", "approve #1")
    office.hears("bob", "Request #1")
    shown = office.slack.ephemerals(slack_id("bob"))[-1]

    office.clicks("bob", "approve", shown)

    office.seen("Active until")
    assert len(office.cards()) == 1
    office.clicks("dora", "revoke")
    office.seen("Ended")
    assert len(office.cards()) == 1


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"is_archived": True}, "is archived"),
        ({"is_member": False}, "does not have xacct in it"),
        ({"is_private": True, "is_member": False}, "is not there for xacct"),
        ({"is_ext_shared": True}, "is shared with another organisation"),
        ({"is_pending_ext_shared": True}, "is shared with another organisation"),
    ],
    ids=["archived", "not in it", "gone", "shared", "to be shared"],
)
def test_case_23_where_the_channel_takes_no_cards_those_asked_get_them_directly(
    office: Office, facts: dict[str, Any], words: str
) -> None:
    office.changes_channel(**facts)

    office.says("carol", ASK)

    card = office.card_of("bob", "Waiting for approval")
    office.card_of("dora", "Waiting for approval")
    assert "got it in direct messages" in office.is_told("carol", "no channel takes").text
    assert words in office.is_told("root", "takes no cards").text
    assert office.cards() == []

    office.clicks("bob", "approve", card)

    office.card_of("bob", "Active until")
    office.card_of("dora", "Active until")
    office.is_told("carol", "active until")
    assert office.row().state is State.ACTIVE


def test_case_23_what_is_wrong_with_a_channel_is_over_when_it_is_mended(office: Office) -> None:
    office.changes_channel(is_archived=True)
    office.says("carol", ASK)
    office.is_told("root", "takes no cards")

    office.changes_channel(is_archived=False)
    office.parts.channels.look()
    office.parts.sweep.wake()

    office.until(
        lambda: "Over: A channel takes no cards." in [one.text for one in office.dms("root")],
        "the end of the alert",
    )
    office.says("alice", ASK)
    office.seen("Waiting for approval")


def test_case_23_a_channel_that_the_bot_is_put_out_of_loses_no_request(office: Office) -> None:
    office.asks()

    office.changes_channel(is_member=False)
    office.says("bob", "deny #1 no")

    office.is_told("carol", "denied by")
    office.until(lambda: office.row().draw_at is None, "the drawing")
    assert office.row().state is State.DENIED


def test_case_23_what_is_wrong_is_found_before_anybody_asks(office: Office) -> None:
    office.changes_channel(is_archived=True)

    office.parts.channels.look(everywhere=True)

    assert list(office.standing()) == [f"channel:{office.channel}"]


def test_a_card_in_a_channel_that_is_shared_later_says_nothing_any_more(office: Office) -> None:
    card = office.asks()

    office.changes_channel(is_ext_shared=True)
    office.clicks("bob", "approve", card)

    office.card_of("bob", "Active until")
    (left,) = [one for one in office.slack.messages(office.channel) if one.ts == card.ts]
    assert "carol" not in str(left.blocks) + left.text
    assert left.element("approve") is None
    threads = [one for one in office.slack.messages(office.channel) if one.thread_ts == card.ts]
    assert all("approved" not in one.text for one in threads)


def test_a_role_whose_own_channel_is_shared_uses_the_approvals_channel(
    offices: Callable[..., Office],
) -> None:
    office = offices(own_channel="C0SHARED")
    office.slack.add_channel("C0SHARED", "shared", members=[], is_ext_shared=True)
    office.later(61)

    office.says("carol", ASK)

    office.seen("Waiting for approval")
    assert office.row().card_channel == office.channel
    assert office.slack.messages("C0SHARED") == []


def test_while_slack_does_not_say_whether_a_channel_is_shared_nothing_is_posted(
    office: Office,
) -> None:
    office.later(61)
    office.slack.force("conversations.info", error="internal_error", times=3)
    office.says("carol", ASK)
    office.until(lambda: office.rows() and office.row().draw_attempts, "a drawing put off")
    assert office.cards() == []

    def comes() -> bool:
        office.later(31)
        return bool(office.cards())

    office.until(comes, "the card")


def test_case_24_who_cannot_be_told_finds_it_in_the_thread_and_at_home(office: Office) -> None:
    card = office.asks()
    office.slack.force("chat.postMessage", error="messages_tab_disabled")

    office.says("bob", "deny #1 not today")

    office.seen("Denied")
    office.until(lambda: "not today" in str(office.slack.thread(card)), "the thread")
    assert office.dms("carol") == []
    office.slack.open_home(slack_id("carol"))
    office.until(lambda: "denied" in str(office.slack.home(slack_id("carol"))), "App Home")


def test_case_25_a_busy_channel_is_left_alone_and_only_its_last_state_is_drawn(
    offices: Callable[..., Office],
) -> None:
    office = offices(own_channel="C0BUSY")
    office.slack.add_channel("C0BUSY", "busy", members=[slack_id("bob")])
    office.later(61)
    office.says("carol", ASK)
    card = office.until(lambda: office.slack.messages("C0BUSY"), "the card")[0]
    office.until(lambda: office.row().terms and office.row().draw_at is None, "the last drawing")
    office.slack.forget_calls()
    office.slack.force("chat.update", status=429, retry_after=30)

    office.says("bob", "deny #1 no")

    office.until(lambda: office.row().draw_attempts, "a drawing put off")
    assert office.row().state is State.DENIED
    office.is_told("carol", "denied by")
    office.says("alice", ASK)
    office.hears("alice", "is filed")
    office.until(lambda: office.row(2).draw_attempts, "a drawing that waits")
    assert len(asked(office, "chat.update", card.channel)) == 1
    assert asked(office, "chat.postMessage", card.channel) == []

    office.later(31)

    office.until(lambda: len(office.slack.messages("C0BUSY")) > 1, "the second card")
    office.until(lambda: office.row().draw_at is None, "the drawing")
    assert "Denied" in str(office.slack.messages("C0BUSY")[0].blocks)
    assert len(asked(office, "chat.update", card.channel, ts=card.ts)) == 2


def asked(office: Office, method: str, channel: str, **args: str) -> list[Any]:
    wanted = {"channel": channel, **args}.items()
    return [one for one in office.slack.calls(method) if wanted <= one.args.items()]


def test_case_26_of_two_cards_each_works_and_the_older_says_so_once_it_is_clicked(
    office: Office,
) -> None:
    office.slack.force("chat.postMessage", drop=True)
    office.says("carol", ASK)
    office.until(lambda: office.rows() and office.row().draw_attempts, "an answer lost")
    lost = office.card()
    office.until(lambda: office.row().terms, "the look")

    def comes() -> bool:
        office.later(31)
        return len(office.cards()) == 2

    office.until(comes, "the card that was posted again")
    newer = office.seen("Waiting for approval")
    office.clicks("bob", "approve", replace(newer, ts=lost.ts), forged=True)

    office.seen("Active until")
    older = "replaced by a newer card"
    office.until(lambda: older in str(office.cards()[0].blocks), "the word")
    assert (office.cards()[0].ts, office.cards()[0].element("deny")) == (lost.ts, None)
    assert len(office.recorded("approved")) == 1


def test_case_26_a_card_whose_answer_was_lost_is_known_by_the_first_click_on_it(
    office: Office,
) -> None:
    office.asks()
    card = office.card()
    with office.world.database.write() as session:  # as if the answer to the post had been lost
        drawings.remember(session, 1, card_channel=None, card_ts=None)

    office.clicks("bob", "approve", card)

    office.seen("Active until")
    office.until(lambda: office.row().card_ts == card.ts, "the card that is known again")
    assert [one.ts for one in office.cards()] == [card.ts]


def directly(office: Office) -> Message:
    """Bob's card, in his messages: the channel takes none."""
    office.changes_channel(is_archived=True)
    office.says("carol", ASK)
    card = office.card_of("bob", "Waiting for approval")
    office.card_of("dora", "Waiting for approval")
    office.until(lambda: office.row().draw_at is None, "the drawing")
    return card


def test_a_card_in_direct_messages_whose_answer_was_lost_is_known_by_the_first_click_on_it(
    office: Office,
) -> None:
    card = directly(office)
    left = {slack_id("dora"): office.row().copies[slack_id("dora")]}
    assert office.row().terms
    with office.world.database.write() as session:  # as if the answer had been lost
        drawings.remember(session, 1, copies=left)

    office.says("dora", "deny #1 no")
    office.card_of("dora", "Denied")
    office.until(lambda: office.row().draw_at is None, "the drawing")
    office.clicks("bob", "approve", card)

    office.until(lambda: slack_id("bob") in office.row().copies, "the card that is known again")
    assert office.row().copies == {**left, slack_id("bob"): [card.channel, card.ts]}
    assert office.card_of("bob", "Denied").ts == card.ts


def test_of_two_cards_in_direct_messages_the_older_says_so_once_it_is_clicked(
    office: Office,
) -> None:
    newer = directly(office)
    posted = clients(settings(office.slack)).posting.chat_postMessage(
        channel=newer.channel, text=newer.text, blocks=newer.blocks
    )

    office.clicks("bob", "approve", replace(newer, ts=str(posted["ts"])))

    office.card_of("dora", "Active until")
    assert office.row().copies[slack_id("bob")] == [newer.channel, newer.ts]

    def older() -> bool:
        (found,) = [one for one in office.dms("bob") if one.ts == posted["ts"]]
        return "replaced by a newer card" in found.text and found.element("deny") is None

    office.until(older, "the word on the older card")


@pytest.mark.parametrize("place", ["messages with the app", "without the bot", "shared"])
def test_case_35_a_command_is_answered_to_the_one_person_wherever_it_is_typed(
    office: Office, place: str
) -> None:
    channel = office.slack.dm(slack_id("carol"))
    if place != "messages with the app":
        channel = f"C0{place[:4].upper().strip()}{office.channel[2:]}"
        facts = {"is_ext_shared": True} if place == "shared" else {"is_member": False}
        office.slack.add_channel(channel, channel.lower(), members=[slack_id("carol")], **facts)

    reply = office.says("carol", "list", channel=channel)

    assert reply.acked
    office.hears("carol", "nothing open")
    answer = office.slack.ephemerals(slack_id("carol"))[-1]
    assert (answer.channel, answer.only_for) == (channel, slack_id("carol"))
    assert [one for one in office.slack.messages(channel) if "nothing open" in one.text] == []
