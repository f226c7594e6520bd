"""Less time than was asked for, what is told while a grant lasts, and what can be done about it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot import shorter
from db.lifecycle import State
from sandbox.slack.values import Message
from tests.bot.office import Office
from tests.lab import slack_id


def open_for_carol(office: Office, length: str = "1h") -> Message:
    """Asked by carol, approved by bob, open; returns what she was sent."""
    office.asks("carol", f"request payments admin {length} INC-482")
    office.clicks("bob", "approve")
    office.seen("Active until")
    return office.is_told("carol", "active until")


def thread(office: Office) -> list[str]:
    return [one.text for one in office.slack.thread(office.card())]


# --- for less


def for_less(office: Office, seconds: int) -> str:
    """What a click on that length holds, whether a card would offer it or not."""
    return f"1:{shorter.terms(office.row(), timedelta(seconds=seconds))}"


def test_an_approval_for_less_time_opens_for_less(office: Office) -> None:
    card = office.asks()
    menu = card.element("approve_less")
    assert menu is not None
    assert [one["text"]["text"] for one in menu["options"]] == [
        "Approve for 30m instead",
        "Approve for 15m instead",
        "Approve for 5m instead",
    ]

    office.clicks("bob", "approve_less", card, value=menu["options"][0]["value"])

    office.seen("30m (asked for 1h)")
    office.seen("Active until")
    row = office.row()
    assert row.ends_at is not None
    assert row.ends_at - office.clock.now() <= timedelta(minutes=31)
    assert "for 30m" in office.hears("bob", "You approved #1")


def test_of_several_approvals_the_shortest_counts(offices: Callable[..., Office]) -> None:
    office = offices(approvals=2)
    card = office.asks()
    office.clicks("bob", "approve_less", card, value=for_less(office, 900))
    shown = office.seen("The shortest counts: 15m")

    office.clicks("dora", "approve_less", shown, value=for_less(office, 1800))

    office.seen("Active until")
    assert office.row().lent_seconds == 900


@pytest.mark.parametrize("seconds", [60, 3600, 7200])
def test_an_approval_for_more_or_for_too_little_is_refused(office: Office, seconds: int) -> None:
    card = office.asks()

    office.clicks("bob", "approve_less", card, value=for_less(office, seconds), forged=True)

    office.hears("bob", "changed since")
    assert office.row().state is State.PENDING
    assert len(office.recorded("refused")) == 1


# --- the requester's messages


def test_who_has_access_gives_it_back_from_his_message(office: Office) -> None:
    told = open_for_carol(office)

    office.clicks("carol", "revoke", told)

    office.seen("AWS was read back closed")
    assert "Given back" in str(office.card().blocks)
    assert office.lab.visit("carol").answer == "AccessDenied"

    def taken_back() -> bool:
        message = next(one for one in office.dms("carol") if one.ts == told.ts)
        return "this access is over" in message.text and message.element("revoke") is None

    office.until(taken_back, "the message without its buttons")


def test_ten_minutes_before_the_end_the_requester_is_warned_once_and_can_ask_for_more(
    office: Office,
) -> None:
    open_for_carol(office)

    office.clock.move(timedelta(minutes=52))
    office.parts.sweep.wake()
    warned = office.is_told("carol", "Ask for more time before then")
    office.parts.sweep.wake()
    office.clicks("carol", "extend", warned)
    view = office.window("carol", "How much longer")
    office.slack.submit(slack_id("carol"), view, {"duration": "20m", "reason": "still at it"})

    office.window("carol", "Request #2 is filed")
    row = office.row(2)
    assert (row.extends, row.seconds, row.reason) == (1, 1200, "still at it")
    assert sum("Ask for more time" in one.text for one in office.dms("carol")) == 1


def test_a_short_grant_is_not_warned_of(office: Office) -> None:
    open_for_carol(office, "10m")

    assert office.row().remind_at is None


def test_what_ended_can_be_asked_for_again_as_it_was(office: Office) -> None:
    open_for_carol(office)
    office.clicks("bob", "revoke", office.card())
    ended = office.is_told("carol", "ended")

    office.clicks("carol", "again", ended)
    view = office.window("carol", "will be asked")
    office.slack.submit(slack_id("carol"), view, {})

    office.window("carol", "Request #2 is filed")
    again = office.row(2)
    assert (again.seconds, again.reason) == (3600, "INC-482")


def test_retry_files_what_failed_as_it_was_asked_for(office: Office) -> None:
    fails(office)
    failed = office.is_told("carol", "not opened")

    office.clicks("carol", "retry", failed)

    office.hears("carol", "Request #2 is filed")
    again = office.row(2)
    assert (again.requester, again.grantee_name) == (slack_id("carol"), "carol")
    assert (again.role, again.seconds, again.reason) == (office.row().role, 3600, "INC-482")
    office.clicks("carol", "retry", failed)
    assert "#2" in office.hears("carol", "asked already")


def test_retry_works_while_aws_does_not_let_xacct_make_sure_that_nothing_is_open(
    office: Office,
) -> None:
    fails(office, for_long=True)
    failed = office.is_told("carol", "not opened")
    assert office.row().state is State.ENDING

    office.clicks("carol", "retry", failed)

    office.hears("carol", "Request #2 is filed")
    office.lab.unbar("owner-manager")


def test_nobody_retries_what_was_somebody_elses_nor_what_is_not_over(office: Office) -> None:
    fails(office)
    failed = office.is_told("carol", "not opened")
    office.clicks("dora", "retry", failed, forged=True)
    office.hears("dora", "no request #1 of yours")

    office.clicks("carol", "retry", failed)
    office.hears("carol", "Request #2 is filed")
    office.clicks("carol", "retry", failed, value="2", forged=True)

    office.hears("carol", "It is not over yet")


def fails(office: Office, *, for_long: bool = False) -> None:
    """Carol's request is approved, and cannot be opened in time; nor, `for_long`, be closed."""
    card = office.asks()
    office.lab.bar("owner-manager")
    office.later(120)  # what xacct was lent before is over
    office.clicks("bob", "approve", card)
    office.seen("AccessDenied")
    if not for_long:
        office.lab.unbar("owner-manager")
    office.later(timedelta(hours=1).total_seconds())


