"""What was done with a grant: its thread hears it once, and whoever may see it can ask."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.lifecycle import State
from db.store import activity
from sandbox.slack.values import Message
from tests import usage
from tests.bot.office import Office
from tests.lab import slack_id

DONE = "What was done with #1"
NOTHING = "No management events of `carol` by #1"


@pytest.fixture
def office(offices: Callable[..., Office]) -> Office:
    return offices(activity=True, permissions=usage.MAY)


def lent(office: Office) -> Message:
    """Carol has the role; the card."""
    card = office.asks()
    office.clicks("bob", "approve", card)
    return office.seen("Active until")


def ends(office: Office) -> None:
    office.later(timedelta(minutes=61).total_seconds())
    office.until(lambda: office.row().state is State.ENDED or None, "the end")


def asked_about(office: Office, minutes: float = 20.1) -> None:
    """So long after its end."""
    office.later(timedelta(minutes=minutes).total_seconds())


def heard(office: Office, card: Message, words: str) -> str:
    """What the card's thread says with these words, once it does."""

    def found() -> str | None:
        texts = [one.text for one in office.slack.thread(card)]
        return next((one for one in texts if words in one), None)

    return office.until(found, f"a thread with {words!r}")


def times(office: Office, card: Message, words: str) -> int:
    return sum(words in one.text for one in office.slack.thread(card))


def paid(office: Office) -> None:
    office.until(lambda: office.row().activity_at is None or None, "the payment")


def test_the_thread_of_a_grant_that_is_over_hears_what_was_done_writes_first(
    office: Office,
) -> None:
    card = lent(office)
    usage.works(office.lab, office.lab.visit("carol"), "one", "two")
    ends(office)
    asked_about(office)

    said = heard(office, card, DONE)

    assert "*Writes: 2*\n    iam: `CreateGroup` (2)" in said
    assert "*Refused: 1*\n    iam: `CreateUser: AccessDenied`" in said
    assert said.index("Writes") < said.index("Reads") < said.index("Refused")
    assert "First use <!date^" in said
    assert "data events" in said
    assert "us-east-1" in said
    paid(office)
    (entry,) = office.recorded("told activity")
    assert '"writes":2' in entry.text
    assert '"refused":1' in entry.text


def test_a_grant_that_nobody_used_says_where_and_until_when_nothing_is_known_of(
    office: Office,
) -> None:
    card = lent(office)
    ends(office)
    asked_about(office)

    said = heard(office, card, NOTHING)

    assert "in us-east-1 up to <!date^" in said
    assert "Not in it: data events" in said


def test_nothing_is_said_before_cloudtrail_can_know_it(office: Office) -> None:
    card = lent(office)
    ends(office)
    asked_about(office, 19)

    with office.world.database.read() as session:
        assert activity.due(session, office.clock.now()) == []
    assert times(office, card, NOTHING) == 0


def test_a_request_that_opened_nothing_owes_nothing(office: Office) -> None:
    card = office.asks()
    office.clicks("bob", "deny", card)

    view = office.window("bob", "Deny")
    office.slack.close_view(slack_id("bob"), view)
    assert office.row().activity_at is None


def test_a_word_whose_answer_was_lost_is_not_said_twice(office: Office) -> None:
    card = lent(office)
    ends(office)
    office.until(lambda: office.row().drawn == office.row().changed or None, "a drawn card")
    office.slack.force("chat.postMessage", drop=True)
    asked_about(office)

    paid(office)
    asked_about(office, 20)
    assert times(office, card, NOTHING) == 1


def test_what_slack_does_not_take_is_said_as_soon_as_it_does(office: Office) -> None:
    card = lent(office)
    ends(office)
    office.until(lambda: office.row().drawn == office.row().changed or None, "a drawn card")
    office.slack.force("chat.postMessage", status=429, retry_after=20)
    asked_about(office)
    office.until(lambda: office.slack.calls("chat.postMessage")[-1].error, "the refusal")
    assert times(office, card, NOTHING) == 0

    asked_about(office, 0.4)

    heard(office, card, NOTHING)
    paid(office)
    assert times(office, card, NOTHING) == 1


