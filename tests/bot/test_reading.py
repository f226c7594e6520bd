"""What people can ask about, and that each sees what concerns him and no more."""

from collections.abc import Callable

import pytest

from db.lifecycle import State
from tests.bot.office import Office
from tests.lab import slack_id


def opened(office: Office) -> None:
    card = office.asks()
    office.clicks("bob", "approve", card)
    office.seen("Active until")


def test_who_is_in_until_when_and_by_whose_word(office: Office) -> None:
    opened(office)

    office.says("dora", "who payments")

    answer = office.hears("dora", "*In `prod-payments` now*")
    assert "`carol` (<@U0CAROL>) until <!date^" in answer
    assert "approved by <@U0BOB>: #1 INC-482" in answer


def test_nobody_is_in_an_account_where_nothing_is_open(office: Office) -> None:
    office.says("dora", "who payments admin")

    office.hears("dora", "Nobody has access to `prod-payments/admin`")


def test_the_roles_that_somebody_may_ask_for_are_listed_with_their_terms(office: Office) -> None:
    office.says("carol", "roles PAY adm")

    told = office.hears("carol", "*You may ask for*")
    assert "`prod-payments/admin`" in told
    assert "1h, at most 12h, 1 approval" in told
    office.says("carol", "roles billing")
    office.hears("carol", "There is no role with `billing` in its name")


def test_what_may_not_be_asked_for_looks_as_if_it_were_not_there(
    offices: Callable[..., Office],
) -> None:
    office = offices(requesters=(slack_id("alice"),))

    for text in ("roles", "who payments", "request payments admin 1h why", "request nowhere x y"):
        office.says("carol", text)

    office.hears("carol", "There is no role that you may ask for")
    office.until(lambda: len(office.told("carol")) == 4, "answers")
    told = office.told("carol")
    assert sum("You can use no account called payments." in one for one in told) == 2
    assert sum("You can use no account called nowhere." in one for one in told) == 1
    assert "prod-payments" not in "".join(told)


def test_a_request_is_shown_with_the_buttons_that_work_for_who_asks(office: Office) -> None:
    office.asks()
    shown = {}
    for name in ("carol", "bob", "root"):
        office.says(name, "show #1")
        office.hears(name, "Request #1:")
        message = office.slack.ephemerals(slack_id(name))[-1]
        shown[name] = {one for one in ("approve", "deny", "revoke") if message.element(one)}

    assert shown == {"carol": set(), "bob": {"approve", "deny"}, "root": set()}


def test_a_request_that_does_not_concern_somebody_looks_as_if_it_were_not_there(
    office: Office,
) -> None:
    office.asks()
    office.slack.add_user("U0EVE2", name="eve2")

    office.slack.command("U0EVE2", "show #1")
    office.slack.command("U0EVE2", "show #77")

    office.until(lambda: len(office.slack.ephemerals("U0EVE2")) == 2, "answers")
    told = office.slack.ephemerals("U0EVE2")
    assert sorted(one.text for one in told) == [
        "There is no request #1 that concerns you.",
        "There is no request #77 that concerns you.",
    ]


def test_a_typed_approval_shows_the_request_and_approves_with_its_button(office: Office) -> None:
    office.asks()
    office.says("bob", "approve #1 the ticket is fine")
    office.hears("bob", "Request #1")
    assert office.row().state is State.PENDING
    shown = office.slack.ephemerals(slack_id("bob"))[-1]

    office.clicks("bob", "approve", shown)

    office.seen("Active until")
    assert "the ticket is fine" in office.recorded("remarked")[0].text


@pytest.mark.parametrize("who", ["carol", "root"])
def test_a_typed_decision_is_refused_like_a_clicked_one(office: Office, who: str) -> None:
    office.asks()

    office.says(who, "approve #1")
    office.says(who, "deny #1 no")

    office.until(lambda: len(office.recorded("refused")) == 2, "two refusals")
    assert office.row().state is State.PENDING


def test_a_typed_denial_gives_its_reason_to_who_asked(office: Office) -> None:
    office.asks()

    office.says("bob", "deny 1 not on a Friday")

    assert "Reason: not on a Friday" in office.is_told("carol", "denied by").text


def test_a_request_is_taken_back_by_who_asked_and_nobody_else(office: Office) -> None:
    office.asks()

    office.says("bob", "cancel #1")
    office.hears("bob", "There is no request #1 of yours.")
    office.says("carol", "cancel #1")
    office.hears("carol", "cancelled, nothing was open")

    assert office.row().state is State.CANCELLED
    office.says("carol", "cancel #1")
    office.hears("carol", "cannot be taken back any more")


def test_what_is_open_is_not_taken_back_but_ended(office: Office) -> None:
    opened(office)

    office.says("carol", "cancel #1")

    office.hears("carol", "End it with `/xacct revoke #1`.")
    assert office.row().state is State.ACTIVE
