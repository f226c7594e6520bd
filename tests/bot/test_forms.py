"""The forms: what they ask, what they know already, and that sending one is saying a command."""

from collections.abc import Callable
from dataclasses import replace
from time import thread_time

import pytest

from bot.forms import asking
from db.lifecycle import State
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import View
from tests.bot.office import Office
from tests.lab import slack_id


def labels(view: View) -> list[str]:
    return [one["label"]["text"] for one in view.blocks if one["type"] == "input"]


def choose(office: Office, name: str, view: View, menu: str, typed: str) -> None:
    who = slack_id(name)
    (option,) = office.slack.suggest(who, view, menu, typed)
    assert office.slack.choose(who, view, menu, option["value"]).acked


def of_carol(office: Office) -> View:
    """The form as carol gets it when she says nothing: one account, one role, so it is full."""
    assert office.says("carol", "").acked
    return office.window("carol", "will be asked")


def test_a_command_that_says_nothing_opens_the_form_that_asks(office: Office) -> None:
    view = of_carol(office)

    assert labels(view) == ["Account", "Role", "For how long", "Why", "Ticket"]
    assert "<@U0BOB>" in str(view.blocks)
    assert "5m to 12h" in str(view.blocks)


def test_the_shortcut_opens_the_same_form(office: Office) -> None:
    assert office.slack.shortcut(slack_id("carol"), "xacct_request").acked

    assert labels(office.window("carol", "will be asked"))[0] == "Account"


def test_what_was_typed_stands_in_the_form(office: Office) -> None:
    office.says("carol", "request payments admin 45m")

    view = office.window("carol", "will be asked")
    assert "prod-payments - " in str(view.element("account"))
    assert view.element("duration")["initial_value"] == "45m"  # type: ignore[index]


def test_what_was_typed_and_is_not_there_is_said_above_the_form(office: Office) -> None:
    office.says("carol", "request prod-paymnets")

    assert "Did you mean prod-payments?" in str(office.window("carol", "Did you mean").blocks)


def test_a_form_that_is_sent_files_the_request_and_says_so_in_the_window(office: Office) -> None:
    view = of_carol(office)

    reply = office.slack.submit(
        slack_id("carol"),
        view,
        {"duration": "90m", "reason": "refunds\nare stuck", "ticket": "INC-4"},
    )

    assert reply.acked
    assert "Request #1 is filed" in str(office.window("carol", "is filed").document)
    row = office.row()
    assert (row.seconds, row.reason) == (5400, "INC-4: refunds are stuck")
    assert (row.requester, row.grantee_name) == (slack_id("carol"), "carol")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"duration": "13h", "reason": "why"}, "is lent for 5m to 12h"),
        ({"duration": "soon", "reason": "why"}, "Write a length of time"),
        ({"duration": "8", "reason": "why"}, "8 hours or 8 minutes?"),
        ({"duration": "1h", "reason": "AKIA" + "IOSFODNN7EXAMPLE"}, "AWS key or token"),
        ({"duration": "1h", "reason": "\u200b"}, "Say why, in words."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_nothing_that_was_written_is_lost(
    office: Office, values: dict[str, str], words: str
) -> None:
    view = of_carol(office)

    office.slack.submit(slack_id("carol"), view, values)

    (shown,) = office.slack.views(slack_id("carol"))
    assert words in str(shown.errors)
    assert (office.rows(), office.inbox()) == ([], [])


def test_a_form_that_cannot_be_taken_now_stays_with_what_was_written(office: Office) -> None:
    view = of_carol(office)
    with office.world.database.write(first=True):  # somebody else writes, and does not stop
        office.slack.submit(slack_id("carol"), view, {"duration": "1h", "reason": "why"})

    (shown,) = office.slack.views(slack_id("carol"))
    assert "busy, nothing was recorded" in str(shown.errors)
    assert (office.rows(), office.inbox()) == ([], [])


def test_a_refusal_stands_in_the_window_that_was_sent(office: Office) -> None:
    office.asks()
    view = of_carol(office)

    office.slack.submit(slack_id("carol"), view, {"duration": "1h", "reason": "why"})

    assert "asked already" in str(office.window("carol", "asked already").document)
    assert len(office.rows()) == 1


def test_an_answer_to_a_window_that_was_closed_comes_as_a_message(office: Office) -> None:
    view = of_carol(office)
    office.slack.force("views.update", error="not_found")

    office.slack.submit(slack_id("carol"), view, {"duration": "1h", "reason": "why"})

    assert "Request #1 is filed" in office.is_told("carol", "is filed").text


def test_who_may_ask_for_nothing_is_told_so_instead(offices: Callable[..., Office]) -> None:
    office = offices(requesters=(slack_id("alice"),))

    office.says("carol", "")

    assert "no role that you may ask for" in str(office.window("carol", "no role").document)


def test_a_guest_sees_no_form_and_no_names(office: Office, slack: SandboxSlack) -> None:
    slack.add_user("U0GUEST2", name="guest2", is_restricted=True)

    slack.command("U0GUEST2", "", forged=True)

    def shown() -> str | None:
        views = slack.views("U0GUEST2")
        return str(views[-1].document) if views and "Guests" in str(views[-1].document) else None

    assert "payments" not in office.until(shown, "the refusal")


def test_who_owns_machines_is_asked_for_whom_it_is(office: Office) -> None:
    office.says("alice", "")
    view = office.window("alice", "will be asked")

    office.slack.submit(
        slack_id("alice"), view, {"duration": "1h", "reason": "release", "machine": "ci"}
    )

    office.window("alice", "is filed")
    assert [(one.grantee_kind, one.grantee_name) for one in office.rows()] == [("machine", "ci")]


# --- denying


def test_deny_asks_why_and_the_requester_is_told(office: Office) -> None:
    office.asks()
    office.clicks("bob", "deny")
    view = office.window("bob", "Why not")

    office.slack.submit(slack_id("bob"), view, {"reason": "not on a <!channel> Friday"})

    office.window("bob", "You denied #1")
    assert "not on a &lt;!channel&gt; Friday" in office.is_told("carol", "denied by").text
    assert office.row().state is State.DENIED


def test_who_may_not_decide_is_told_before_he_writes(office: Office) -> None:
    office.asks()

    office.clicks("carol", "deny")

    assert "your own request" in str(office.window("carol", "your own request").document)
    assert office.row().state is State.PENDING


# --- more than a menu shows


def test_an_account_is_found_among_hundreds_by_what_is_typed(office: Office) -> None:
    many = tuple(
        replace(office.catalog.accounts[0], id=f"{number:012}", name=f"team-{number}", aliases=())
        for number in range(1, 301)
    )
    roles = tuple(replace(office.catalog.roles[0], account=one) for one in many)
    catalog = replace(office.catalog, accounts=many, roles=roles)

    assert len(asking.accounts(catalog, "U0CAROL", "")) == 100
    for typed in ("team-287", "TEAM-287", "0000-0000-0287"):
        found = [one["value"] for one in asking.accounts(catalog, "U0CAROL", typed)]
        assert found == [f"{287:012}"], typed

    begun = thread_time()
    assert not asking.accounts(catalog, "U0CAROL", "\ufdfa" * 3000)
    assert thread_time() - begun < 1  # what is long is read once, and not for each of them