def test_nobody_asks_again_for_what_was_somebody_elses(office: Office) -> None:
    open_for_carol(office)
    office.clicks("bob", "revoke", office.card())
    ended = office.is_told("carol", "ended")

    office.clicks("dora", "again", ended, forged=True)

    assert "no request #1 of yours" in str(office.window("dora", "no request #1").document)


# --- the thread, and reminders


def test_the_history_stands_in_the_thread_of_the_card(office: Office) -> None:
    open_for_carol(office)
    office.clicks("bob", "revoke", office.card())
    office.seen("Ended")

    def told() -> str | None:
        whole = "\n".join(thread(office))
        return whole if "AWS was read back closed" in whole else None

    history = office.until(told, "the whole history")
    events = ["Approved by <@U0BOB>, 1 of 1.", "Open since", "Revoked by <@U0BOB>", "Ended"]
    places = [history.index(one) for one in events]
    assert places == sorted(places)
    assert all(history.count(one) == 1 for one in events[:3])


def test_approvers_are_reminded_in_the_thread_ever_more_seldom(office: Office) -> None:
    office.asks()
    for minutes, reminded in ((15, 1), (29, 1), (2, 2), (59, 2), (2, 3)):
        office.clock.move(timedelta(minutes=minutes))
        office.parts.sweep.wake()
        _until_reminded(office, reminded)

    assert "<@U0BOB>" in thread(office)[0]
    assert "<@U0CAROL>" not in thread(office)[0]


def _until_reminded(office: Office, times: int) -> None:
    office.until(lambda: len(thread(office)) == times, f"{times} reminders")


def test_what_was_decided_is_reminded_of_no_more(office: Office) -> None:
    office.asks()

    office.says("bob", "deny #1 no")
    office.seen("Denied")

    assert office.row().remind_at is None