def attempts(office: Office, number: int) -> None:
    office.until(lambda: office.row().activity_attempts >= number or None, f"{number} attempts")


def test_what_cannot_be_read_is_tried_again_and_then_said_with_the_reason_and_the_way(
    office: Office,
) -> None:
    card = lent(office)
    ends(office)
    office.lab.bar("owner-manager")
    asked_about(office)

    for number, minutes in enumerate((2, 10, 30, 60), start=1):
        attempts(office, number)
        assert times(office, card, "could not be read") == 0
        asked_about(office, minutes + 0.1)

    said = heard(office, card, "could not be read")
    assert "sts:AssumeRole: AccessDenied" in said
    assert "`/xacct activity 1` asks again" in said
    paid(office)
    asked_about(office, 120)
    assert times(office, card, "could not be read") == 1


def test_what_can_be_read_by_then_is_told_as_if_nothing_had_been(office: Office) -> None:
    card = lent(office)
    ends(office)
    office.lab.bar("owner-manager")
    asked_about(office)
    attempts(office, 1)
    office.lab.unbar("owner-manager")

    asked_about(office, 2.1)

    heard(office, card, NOTHING)
    assert times(office, card, "could not be read") == 0


def test_what_was_owed_when_xacct_went_down_is_told_when_it_is_back(office: Office) -> None:
    card = lent(office)
    ends(office)
    office.stops()
    office.clock.move(timedelta(minutes=25))

    office.starts_again()

    heard(office, card, NOTHING)
    paid(office)
    assert times(office, card, NOTHING) == 1


def test_whoever_may_see_a_grant_may_ask_what_was_done_with_it_while_it_lasts(
    office: Office,
) -> None:
    lent(office)
    usage.works(office.lab, office.lab.visit("carol"), "one")

    for name in ("carol", "bob", "root"):
        office.says(name, "activity #1")
        assert "`CreateGroup`" in office.hears(name, DONE)

    assert {one.actor for one in office.recorded("read activity")} == {
        slack_id(name) for name in ("carol", "bob", "root")
    }


def test_to_others_it_looks_as_if_it_were_not_there_and_aws_is_not_asked(office: Office) -> None:
    lent(office)
    office.slack.add_user("U0EVE3", name="eve3")
    office.lab.aws.forget_calls()

    told = []
    for text in ("activity #1", "activity #77"):
        office.slack.command("U0EVE3", text)
    office.until(lambda: len(office.slack.ephemerals("U0EVE3")) == 2, "answers")
    told = [one.text for one in office.slack.ephemerals("U0EVE3")]

    assert sorted(told) == [
        f"There is no request #{number} that concerns you." for number in (1, 77)
    ]
    assert [one for one in office.lab.aws.calls() if "LookupEvents" in one.action] == []
    assert office.recorded("read activity") == []


def test_of_a_request_that_opened_nothing_there_is_nothing_to_ask(office: Office) -> None:
    office.asks()

    office.says("carol", "activity 1")

    office.hears("carol", "Nothing was opened by #1")


def test_what_cannot_be_read_is_the_answer_and_recorded_as_such(office: Office) -> None:
    lent(office)
    office.lab.bar("owner-manager")

    office.says("carol", "activity 1")

    said = office.hears("carol", "could not be read")
    assert "sts:AssumeRole: AccessDenied" in said
    (entry,) = office.recorded("read activity")
    assert "AccessDenied" in entry.text


def test_a_slow_account_keeps_nobody_waiting_who_wants_something_else(office: Office) -> None:
    lent(office)
    office.lab.aws.slow(1.0)
    try:
        for _ in range(3):
            office.says("carol", "activity 1")
        office.says("carol", "list")
        office.hears("carol", "*Yours*")
        assert office.recorded("read activity") == []
    finally:
        office.lab.aws.slow(0)
    answered: Any = lambda: len(office.recorded("read activity")) == 3 or None  # noqa: E731
    office.until(answered, "the answers")
