"""Incidents: nothing opens where it is frozen; everything ends when that is confirmed."""

from collections.abc import Callable

import pytest

from db.lifecycle import State
from tests.bot.office import Office
from tests.lab import slack_id


def opened(office: Office, name: str = "carol", number: int = 1) -> None:
    office.asks(name, "request payments admin 1h INC-482")
    office.clicks("bob", "approve")
    office.seen("Active until")
    assert office.row(number).state is State.ACTIVE


@pytest.mark.parametrize("scope", ["all", "payments", "<@U0CAROL>"])
def test_nothing_is_asked_for_or_approved_where_it_is_frozen(office: Office, scope: str) -> None:
    office.asks()
    office.slack.command(slack_id("root"), f"freeze {_typed(scope)} under attack")
    office.hears("root", "is frozen")

    office.clicks("bob", "approve")
    office.hears("bob", "frozen by <@U0ROOT>")
    office.says("carol", "request payments admin 1h why")
    office.hears("carol", "under attack")

    assert office.row().state is State.PENDING
    office.says("root", f"thaw {_typed(scope)}")
    office.hears("root", "is thawed")
    office.clicks("bob", "approve")
    office.seen("Active until")


def _typed(scope: str) -> str:
    return "@carol" if scope.startswith("<@") else scope


def test_a_freeze_of_one_person_or_account_holds_nobody_else(office: Office) -> None:
    office.says("root", "freeze @alice stolen laptop")
    office.hears("root", "is frozen")

    opened(office)

    assert office.lab.visit("carol").answer == "ok"


def test_a_freeze_ends_nothing_and_is_said_to_the_administrators(office: Office) -> None:
    opened(office)

    office.says("root", "freeze")

    office.until(
        lambda: "Frozen: nothing is opened" in str(office.slack.messages(office.channel)),
        "the alert",
    )
    assert office.lab.visit("carol").answer == "ok"


@pytest.mark.parametrize("text", ["freeze", "thaw payments", "freeze nowhere", "thaw @carol"])
def test_only_administrators_freeze_and_thaw(office: Office, text: str) -> None:
    office.says("bob", text)

    office.hears("bob", "Only an administrator of xacct can do this: <@U0ROOT>.")
    assert "payments" not in "".join(office.told("bob"))


def test_what_is_not_frozen_is_not_thawed(office: Office) -> None:
    office.says("root", "thaw payments")

    office.hears("root", "prod-payments is not frozen.")


def test_everything_ends_after_the_word_was_typed(offices: Callable[..., Office]) -> None:
    office = offices()
    opened(office, "carol", 1)
    opened(office, "alice", 2)
    office.says("root", "revoke --all payments a key leaked")
    view = office.window("root", "2 requests")

    office.slack.submit(slack_id("root"), view, {"word": "prod"})
    (shown,) = office.slack.views(slack_id("root"))
    assert "not the word" in str(shown.errors)
    assert office.row(1).state is State.ACTIVE
    office.slack.submit(slack_id("root"), shown, {"word": "payments"})

    office.window("root", "#2")
    office.until(lambda: {one.state for one in office.rows()} == {State.ENDED}, "the end of both")
    assert [office.lab.visit(one).answer for one in ("carol", "alice")] == 2 * ["AccessDenied"]
    assert "a key leaked" in office.recorded("said why")[0].text


def test_all_of_one_person_ends_and_nothing_of_others(office: Office) -> None:
    opened(office, "carol", 1)
    opened(office, "alice", 2)
    office.says("root", "revoke --all @carol")
    view = office.window("root", "1 request")

    office.slack.submit(slack_id("root"), view, {"word": "revoke"})

    office.until(lambda: office.row(1).state is State.ENDED, "#1 ended")
    assert office.row(2).state is State.ACTIVE
    assert office.lab.visit("alice").answer == "ok"


def test_who_is_no_administrator_gets_no_form(office: Office) -> None:
    opened(office)

    office.says("bob", "revoke --all")

    assert "Only an administrator" in str(office.window("bob", "Only an").document)
    assert office.row().state is State.ACTIVE
