"""Break-glass as people see it: confirmed in a window, told loudly, and signed by somebody else."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.__main__ import main
from db.lifecycle import State
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Message, View
from tests.bot.office import FORGOTTEN, Office, channel_with_everybody
from tests.lab import KEY, account_id, slack_id, some_role
from workflows.catalog.break_glass import BreakGlass
from workflows.catalog.model import Account, Catalog, Mechanism

ROLE = "prod-payments/admin"
MECHANISM = Mechanism.ALLOW_GROUP


class Emergency:
    """An office in which carol and alice may break glass, and the channel that hears of it."""

    def __init__(self, offices: Callable[..., Office], slack: SandboxSlack) -> None:
        self.loud = channel_with_everybody(slack)
        people = (slack_id("carol"), slack_id("alice"))
        glass = BreakGlass(people, timedelta(minutes=30), self.loud)
        self.office = offices(break_glass=glass)

    def window(
        self, name: str = "carol", text: str = f"break-glass {ROLE} payments are down"
    ) -> View:
        assert self.office.says(name, text).acked
        return self.office.window(name, "Only in an emergency")

    def sends(self, name: str, view: View, **values: str) -> None:
        said = {"reason": "payments are down", "word": ROLE, **values}
        self.office.slack.submit(slack_id(name), view, said)

    def breaks(self, name: str = "carol") -> None:
        self.sends(name, self.window(name))
        self.office.window(name, "is filed")
        self.office.seen("Active until")

    def hears(self, words: str, times: int = 1) -> Message:
        """The newest message of the loud channel with these words, once there are so many."""

        def found() -> Message | None:
            all_of_it = self.office.slack.messages(self.loud)
            held = [one for one in all_of_it if words in one.text]
            return held[-1] if len(held) == times else None

        return self.office.until(found, f"{words!r} in the loud channel, {times} times")

    def ends(self) -> Message:
        self.office.clicks("bob", "revoke", self.office.card())
        return self.hears("review needed")

    def signs(self, name: str, note: str = "the log shows the restart") -> None:
        card = self.hears("review needed")
        assert self.office.slack.click(slack_id(name), card, "sign").acked
        view = self.office.window(name, "What you looked at")
        self.office.slack.submit(slack_id(name), view, {"note": note})
        self.office.window(name, "You signed the review")

    def until_new(self, before: Message) -> Message:
        """The card that was posted anew after that one."""

        def found() -> Message | None:
            all_of_it = self.office.slack.messages(self.loud)
            waiting = [one for one in all_of_it if "review needed" in one.text]
            return waiting[-1] if len(waiting) == 1 and waiting[-1].ts != before.ts else None

        return self.office.until(found, "the review, asked for again")

    def passes(self, **length: float) -> None:
        self.office.clock.move(timedelta(**length))
        self.office.parts.sweep.wake()


@pytest.fixture
def emergency(offices: Callable[..., Office], slack: SandboxSlack) -> Emergency:
    return Emergency(offices, slack)


def test_a_typed_command_opens_nothing_before_the_name_was_typed(emergency: Emergency) -> None:
    office = emergency.office
    view = emergency.window()
    said = str(view.document)
    assert "without an approver" in said
    assert f"<#{emergency.loud}>" in said
    assert view.element("reason")["initial_value"] == "payments are down"  # type: ignore[index]

    for values, words in (
        ({"word": "admin"}, f"That is not {ROLE}"),
        ({"reason": "\u200b"}, "Say why, in words."),
        ({"reason": "AKIA" + "IOSFODNN7EXAMPLE"}, "AWS key or token"),
    ):
        emergency.sends("carol", view, **values)
        (view,) = office.slack.views(slack_id("carol"))
        assert words in str(view.errors)
    assert (office.rows(), office.inbox()) == ([], [])
    assert office.slack.messages(emergency.loud) == []

    emergency.sends("carol", view)

    office.window("carol", "Break-glass #1 is filed")
    office.seen("Active until")
    assert office.lab.visit("carol").answer == "ok"


def test_it_is_told_at_once_and_said_on_card_thread_and_message(emergency: Emergency) -> None:
    office = emergency.office

    emergency.breaks()

    loud = emergency.hears("Break-glass #1: <@U0CAROL> opens")
    assert "payments are down" in loud.text
    assert "<@U0BOB>" in loud.text
    assert "/xacct revoke #1" in loud.text
    card = office.seen("Active until")
    assert f"Break-glass: {ROLE} for carol" in str(card.blocks)
    assert "Approved by `break-glass`; no person decided." in card.text
    message = office.is_told("carol", "active until")
    assert "no person decided" in message.text
    assert "'extend'" not in str(message.blocks)


def test_who_is_not_named_gets_no_window_and_no_role_of_it(emergency: Emergency) -> None:
    office = emergency.office

    for text in (f"break-glass {ROLE} why", "break-glass"):
        office.says("dora", text)
        words = "not named under" if "why" in text else "no role that you may open"
        assert words in str(office.window("dora", words).document)

    assert office.rows() == []


def another(name: str) -> Account:
    """One more owner account."""
    number = account_id()
    manager = f"arn:aws:iam::{number}:role/xacct-ctl/owner-manager"
    return Account(number, name, (), "aws", manager, "owner-1")


def test_an_account_alone_lists_its_roles_that_he_may_open_so_and_no_others(
    offices: Callable[..., Office],
) -> None:
    glass = BreakGlass((slack_id("carol"),), timedelta(minutes=30))

    def more(catalog: Catalog) -> Catalog:
        role, (search, empty) = catalog.roles[0], map(another, ("prod-search", "prod-empty"))
        there = some_role(catalog.grantee, search, "indexer", MECHANISM, break_glass=glass)
        asked = some_role(catalog.grantee, empty, "reader", MECHANISM)
        accounts = (role.account, search, empty)
        return replace(catalog, accounts=accounts, roles=(role, there, asked))

    office = offices(break_glass=glass, changed=more)

    office.says("carol", "break-glass prod-search")
    shown = str(office.window("carol", "Only in an emergency").document)
    assert "prod-search/indexer" in shown
    assert ROLE not in shown
    office.says("carol", "break-glass prod-empty")
    office.window("carol", "no role in prod-empty that you may open without an approver")
    office.says("carol", "break-glass prod-nowhere")
    office.window("carol", "You can use no account called prod-nowhere")


def test_who_became_a_guest_before_he_sent_the_window_opens_nothing(
    emergency: Emergency,
) -> None:
    office = emergency.office
    view = emergency.window("alice")
    emergency.breaks("carol")
    emergency.ends()
    office.slack.change_user(slack_id("alice"), is_restricted=True)
    emergency.passes(seconds=61)

    emergency.sends("alice", view)

    office.window("alice", "Guests of the workspace")
    office.slack.change_user(slack_id("alice"), is_restricted=False)
    assert [one.requester for one in office.rows()] == [slack_id("carol")]


def test_another_person_signs_and_the_card_says_so(emergency: Emergency) -> None:
    office = emergency.office
    emergency.breaks()
    card = emergency.ends()
    assert "<@U0BOB>" in card.text
    assert "open from" in card.text

    office.slack.click(slack_id("carol"), card, "sign")
    office.window("carol", "your own break-glass use")
    emergency.signs("bob", "CloudTrail <!channel> is fine")

    signed = emergency.hears("review signed")
    assert signed.ts == card.ts
    assert "Signed by <@U0BOB>: CloudTrail &lt;!channel&gt; is fine" in signed.text
    assert "'sign'" not in str(signed.blocks)
    (entry,) = office.recorded("signed review")
    assert (entry.actor, entry.request_id) == (slack_id("bob"), 1)


def test_a_typed_signature_opens_the_window_and_signs_nothing(emergency: Emergency) -> None:
    office = emergency.office
    emergency.breaks()
    emergency.ends()

    office.says("root", "sign #1 all is well")

    view = office.window("root", "What you looked at")
    assert view.element("note")["initial_value"] == "all is well"  # type: ignore[index]
    assert office.recorded("signed review") == []
    office.slack.submit(slack_id("root"), view, {"note": "all is well"})
    emergency.hears("review signed")


def test_a_second_use_is_refused_before_the_window_opens(emergency: Emergency) -> None:
    office = emergency.office
    emergency.breaks()
    emergency.ends()

    office.says("carol", f"break-glass {ROLE} again")

    office.window("carol", "is not signed yet")
    assert len(office.rows()) == 1


def test_reminders_of_an_unsigned_review_become_seldom_and_never_stop(emergency: Emergency) -> None:
    emergency.breaks()
    first = emergency.ends()

    emergency.passes(minutes=15)
    second = emergency.until_new(first)
    emergency.passes(minutes=29)
    emergency.passes(minutes=2)
    third = emergency.until_new(second)
    newest = third
    for _ in range(9):
        emergency.passes(days=1, minutes=1)
        newest = emergency.until_new(newest)

    replaced = [
        one
        for one in emergency.office.slack.messages(emergency.loud)
        if "asked again below" in one.text
    ]
    assert len(replaced) >= 10
    emergency.signs("bob")
    emergency.passes(days=3)
    assert emergency.hears("review signed").ts == newest.ts


def test_app_home_has_the_button_for_who_may_and_the_signature_for_who_can(
    emergency: Emergency,
) -> None:
    office = emergency.office

    def home(name: str, words: str) -> View:
        office.slack.open_home(slack_id(name))

        def found() -> View | None:
            view = office.slack.home(slack_id(name))
            return view if view is not None and words in str(view.document) else None

        return office.until(found, f"{name}'s home with {words!r}")

    mine = home("carol", "Break Glass")
    office.slack.click(slack_id("carol"), mine, "break_glass")
    emergency.sends("carol", office.window("carol", "Only in an emergency"))
    office.seen("Active until")
    emergency.ends()

    approver = home("dora", "sign the review")
    office.slack.click(slack_id("dora"), approver, "sign")

    office.window("dora", "What you looked at")
    assert "Break Glass" not in str(approver.document)
    assert "sign the review" not in str(home("carol", "Updated").document)


# --- a channel that outsiders can read later


def shared(emergency: Emergency) -> None:
    """Somebody shares the loud channel with another organisation."""
    emergency.office.slack.change_channel(emergency.loud, is_ext_shared=True)
    emergency.passes(seconds=FORGOTTEN)


def test_what_stands_in_a_loud_channel_that_is_shared_later_says_nothing_any_more(
    emergency: Emergency,
) -> None:
    office = emergency.office
    emergency.breaks()
    emergency.ends()
    shared(emergency)

    emergency.passes(minutes=15)

    office.until(lambda: _unsaid(emergency), "the empty messages")
    assert len(office.slack.messages(emergency.loud)) == 2
    card = office.seen("review needed")
    assert office.slack.click(slack_id("bob"), card, "sign").acked
    view = office.window("bob", "What you looked at")
    office.slack.submit(slack_id("bob"), view, {"note": "the log shows the restart"})
    office.seen("review signed")


def test_a_review_that_is_signed_after_its_channel_was_shared_is_told_elsewhere(
    emergency: Emergency,
) -> None:
    office = emergency.office
    emergency.breaks()
    card = emergency.ends()
    shared(emergency)

    assert office.slack.click(slack_id("bob"), card, "sign").acked
    view = office.window("bob", "What you looked at")
    office.slack.submit(slack_id("bob"), view, {"note": "the log shows the restart"})

    office.seen("review signed")
    office.until(lambda: _unsaid(emergency), "the empty messages")
    assert "the log shows" not in str(office.slack.messages(emergency.loud))


def _unsaid(emergency: Emergency) -> bool:
    """Whether nothing of the use stands in the loud channel, and what says so is true."""
    held = emergency.office.slack.messages(emergency.loud)
    words = ("carol", "payments are down", "CAROL", ROLE)
    said = [one.text + str(one.blocks) for one in held]
    return all("Replies below stay" in one and not any(map(one.count, words)) for one in said)


def test_where_no_channel_takes_it_everybody_hears_of_a_use_but_the_one_who_did_it(
    offices: Callable[..., Office],
) -> None:
    carol = slack_id("carol")
    office = offices(
        break_glass=BreakGlass((carol,), timedelta(minutes=30)),
        changed=lambda catalog: replace(catalog, admins=(carol, *catalog.admins)),
    )
    office.changes_channel(is_archived=True)
    office.says("carol", f"break-glass {ROLE} payments are down")
    view = office.window("carol", "Only in an emergency")

    office.slack.submit(carol, view, {"reason": "payments are down", "word": ROLE})

    for name in ("root", "alice", "bob", "dora"):
        office.is_told(name, "Break-glass #1: <@U0CAROL> opens")
    office.says("bob", "revoke #1")
    for name in ("root", "alice", "bob", "dora"):
        office.is_told(name, "Break-glass #1, review needed")
    assert not any(one.text.startswith("Break-glass #1:") for one in office.dms("carol"))
    assert not any("review needed" in one.text for one in office.dms("carol"))


# --- the report in the terminal


def run(
    emergency: Emergency,
    env: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *said: str,
) -> tuple[int, str]:
    env.setenv("XACCT_DATABASE_URL", str(emergency.office.world.database.url.render_as_string()))
    env.setenv("XACCT_AUDIT_KEY", KEY.secret.decode())
    capsys.readouterr()
    code = main(["report", *said], clock=emergency.office.clock)
    return code, capsys.readouterr().out


def test_the_report_lists_the_uses_and_fails_while_one_is_unsigned(
    emergency: Emergency, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def report(*said: str) -> tuple[int, str]:
        return run(emergency, monkeypatch, capsys, *said)

    assert report() == (0, "Nobody broke glass.\n")
    emergency.breaks()
    assert report()[0] == 1
    emergency.ends()
    code, shown = report()
    assert code == 1
    assert "UNSIGNED" in shown
    assert emergency.office.row().state is State.ENDED
    emergency.passes(days=40)
    assert report("--since", "30d")[0] == 1  # what is unsigned is never too old
    emergency.signs("bob")

    code, shown = report("--json")

    (use,) = json.loads(shown)
    told: dict[str, Any] = {name: use[name] for name in ("who", "role", "reason", "signed_by")}
    assert code == 0
    assert told == {
        "who": slack_id("carol"),
        "role": ROLE,
        "reason": "payments are down",
        "signed_by": slack_id("bob"),
    }
    assert use["seconds"] >= 0
    assert json.loads(report("--json", "--since", "30d")[1]) == []
