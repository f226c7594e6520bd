"""Reminders mention whom they are for, once each, whatever of Slack fails half way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.store import reminders
from sandbox.slack.values import Message
from tests.bot.office import FORGOTTEN, Office
from tests.lab import slack_id
from workflows.catalog.duty import Escalation

BOB, CAROL, DORA = map(slack_id, ("bob", "carol", "dora"))
WAITS = "for a decision"


def due(office: Office, minutes: float = 15.1) -> None:
    office.later(timedelta(minutes=minutes).total_seconds())


def mentions(office: Office, card: Message) -> int:
    return sum(WAITS in one.text for one in office.slack.thread(card))


def settled(office: Office, number: int) -> None:
    """That many reminders were written down, and none is being said."""
    office.until(lambda: office.row().reminded >= number, f"{number} reminders")


def still(office: Office) -> None:
    """What is owed again within two minutes is paid."""
    for _ in range(4):
        office.later(31)
        office.until(lambda: not _due(office), "nothing that is due")


def _due(office: Office) -> list[int]:
    with office.world.database.read() as session:
        return list(reminders.due(session, office.clock.now()))


def test_a_reminder_whose_answer_was_lost_mentions_nobody_a_second_time(office: Office) -> None:
    card = office.asks()
    office.slack.force("chat.postMessage", drop=True)

    due(office)

    settled(office, 1)
    still(office)
    assert mentions(office, card) == 1


@pytest.mark.parametrize("fault", [{"status": 429, "retry_after": 20}, {"error": "internal_error"}])
def test_where_one_of_several_replies_fails_nobody_is_mentioned_twice(
    office: Office, fault: dict[str, Any]
) -> None:
    office.changes_channel(is_archived=True)
    office.says("carol", "request payments admin 1h INC-482")
    cards = {name: office.card_of(name, "Waiting for approval") for name in ("bob", "dora")}
    office.slack.force("chat.postMessage")  # the first reply is taken
    office.slack.force("chat.postMessage", **fault)

    due(office)

    settled(office, 1)
    still(office)
    assert sorted(mentions(office, card) for card in cards.values()) == [0, 1]


def test_a_reminder_that_slack_did_not_take_comes_once_as_soon_as_it_does(office: Office) -> None:
    card = office.asks()
    office.slack.force("chat.postMessage", status=429, retry_after=20)

    due(office)
    office.until(lambda: office.slack.calls("chat.postMessage")[-1].error, "the refusal")
    assert mentions(office, card) == 0
    office.later(21)

    settled(office, 1)
    assert mentions(office, card) == 1


@pytest.mark.parametrize("taken", [0, 1])
def test_where_the_requester_is_told_too_each_hears_it_once_whichever_word_is_not_taken(
    offices: Callable[..., Office], taken: int
) -> None:
    office = offices(approvers=(BOB,), escalation=Escalation(timedelta(minutes=10), (CAROL,)))
    card = office.asks("alice")
    for _ in range(taken):
        office.slack.force("chat.postMessage")
    office.slack.force("chat.postMessage", status=429, retry_after=20)

    due(office, 10.1)
    office.until(lambda: office.slack.calls("chat.postMessage")[-1].error, "the refusal")
    office.later(21)

    settled(office, 1)
    office.until(lambda: mentions(office, card), "the mention")
    still(office)
    assert mentions(office, card) == 1
    assert sum("nobody has decided yet" in one.text for one in office.dms("alice")) == 1
    assert len(office.recorded("escalated")) == 1


def test_a_reminder_asks_only_who_can_be_reached_by_then(offices: Callable[..., Office]) -> None:
    later = Escalation(timedelta(minutes=10), (CAROL, DORA))
    office = offices(approvers=(BOB, DORA), escalation=later)
    card = office.asks("alice")
    office.slack.change_user(DORA, deleted=True)
    try:
        office.later(FORGOTTEN)
        due(office, 10.1)

        office.until(lambda: mentions(office, card), "the reminder")
        (said,) = [one.text for one in office.slack.thread(card) if WAITS in one.text]
        assert said.startswith(f"<@{BOB}>, <@{CAROL}>: ")
        assert list(office.row().asked_of) == [BOB, CAROL]
        assert f"<@{DORA}>" not in office.is_told("alice", "nobody has decided yet").text
    finally:
        office.slack.change_user(DORA, deleted=False)
