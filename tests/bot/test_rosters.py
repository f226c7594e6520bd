"""Who is on duty decides: the real Slack group and a real PagerDuty over sockets."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import urllib3

from bot import rosters
from bot.slack import clients
from db.lifecycle import State, Why
from sandbox.pagerduty import TOKEN, SandboxPagerDuty
from tests.bot.office import FORGOTTEN, Office, settings
from tests.lab import slack_id
from workflows.catalog.duty import Duty, Escalation, Roster

Offices = Callable[..., Office]

ALICE, BOB, CAROL, DORA = map(slack_id, ("alice", "bob", "carol", "dora"))


@pytest.fixture(scope="module")
def pagerduty() -> Iterator[SandboxPagerDuty]:
    with SandboxPagerDuty.start() as sandbox:
        yield sandbox


def group(name: str, *, trusted: bool = False, fallback: tuple[str, ...] = ()) -> Duty:
    return Duty(Roster.SLACK_GROUP, name, trusted=trusted, fallback=fallback)


def schedule(name: str, *fallback: str) -> Duty:
    return Duty(Roster.PAGERDUTY, name, trusted=False, fallback=fallback)


def in_thread(office: Office, words: str) -> str:
    def found() -> str | None:
        said = [one.text for one in office.slack.thread(office.card())]
        return next((one for one in said if words in one), None)

    return office.until(found, what=f"{words!r} in the thread")


def asked_of(office: Office) -> list[str]:
    return list(office.row().asked_of)


# --- a Slack user group


def test_only_who_is_in_the_group_now_decides(offices: Offices) -> None:
    office = offices(duty=group("S0ONCALLA"))
    office.slack.add_usergroup("S0ONCALLA", [DORA])
    card = office.asks()

    office.clicks("bob", "approve", card)

    office.hears("bob", f"Only the approvers of this role can decide on it: <@{DORA}>")
    assert office.row().state is State.PENDING
    assert asked_of(office) == [DORA]
    office.clicks("dora", "approve", card)
    office.seen("Active until")


def test_who_left_the_group_after_the_card_was_posted_does_not_decide(offices: Offices) -> None:
    office = offices(duty=group("S0ONCALLB"))
    office.slack.add_usergroup("S0ONCALLB", [BOB, DORA])
    card = office.asks()
    office.slack.add_usergroup("S0ONCALLB", [DORA])
    office.clock.move(timedelta(seconds=61))

    office.clicks("bob", "approve", card)

    office.hears("bob", "can decide on it")
    assert office.row().state is State.PENDING


def test_who_went_off_duty_after_he_approved_has_approved(offices: Offices) -> None:
    office = offices(duty=group("S0ONCALLC"), approvals=2)
    office.slack.add_usergroup("S0ONCALLC", [BOB, DORA])
    card = office.asks()
    office.clicks("bob", "approve", card)
    shown = office.seen("1 of 2")
    office.slack.add_usergroup("S0ONCALLC", [DORA])
    office.clock.move(timedelta(seconds=61))

    office.clicks("dora", "approve", shown)

    office.seen("Active until")


def test_an_empty_group_leaves_the_fallback_and_the_card_says_so(offices: Offices) -> None:
    office = offices(duty=group("S0ONCALLD", fallback=(BOB,)))
    office.slack.add_usergroup("S0ONCALLD", [])

    card = office.asks()

    assert "names nobody who may approve, so the fallback is asked" in str(card.blocks)
    assert asked_of(office) == [BOB]


@pytest.mark.parametrize("trusted", [False, True])
def test_a_group_of_nobody_but_the_one_who_asks_leaves_the_fallback_to_decide(
    offices: Offices, *, trusted: bool
) -> None:
    office = offices(
        duty=group("S0HIMSELF", trusted=trusted, fallback=(BOB,)), approvers=(BOB, CAROL)
    )
    office.slack.add_usergroup("S0HIMSELF", [CAROL])

    card = office.asks("carol")

    assert "names nobody who may approve, so the fallback is asked" in str(card.blocks)
    assert asked_of(office) == [BOB]
    office.clicks("carol", "approve", card)
    office.hears("carol", "cannot decide on your own request")
    office.clicks("bob", "approve", card)
    office.seen("Active until")


def test_a_group_of_nobody_who_can_be_reached_leaves_the_fallback_to_decide(
    offices: Offices,
) -> None:
    office = offices(duty=group("S0GUESTS", fallback=(BOB,)))
    office.slack.add_usergroup("S0GUESTS", [DORA])
    office.slack.change_user(DORA, is_restricted=True)
    try:
        card = office.asks("carol")

        assert asked_of(office) == [BOB]
        office.clicks("bob", "approve", card)
        office.seen("Active until")
    finally:
        office.slack.change_user(DORA, is_restricted=False)


def test_a_group_of_nobody_but_the_machines_owner_leaves_the_fallback_to_decide(
    offices: Offices,
) -> None:
    office = offices(
        duty=group("S0OWNERS", fallback=(BOB,)),
        approvers=(BOB, ALICE),
        changed=lambda catalog: replace(
            catalog, machines=(replace(catalog.machines[0], owners=(ALICE, CAROL)),)
        ),
    )
    office.slack.add_usergroup("S0OWNERS", [ALICE])

    office.asks("carol", "request payments admin 1h --as ci release 7.4")

    assert asked_of(office) == [BOB]


def test_a_group_that_slack_does_not_know_leaves_the_fallback(offices: Offices) -> None:
    office = offices(duty=group("S0NOWHERE", fallback=(BOB,)))

    card = office.asks()

    assert "could not be read" in str(card.blocks)
    office.clicks("dora", "approve", card)
    office.hears("dora", "can decide on it")
    office.clicks("bob", "approve", card)
    office.seen("Active until")


def test_of_a_trusted_group_everybody_decides(offices: Offices) -> None:
    office = offices(duty=group("S0ONCALLE", trusted=True), approvers=(BOB,))
    office.slack.add_usergroup("S0ONCALLE", [DORA])
    card = office.asks()

    office.clicks("dora", "approve", card)

    office.seen("Active until")


def test_who_was_asked_as_one_of_a_trusted_group_revokes_by_the_card_and_no_stranger_does(
    offices: Offices,
) -> None:
    office = offices(duty=group("S0ONCALLF", trusted=True), approvers=(BOB,))
    office.slack.add_usergroup("S0ONCALLF", [DORA])
    office.clicks("dora", "approve", office.asks())
    card = office.seen("Active until")

    office.clicks("alice", "revoke", card)
    office.hears("alice", "Only the requester, an approver of the role")
    office.says("dora", "show #1")
    office.hears("dora", "Request #1")
    assert office.slack.ephemerals(DORA)[-1].element("revoke") is not None
    office.clicks("dora", "revoke", card)

    office.seen(f"Revoked by <@{DORA}>")


def test_who_approved_and_left_the_trusted_group_since_still_ends_it_and_approves_nothing(
    offices: Offices,
) -> None:
    office = offices(duty=group("S0ONCALLG", trusted=True, fallback=(BOB,)), approvers=(BOB,))
    office.slack.add_usergroup("S0ONCALLG", [DORA])
    office.clicks("dora", "approve", office.asks())
    card = office.seen("Active until")
    office.slack.add_usergroup("S0ONCALLG", [ALICE])
    office.later(FORGOTTEN)
    office.says("alice", "request payments admin 30m INC-483")
    other = office.seen("Waiting for approval")

    office.clicks("dora", "approve", other)
    office.hears("dora", "Only the approvers of this role can decide")
    office.clicks("dora", "revoke", card)

    office.until(lambda: office.row().state is State.ENDED, "the end")
    assert office.row(2).state is State.PENDING


# --- PagerDuty


def email(office: Office, name: str) -> str:
    found: dict[str, Any] = clients(settings(office.slack)).steady.users_info(user=slack_id(name))[
        "user"
    ]
    return str(found["profile"]["email"])


def on_call_office(offices: Offices, pagerduty: SandboxPagerDuty, duty: Duty) -> Office:
    return offices(duty=duty, pagerduty=pagerduty)


def test_who_is_on_call_decides_found_by_his_address(
    offices: Offices, pagerduty: SandboxPagerDuty
) -> None:
    office = on_call_office(offices, pagerduty, schedule("PONE"))
    pagerduty.on_call["PONE"] = [email(office, "dora").upper(), "stranger@example.com"]

    card = office.asks()

    assert asked_of(office) == [DORA]
    office.clicks("bob", "approve", card)
    office.hears("bob", "can decide on it")
    office.clicks("dora", "approve", card)
    office.seen("Active until")


@pytest.mark.parametrize("status", [500, 429, 302])
def test_while_pagerduty_is_down_the_fallback_decides_and_nobody_else(
    offices: Offices, pagerduty: SandboxPagerDuty, status: int
) -> None:
    office = on_call_office(offices, pagerduty, schedule("PTWO", BOB))
    pagerduty.on_call["PTWO"] = [email(office, "dora")]
    pagerduty.failing = status
    try:
        card = office.asks()
    finally:
        pagerduty.failing = None

    assert asked_of(office) == [BOB]
    assert "PagerDuty could not be read" in str(card.blocks)


def test_a_token_that_pagerduty_does_not_take_is_no_answer(pagerduty: SandboxPagerDuty) -> None:
    with pytest.raises(OSError, match="401"):
        rosters.on_call(urllib3.PoolManager(), pagerduty.url, "wrong", "PONE")


def test_a_page_that_is_cut_off_is_no_answer(pagerduty: SandboxPagerDuty) -> None:
    pagerduty.on_call["PLONG"] = [f"someone{number}@example.com" for number in range(101)]

    with pytest.raises(OSError, match="one page"):
        rosters.on_call(urllib3.PoolManager(), pagerduty.url, TOKEN, "PLONG")


# --- escalation


def test_when_nobody_decides_more_are_asked_and_everybody_hears_it(offices: Offices) -> None:
    later = Escalation(timedelta(minutes=10), (CAROL,))
    office = offices(approvers=(BOB,), escalation=later)
    card = office.asks("alice")
    office.clicks("carol", "approve", card)
    office.hears("carol", "can decide on it")

    office.clock.move(timedelta(minutes=10, seconds=1))

    said = in_thread(office, "more of you are asked now")
    assert f"<@{BOB}>, <@{CAROL}>" in said
    told = office.is_told("alice", "nobody has decided yet")
    assert f"<@{CAROL}>" in told.text
    shown = office.seen(f"asked of <@{BOB}>, <@{CAROL}>")
    assert len(office.recorded("escalated")) == 1
    office.clicks("carol", "approve", shown)
    office.seen("Active until")


def test_it_escalates_once(offices: Offices) -> None:
    later = Escalation(timedelta(minutes=10), (CAROL,))
    office = offices(approvers=(BOB,), escalation=later)
    office.asks("alice")
    for _ in range(3):
        before = office.row().reminded
        office.clock.move(timedelta(minutes=61))
        office.until(partial(_reminded_again, office, before), what="a reminder")

    assert len(office.recorded("escalated")) == 1


def leads(name: str, *to: str) -> Escalation:
    """After ten minutes these people are asked, too, and everybody in the group."""
    return Escalation(timedelta(minutes=10), to, group(name, trusted=True))


def test_an_escalation_widens_to_a_slack_group_of_people_whom_the_catalog_does_not_name(
    offices: Offices,
) -> None:
    office = offices(approvers=(BOB,), escalation=leads("S0LEADSA"))
    office.slack.add_usergroup("S0LEADSA", [DORA, ALICE])
    card = office.asks("alice")
    office.clicks("dora", "approve", card)
    office.hears("dora", "can decide on it")

    office.later(timedelta(minutes=10, seconds=1).total_seconds())

    assert f"<@{BOB}>, <@{DORA}>" in in_thread(office, "more of you are asked now")
    assert f"<@{ALICE}>" not in office.is_told("alice", "nobody has decided yet").text
    shown = office.seen(f"asked of <@{BOB}>, <@{DORA}>")
    office.clicks("dora", "approve", shown)
    office.seen("Active until")


def test_a_group_of_an_escalation_that_cannot_be_read_is_no_yes_and_is_named(
    offices: Offices,
) -> None:
    office = offices(approvers=(BOB,), escalation=leads("S0GONE", CAROL))
    office.asks("alice")

    office.later(timedelta(minutes=10, seconds=1).total_seconds())

    words = "the Slack user group S0GONE could not be read, so nobody of it is asked"
    in_thread(office, words)
    shown = office.seen(words)
    office.is_told("alice", words)
    office.clicks("dora", "approve", shown)
    office.hears("dora", f"can decide on it: <@{BOB}>, <@{CAROL}>")
    office.clicks("carol", "approve", shown)
    office.seen("Active until")


def test_who_left_the_group_of_an_escalation_before_the_opening_has_approved_nothing(
    offices: Offices,
) -> None:
    office = offices(approvers=(BOB,), escalation=leads("S0LEADSB"), approvals=2)
    office.slack.add_usergroup("S0LEADSB", [DORA])
    office.asks("alice")
    office.later(timedelta(minutes=10, seconds=1).total_seconds())
    office.clicks("dora", "approve", office.seen(f"asked of <@{BOB}>, <@{DORA}>"))
    shown = office.seen("1 of 2")
    office.slack.add_usergroup("S0LEADSB", [CAROL])
    office.later(FORGOTTEN)

    office.clicks("bob", "approve", shown)

    office.until(lambda: office.row().state is State.ENDED, "the end")
    assert office.row().why is Why.CHANGED


def _reminded_again(office: Office, before: int) -> bool:
    return office.row().reminded > before


# --- nobody who can be reached


def test_a_request_that_only_deactivated_people_could_approve_is_refused_at_once(
    offices: Offices,
) -> None:
    office = offices(approvers=(BOB, ALICE))
    office.slack.change_user(BOB, deleted=True)
    try:
        office.says("alice", "request payments admin 1h INC-482")

        assert "0 can be asked" in office.hears("alice", "Nobody could approve this")
    finally:
        office.slack.change_user(BOB, deleted=False)
