"""App Home: for each person what concerns him, and buttons that work there."""

from collections.abc import Callable

from db.lifecycle import State
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import View
from tests.bot.office import Office
from tests.lab import slack_id
from workflows.catalog.duty import Duty, Roster


def home(office: Office, name: str, words: str) -> View:
    """What this person's home shows, once it holds these words."""

    def found() -> View | None:
        view = office.slack.home(slack_id(name))
        return view if view is not None and words in str(view.document) else None

    return office.until(found, f"{name}'s home with {words!r}")


def opens(office: Office, name: str, words: str) -> View:
    assert office.slack.open_home(slack_id(name)).acked
    return home(office, name, words)


def test_an_empty_home_says_how_to_ask_and_opens_the_form(office: Office) -> None:
    view = opens(office, "dora", "You have nothing open")

    assert office.slack.click(slack_id("dora"), view, "ask").acked

    office.until(lambda: office.slack.views(slack_id("dora")), "the form")


def test_an_approver_decides_at_home_on_all_that_a_card_would_show(office: Office) -> None:
    office.asks("carol", "request payments admin 1h refunds are stuck")
    view = opens(office, "bob", "Waits for you")
    said = str(view.document)
    assert "refunds are stuck" in said
    assert "1h" in said
    assert all(one in said for one in office.row().findings)

    office.slack.click(slack_id("bob"), view, "approve")

    office.is_told("bob", "You approved #1")
    office.seen("Active until")
    assert "Waits for you" not in str(home(office, "bob", "In the roles").document)


def test_who_asked_sees_his_own_and_gives_it_back(office: Office) -> None:
    office.asks()
    view = opens(office, "carol", "pending")
    assert view.element("cancel") is not None
    office.clicks("bob", "approve")
    office.seen("Active until")
    view = opens(office, "carol", "active")

    office.slack.click(slack_id("carol"), view, "revoke")

    office.seen("Ended")
    opens(office, "carol", "Your last requests")


def test_a_request_is_taken_back_at_home(office: Office) -> None:
    office.asks()
    view = opens(office, "carol", "pending")

    office.slack.click(slack_id("carol"), view, "cancel")

    office.until(lambda: office.row().state is State.CANCELLED, "the request taken back")


def test_a_home_shows_nothing_of_what_does_not_concern_somebody(office: Office) -> None:
    office.asks("carol", "request payments admin 1h a secret project")

    view = opens(office, "root", "You have nothing open")

    assert "secret project" not in str(view.document)


def test_a_guest_is_told_that_xacct_is_not_for_him(office: Office, slack: SandboxSlack) -> None:
    slack.add_user("U0GUEST3", name="guest3", is_restricted=True)

    slack.open_home("U0GUEST3")

    def refused() -> bool:
        view = slack.home("U0GUEST3")
        return view is not None and "Guests" in str(view.document)

    office.until(refused, "the refusal")


def test_a_home_is_shown_anew_on_request(office: Office) -> None:
    view = opens(office, "carol", "You have nothing open")
    office.asks()

    office.slack.click(slack_id("carol"), view, "refresh")

    home(office, "carol", "pending")


def test_who_is_asked_as_one_of_a_trusted_group_finds_it_at_home_and_in_his_list(
    offices: Callable[..., Office],
) -> None:
    trusted = Duty(Roster.SLACK_GROUP, "S0HOMES", trusted=True, fallback=())
    office = offices(duty=trusted, approvers=(slack_id("bob"),))
    office.slack.add_usergroup("S0HOMES", [slack_id("dora")])
    office.asks("carol", "request payments admin 1h refunds are stuck")
    office.says("dora", "list")
    office.hears("dora", "#1 `prod-payments/admin`")
    assert "refunds" not in str(opens(office, "alice", "You have nothing open").document)

    office.slack.click(slack_id("dora"), opens(office, "dora", "Waits for you"), "approve")
    office.seen("Active until")

    view = opens(office, "dora", "In the roles that you approve")
    assert office.slack.click(slack_id("dora"), view, "revoke").acked
    office.seen("Ended")
