"""Tricky cases of clicks: twice, at once, late, by the wrong person."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot import blocks
from bot.listeners.buttons import OLD
from bot.slack import clients
from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Shot
from tests.bot.cases.pair import running
from tests.bot.office import Office, Sandboxes, settings
from tests.lab import slack_id
from workflows.catalog.duty import Duty, Roster
from workflows.catalog.model import Catalog, Engineer

ASK = "request payments admin 1h INC-482"


def decided(office: Office) -> list[str]:
    """The decisions that counted, out of the audit log."""
    return [one.event for kind in ("approved", "denied") for one in office.recorded(kind)]


def test_case_01_a_double_click_is_one_decision_one_grant_and_a_word(office: Office) -> None:
    card = office.asks()

    for _ in range(2):
        assert office.clicks("bob", "approve", card).acked

    office.seen("Active until")
    office.hears("bob", "You approved #1")
    office.hears("bob", "Nothing is left to decide")
    assert decided(office) == ["approved"]
    assert len(office.recorded("opened")) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_case_02_of_two_who_click_in_one_instant_one_decides_and_the_other_hears_who_did(
    slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, database_url: str, tmp_path: Path
) -> None:
    with running(Sandboxes(slack, aws, clock), database_url, tmp_path) as pair:
        card = pair.asks("carol", "request payments admin 1h INC-482")
        both = [Shot.click(slack_id(name), card, "approve") for name in ("bob", "dora")]
        slack.route(*pair.sockets)

        replies = slack.burst(both, rate=1000)

        assert [(one.acked, one.socket) for one in replies] == [(True, n) for n in pair.sockets]
        pair.seen(card, "Active until")
        (approval,) = pair.recorded("approved")
        first, second = ("bob", "dora") if approval.actor == slack_id("bob") else ("dora", "bob")
        pair.hears(first, "You approved #1")
        assert f"by <@{slack_id(first)}>" in pair.hears(second, "Nothing is left to decide")
        assert len(pair.recorded("opened")) == 1


def test_case_03_an_approval_and_a_denial_at_once_are_one_decision_and_two_records(
    office: Office,
) -> None:
    card = office.asks()
    shots = [
        Shot.click(slack_id("bob"), card, "approve"),
        Shot.command(slack_id("dora"), "deny #1 no"),
    ]

    office.slack.burst(shots, rate=1000)

    office.until(lambda: len(decided(office)) + len(office.recorded("refused")) == 2, "both")
    (won,) = decided(office)
    assert len(office.recorded("refused")) == 1
    office.seen("Active until" if won == "approved" else "Denied")


def test_case_04_a_card_from_before_a_restart_works(office: Office) -> None:
    card = office.asks()
    office.stops()
    office.starts_again()

    office.clicks("bob", "approve", card)

    office.seen("Active until")


def test_case_04_a_button_of_an_older_version_is_explained(office: Office) -> None:
    shown = blocks.actions("old", [blocks.button("gone-in-this-version", "Old", "1")])
    client = clients(settings(office.slack)).posting
    ts = client.chat_postMessage(channel=office.channel, text="old", blocks=shown)["ts"]
    message = next(one for one in office.cards() if one.ts == ts)

    assert office.clicks("bob", "gone-in-this-version", message).acked

    assert office.hears("bob", "older version") == OLD
    assert office.inbox() == []


@pytest.mark.parametrize("over", ["cancelled", "lapsed"])
def test_case_05_a_click_on_what_is_over_changes_nothing_and_says_how_it_ended(
    office: Office, over: str
) -> None:
    card = office.asks()
    if over == "cancelled":
        office.says("carol", "cancel #1")
    else:
        office.later(timedelta(hours=4, seconds=1).total_seconds())
    office.seen(over.capitalize())

    office.clicks("bob", "approve", card, forged=True)

    assert over in office.hears("bob", "Nothing is left to decide")
    assert office.cards()[-1].element("approve") is None
    assert decided(office) == []


def test_case_06_a_click_on_other_terms_than_stand_now_is_refused(office: Office) -> None:
    card = office.asks()

    office.clicks("bob", "approve", card, value=f"1:{'0' * 16}", forged=True)

    office.hears("bob", "changed since this card was drawn")
    assert office.row().state is State.PENDING


def test_case_07_nobody_decides_on_his_own_request(office: Office) -> None:
    card = office.asks("alice", "request payments admin 1h INC-482")  # she approves for the role

    office.clicks("alice", "approve", card)

    office.hears("alice", "your own request")
    assert office.row().state is State.PENDING
    assert [one.actor for one in office.recorded("refused")] == [slack_id("alice")]


def test_case_07_nobody_decides_on_his_own_under_a_second_slack_id(
    offices: Callable[..., Office],
) -> None:
    office = offices(approvers=("U0CAROL2", slack_id("bob")))
    office.slack.add_user("U0CAROL2", name="carol2", email="Carol@corp.example")
    office.slack.change_channel(office.channel, members=["U0CAROL2", slack_id("bob")])
    card = office.asks()

    assert office.slack.click("U0CAROL2", card, "approve").acked

    refused = office.until(lambda: office.recorded("refused"), "the refusal")[0]
    assert "your own request" in refused.text
    assert office.row().state is State.PENDING


def test_what_is_shown_to_the_grantee_under_a_second_slack_id_has_no_approve(
    offices: Callable[..., Office],
) -> None:
    def twice(catalog: Catalog) -> Catalog:
        second = Engineer(slack="U0CAROL3", iam_user="carol", email=None)
        return replace(catalog, engineers=(*catalog.engineers, second))

    office = offices(approvers=("U0CAROL3", slack_id("bob")), changed=twice)
    office.slack.add_user("U0CAROL3", name="carol3")
    office.asks()

    office.slack.command("U0CAROL3", "show #1")
    office.slack.open_home("U0CAROL3")

    (shown,) = office.until(lambda: office.slack.ephemerals("U0CAROL3"), "the answer")
    assert shown.text.startswith("Request #1")
    assert shown.element("approve") is None
    office.until(lambda: office.slack.home("U0CAROL3"), "App Home")
    home = office.slack.home("U0CAROL3")
    assert home is not None
    assert home.element("approve") is None


def test_case_08_who_may_not_decide_hears_it_alone_and_it_is_recorded(office: Office) -> None:
    card = office.asks()
    seen = office.slack.messages(office.channel)

    office.clicks("root", "approve", card)

    office.hears("root", "Only the approvers")
    assert office.slack.messages(office.channel) == seen
    assert [(one.actor, one.request_id) for one in office.recorded("refused")] == [
        (slack_id("root"), 1)
    ]


def test_case_09_an_approver_who_was_deactivated_decides_nothing(
    offices: Callable[..., Office],
) -> None:
    office = offices(approvers=("U0NINA", slack_id("bob")))
    office.slack.add_user("U0NINA", name="nina")
    card = office.asks()
    office.slack.change_user("U0NINA", deleted=True)
    office.later(61)

    office.slack.click("U0NINA", card, "approve", forged=True)

    refused = office.until(lambda: office.recorded("refused"), "the refusal")[0]
    assert "deactivated" in refused.text
    assert office.row().state is State.PENDING


def test_case_09_where_all_approvers_are_gone_it_is_said_at_once(
    offices: Callable[..., Office],
) -> None:
    office = offices(approvers=("U0GONE",))
    office.slack.add_user("U0GONE", name="gone", deleted=True)

    office.says("carol", ASK)

    office.hears("carol", "Nobody could approve this")
    assert (office.rows(), office.cards()) == ([], [])


def of_group(office_of: Callable[..., Office], group: str, *members: str) -> Office:
    """An office where the members of a user group decide; Slack knows the group."""
    duty = Duty(Roster.SLACK_GROUP, group, trusted=True, fallback=(slack_id("alice"),))
    office = office_of(duty=duty, approvers=())
    office.slack.add_usergroup(group, [slack_id(one) for one in members])
    return office


def test_case_10_an_approver_who_left_the_group_decides_nothing(
    offices: Callable[..., Office],
) -> None:
    office = of_group(offices, "S0LEFT", "bob", "dora")
    card = office.asks()
    office.slack.add_usergroup("S0LEFT", [slack_id("dora")])
    office.later(61)

    office.clicks("bob", "approve", card)

    office.hears("bob", "Only the approvers")
    office.clicks("dora", "approve", card)
    office.seen("Active until")


def test_case_10_while_slack_does_not_say_who_is_in_the_group_its_members_decide_nothing(
    offices: Callable[..., Office],
) -> None:
    office = of_group(offices, "S0MUTE", "bob")
    card = office.asks()
    office.later(61)
    office.slack.force("usergroups.users.list", error="internal_error")

    office.clicks("bob", "approve", card)

    office.hears("bob", "Only the approvers")
    assert office.row().state is State.PENDING


@pytest.mark.parametrize("who", ["stranger", "guest", "bot"])
def test_case_11_outsiders_decide_nothing_and_ask_for_nothing(office: Office, who: str) -> None:
    facts = {"guest": {"is_restricted": True}, "bot": {"is_bot": True}}.get(who, {})
    user = f"U0OUT{who.upper()}"
    team = "T0ELSEWHERE" if who == "stranger" else office.catalog.team
    office.slack.add_user(user, name=f"out{who}", team_id=team, **facts)
    card = office.asks()

    assert office.slack.click(user, card, "approve", forged=True).acked
    assert office.slack.command(user, ASK, forged=True).acked

    office.until(lambda: len(office.recorded("refused")) == 2, "two refusals")
    assert {one.actor for one in office.recorded("refused")} == {user}
    assert [one.state for one in office.rows()] == [State.PENDING]


def test_case_12_members_of_the_organisation_that_the_catalog_names_are_served(
    slack: SandboxSlack, offices: Callable[..., Office]
) -> None:
    slack.join_enterprise("E0GRID")
    try:
        office = offices(changed=lambda told: replace(told, enterprise="E0GRID"))
        for name in ("carol", "bob"):
            slack.change_user(slack_id(name), enterprise_id="E0GRID")

        office.clicks("bob", "approve", office.asks())

        office.seen("Active until")
    finally:
        slack.join_enterprise(None)
        for name in ("carol", "bob"):
            slack.change_user(slack_id(name), enterprise_id=None)


@pytest.mark.parametrize(
    "elsewhere", [{"from_team": "T0ELSEWHERE"}, {"enterprise_id": "E0ELSEWHERE"}]
)
def test_case_12_what_comes_from_another_workspace_or_organisation_is_refused_and_recorded(
    office: Office, elsewhere: dict[str, str]
) -> None:
    office.slack.add_user("U0FORGED", name="forged", **elsewhere)
    card = office.asks()

    office.slack.click("U0FORGED", card, "approve", forged=True)
    office.slack.command("U0FORGED", ASK, forged=True)

    office.until(lambda: len(office.recorded("refused")) == 2, "two refusals")
    assert all("own Slack workspace only" in one.text for one in office.recorded("refused"))
    assert len(office.rows()) == 1
