"""Tricky cases of windows: too late, sent twice, open for long, and messages instead of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import View
from tests.bot.office import Office
from tests.lab import slack_id

ASK = "request payments admin 1h INC-482"


def of_carol(office: Office) -> View:
    """The form as carol gets it when she says nothing: one account, one role, so it is full."""
    assert office.says("carol", "").acked
    return office.window("carol", "will be asked")


def test_who_is_known_already_gets_the_form_filled_at_once(office: Office) -> None:
    office.says("carol", "list")
    office.hears("carol", "nothing open")
    office.slack.forget_calls()

    view = of_carol(office)

    assert "One moment" not in str(view.document)
    methods = [one.method for one in office.slack.calls() if one.method.startswith("views.")]
    assert methods == ["views.open"]


def test_case_30_a_command_that_is_sent_again_shows_the_first_request(office: Office) -> None:
    office.asks()

    office.says("carol", ASK)

    assert "#1" in office.hears("carol", "asked already")
    assert len(office.rows()) == 1
    assert len(office.cards()) == 1


def test_case_30_an_event_that_slack_repeats_is_heard_once(office: Office) -> None:
    office.slack.open_home(slack_id("carol"))
    office.until(office.inbox, "the event")

    assert office.slack.redeliver_last_event().acked

    assert [one.kind for one in office.inbox()] == ["home"]


@pytest.mark.parametrize("code", ["expired_trigger_id", "exchanged_trigger_id"])
def test_case_32_a_window_that_came_too_late_is_explained_and_nothing_breaks(
    office: Office, code: str
) -> None:
    office.asks()
    office.slack.force("views.open", error=code)
    assert office.clicks("bob", "deny").acked

    assert "Please try again" in office.hears("bob", code)

    office.slack.force("views.open", error=code)
    typed = office.says("alice", "")
    assert typed.payload is not None
    assert "Please try again" in typed.payload["text"]


def test_case_33_a_form_that_is_sent_twice_files_one_request(office: Office) -> None:
    view = of_carol(office)
    values = {"duration": "1h", "reason": "why"}

    office.slack.submit(slack_id("carol"), view, values)
    office.slack.submit(slack_id("carol"), view, values, forged=True)

    office.window("carol", "is filed")
    assert len(office.rows()) == 1


def test_case_33_a_form_that_was_open_for_an_hour_is_judged_by_what_is_so_when_it_is_sent(
    office: Office,
) -> None:
    office.asks()
    office.clicks("bob", "deny")
    view = office.window("bob", "Why not")
    office.clicks("dora", "approve")
    office.seen("Active until")
    office.later(timedelta(minutes=55).total_seconds())

    office.slack.submit(slack_id("bob"), view, {"reason": "no"})

    office.window("bob", "Nothing is left to decide")
    assert office.recorded("denied") == []


def test_case_33_what_the_catalog_offers_no_more_is_refused_beside_the_field(
    office: Office,
) -> None:
    view = of_carol(office)
    office.stops()
    office.catalog = replace(office.catalog, roles=())
    office.starts_again()

    office.slack.submit(slack_id("carol"), view, {"duration": "1h", "reason": "why"})

    (shown,) = office.slack.views(slack_id("carol"))
    assert "Choose one." in str(shown.errors)
    assert office.rows() == []


def test_case_34_no_window_is_put_on_another_and_one_that_changed_meanwhile_is_left_alone(
    office: Office,
) -> None:
    view = of_carol(office)
    office.slack.forget_calls()
    office.slack.force("views.update", error="hash_conflict")
    (option,) = office.slack.suggest(slack_id("carol"), view, "account", "pay")

    assert office.slack.choose(slack_id("carol"), view, "account", option["value"]).acked

    (update,) = office.until(lambda: office.slack.calls("views.update"), "the update")
    assert update.args["hash"] == view.hash
    assert office.slack.calls("views.push") == []
    (shown,) = office.slack.views(slack_id("carol"))
    assert "will be asked" in str(shown.document)


# --- App Home: what is shown there is not told besides


def opens_home(office: Office, user: str) -> None:
    """Opens App Home and waits until it was paid."""
    before = len(office.inbox())
    assert office.slack.open_home(user).acked

    def paid() -> bool:
        rows = office.inbox()[before:]
        return bool(rows) and all(one.try_at is None for one in rows)

    office.until(paid, "the event to be paid")


def test_home_says_that_slack_does_not_say_who_somebody_is_and_no_message_does(
    office: Office, slack: SandboxSlack
) -> None:
    slack.add_user("U0HOMER", name="homer")
    slack.force("users.info", error="internal_error", times=2)

    opens_home(office, "U0HOMER")

    home = office.until(lambda: slack.home("U0HOMER"), "App Home")
    assert "did not say who" in str(home.document)
    office.until(lambda: office.recorded("refused"), "the record")
    office.stops()  # after the last words
    assert slack.messages(slack.dm("U0HOMER")) == []
    office.starts_again()


def test_home_of_another_workspace_is_refused_there_and_not_by_a_message(
    office: Office, slack: SandboxSlack
) -> None:
    slack.add_user("U0MARGE", name="marge", team_id="T0ELSEWHERE")

    office.put("home", {"home": True}, user="U0MARGE", team="T0ELSEWHERE")

    home = office.until(lambda: slack.home("U0MARGE"), "App Home")
    assert "own Slack workspace only" in str(home.document)
    office.until(lambda: office.recorded("refused"), "the record")
    office.stops()
    assert slack.messages(slack.dm("U0MARGE")) == []
    office.starts_again()


def test_home_that_is_opened_late_is_shown_as_it_is_by_now_without_a_message(
    office: Office, slack: SandboxSlack
) -> None:
    slack.add_user("U0LISA", name="lisa")
    office.put("home", {"home": True}, age=121, user="U0LISA")

    office.until(lambda: slack.home("U0LISA"), "App Home")
    office.until(lambda: office.recorded("refused"), "the record")
    office.stops()
    assert slack.messages(slack.dm("U0LISA")) == []
    office.starts_again()
