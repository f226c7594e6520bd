"""A rule that approves beforehand is said wherever people read."""

from collections.abc import Callable
from datetime import timedelta

from db.lifecycle import State
from tests.bot.office import Office
from tests.lab import slack_id
from workflows.catalog.rule import Hours, Rule

RULE = Rule(
    name="office-hours",
    roles=frozenset({"prod-payments/admin"}),
    requesters=frozenset({slack_id("carol")}),
    longest=timedelta(hours=1),
    hours=Hours(frozenset(range(7)), 0, 24 * 60, "UTC"),
)
Offices = Callable[..., Office]


def test_everybody_is_told_which_rule_approved(offices: Offices) -> None:
    office = offices(auto_approve=(RULE,))

    office.says("carol", "request payments admin 1h INC-482")

    told = office.hears("carol", "Request #1 is filed")
    assert "the rule `office-hours` approves it at once" in told
    card = office.seen("Active until")
    assert "approved by the rule `office-hours`" in str(card.blocks)
    assert "Approved by the rule `office-hours`; no person decided" in card.text
    assert "the rule `office-hours`" in office.is_told("carol", "active until").text
    office.until(
        lambda: [
            one
            for one in office.slack.messages(office.channel)
            if one.thread_ts and "Approved by the rule `office-hours`" in one.text
        ],
        "the thread's line",
    )
    office.says("root", "audit #1")
    assert "the rule `office-hours` · approve" in office.hears("root", "approved by rule")


def test_what_the_rule_does_not_fit_is_asked_of_people_and_nothing_else_is_said(
    offices: Offices,
) -> None:
    office = offices(auto_approve=(RULE,))

    office.asks("carol", "request payments admin 2h INC-482")

    assert "rule" not in office.hears("carol", "Request #1 is filed")
    assert office.row().state is State.PENDING


def test_the_form_says_what_a_rule_approves_to_whom_it_is_for(offices: Offices) -> None:
    office = offices(auto_approve=(RULE,))

    office.says("carol", "")
    form = str(office.window("carol", "will be asked").blocks)
    office.says("alice", "")
    other = str(office.window("alice", "will be asked").blocks)

    assert "the rule `office-hours` approves up to 1h, 00:00 to 24:00 UTC" in form
    assert "office-hours" not in other


def test_who_is_in_by_a_rule_is_listed_with_it(offices: Offices) -> None:
    office = offices(auto_approve=(RULE,))
    office.says("carol", "request payments admin 1h INC-482")
    office.seen("Active until")

    office.says("bob", "who payments")

    assert "approved by the rule `office-hours`" in office.hears("bob", "In `prod-payments` now")
