"""Alerts in Slack: one message for each, posted anew when it changes, green when it is over."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import alerts as drawing
from db.models import Alert
from db.store import alerts
from db.store.alerts import Finding
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Message
from tests.bot.office import Office, Sandboxes, channel_with_everybody
from tests.lab import slack_id
from workflows import edits
from workflows.catalog.model import Catalog
from workflows.drift import compare, strangers
from workflows.drift.places import Stranger

ALLOW = "allow-prod-payments-admin"


class AlertOffice(Office):
    """An office with a channel for alerts; `alerts_channel` may be another one."""

    def _catalog(self, **role: Any) -> Catalog:
        wanted = role.pop("alerts_channel", None)
        self.alerts_channel = wanted or channel_with_everybody(self.slack)
        return replace(super()._catalog(**role), alerts_channel=self.alerts_channel)

    def find(self, **changed: str) -> None:
        """Something is found that needs an administrator."""
        said = {"key": "k", "kind": "clock", "sentence": "The clock is wrong.", **changed}
        with self.world.database.write() as session:
            alerts.found(session, Finding(facts={}, **said), at=self.clock.now())
        self.parts.sweep.wake()

    def mend(self, key: str = "k") -> None:
        with self.world.database.write() as session:
            alerts.over(session, key, at=self.clock.now())
        self.parts.sweep.wake()

    def drift(self) -> None:
        self.parts.drift.run()
        self.parts.sweep.wake()

    def alerts(self) -> list[Message]:
        return self.slack.messages(self.alerts_channel)

    def alerted(self, words: str) -> Message:
        """The newest alert, once it holds these words."""

        def found() -> Message | None:
            shown = self.alerts()
            return shown[-1] if shown and words in str(shown[-1].blocks) else None

        return self.slack.until(found, within=20, what=f"an alert that says {words!r}")

    def alert(self, key: str = "k") -> Alert:
        with self.world.database.read() as session:
            found = alerts.named(session, key)
        assert found is not None
        return found

    def is_drawn(self, key: str = "k") -> bool:
        return self.alert(key).draw_at is None


@pytest.fixture
def open_office(
    slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Callable[..., AlertOffice]]:
    with ExitStack() as closing:

        def opened(**wanted: Any) -> AlertOffice:
            url = f"sqlite:///{tmp_path / 'office.db'}"
            office = AlertOffice(Sandboxes(slack, aws, clock), url, **wanted)
            closing.callback(office.close)
            office.open()
            return office

        yield opened


@pytest.fixture
def office(open_office: Callable[..., AlertOffice]) -> AlertOffice:
    return open_office()


# --- drawing


def test_an_alert_is_posted_once_and_turns_green_when_it_is_over(office: AlertOffice) -> None:
    office.find()
    message = office.alerted("The clock is wrong")
    office.find()
    office.mend()

    over = office.alerted("Over: The clock is wrong")

    assert [one.ts for one in office.alerts()] == [message.ts]
    assert "~The clock is wrong.~" in str(over.blocks)
    assert over.element("leave") is None


def test_an_alert_that_changes_is_posted_anew_and_the_older_one_says_so(
    office: AlertOffice,
) -> None:
    office.find()
    office.alerted("The clock is wrong")

    office.find(sentence="The clock is very wrong.")

    office.alerted("very wrong")
    office.until(lambda: "Replaced by a newer message" in str(office.alerts()[0].blocks), "that")
    assert len(office.alerts()) == 2


def test_what_comes_again_is_a_new_message_and_the_old_one_stays_over(office: AlertOffice) -> None:
    office.find()
    office.mend()
    office.until(office.is_drawn, "the drawing")
    office.find()
    office.alerted("The clock is wrong")
    office.mend()
    office.alerted("Over")

    office.find()

    office.alerted(":warning:")
    assert "Over" in str(office.alerts()[-2].blocks)
    assert "Replaced" not in str(office.alerts()[-2].blocks)


def test_what_was_over_before_it_was_posted_is_not_posted(office: AlertOffice) -> None:
    office.slack.force("chat.postMessage", status=429, retry_after=30)
    office.find()
    office.until(lambda: office.alert().draw_attempts > 0, "a drawing put off")
    office.mend()

    office.until(office.is_drawn, "the drawing")

    assert office.alerts() == []


def test_an_alert_that_slack_did_not_take_stays_owed(office: AlertOffice) -> None:
    office.slack.force("chat.postMessage", status=429, retry_after=30)
    office.find()
    office.until(lambda: office.alert().draw_attempts > 0, "a drawing put off")
    assert office.alerts() == []

    office.clock.move(timedelta(seconds=31))

    office.alerted("The clock is wrong")


def test_a_channel_that_takes_no_alerts_is_replaced_by_the_approvals_channel(
    open_office: Callable[..., AlertOffice],
) -> None:
    office = open_office(alerts_channel="C0GONE")

    office.find()

    office.until(
        lambda: "The clock is wrong" in str(office.slack.messages(office.channel)), "the alert"
    )


# --- what administrators click


def test_an_administrator_removes_a_member_by_a_click_and_the_list_follows(
    office: AlertOffice,
) -> None:
    for name in ("alice", "carol"):
        office.lab.home.add_user_to_group(GroupName=ALLOW, UserName=name)
    office.drift()
    digest = office.alerted("`alice`")

    assert clicks_remove(office, "root", digest, "carol")

    office.hears("root", "`carol` is being taken out")
    office.until(lambda: office.lab.groups_of("carol") == [], "carol's removal")
    office.until(lambda: "carol" not in str(office.alerts()[-1].blocks), "the new list")
    assert "alice" in str(office.alerts()[-1].blocks)
    assert office.lab.groups_of("alice") == [ALLOW]
    assert len(office.recorded("remove member")) == 1


def test_a_click_of_somebody_else_removes_nobody_and_is_recorded(office: AlertOffice) -> None:
    office.lab.home.add_user_to_group(GroupName=ALLOW, UserName="carol")
    office.drift()
    digest = office.alerted("`carol`")

    clicks_remove(office, "bob", digest, "carol")

    office.hears("bob", "Only an administrator of xacct")
    assert len(office.recorded("refused")) == 1
    assert office.lab.groups_of("carol") == [ALLOW]


def test_an_administrator_leaves_what_is_meant(office: AlertOffice) -> None:
    office.lab.home.add_user_to_group(GroupName=ALLOW, UserName="carol")
    office.drift()
    digest = office.alerted("`carol`")

    office.clicks("root", "leave", digest)

    over = office.alerted("left as it is by")
    assert slack_id("root") in str(over.blocks)
    office.drift()
    assert office.alert(strangers.KEY).over_at is not None


def clicks_remove(office: AlertOffice, who: str, digest: Message, name: str) -> bool:
    block = next(one for one in digest.blocks if f"`{name}`" in str(one.get("text")))
    reply = office.slack.click(slack_id(who), digest, "remove", block_id=block["block_id"])
    return bool(reply.acked)


# --- what an alert looks like


def some_alert(finding: Finding, **columns: Any) -> Alert:
    at = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return Alert(
        id=7,
        key=finding.key,
        kind=finding.kind,
        sentence=finding.sentence,
        facts=finding.facts,
        since=at,
        over_at=None,
        changed=1,
        drawn=0,
        **columns,
    )


@pytest.mark.parametrize("kind", sorted(drawing.RED))
def test_where_access_may_be_open_the_alert_is_red_to_eyes_and_ears(kind: str) -> None:
    drawn = drawing.standing(some_alert(Finding("k", kind, "So.", {})), ["U0ROOT"])

    assert ":red_circle:" in str(drawn.blocks)
    assert "access may be open" in drawn.text


def test_statements_are_shown_as_they_are_and_cut_when_they_are_long() -> None:
    long = [{"Sid": f"S{number}", "Effect": "Allow"} for number in range(500)]
    finding = Finding("edit:1:allow", edits.WIDENED, "So.", {"statements": long})

    shown = str(drawing.standing(some_alert(finding), ["U0ROOT"]).blocks)

    assert "S0" in shown
    assert len(shown) < 6000


def test_a_long_digest_fits_into_one_message() -> None:
    many = [Stranger(ALLOW, f"user-{number}", f"AIDA{number:020}") for number in range(500)]

    drawn = drawing.standing(some_alert(strangers.finding(many)), ["U0ROOT"])

    assert len(drawn.blocks) <= 50
    assert "and 460 more" in str(drawn.blocks)
    assert len(drawn.text) <= 3000


def test_nothing_that_somebody_wrote_becomes_markup() -> None:
    sentence = "Somebody added <!channel> & *bold*"
    drawn = drawing.standing(some_alert(Finding("k", compare.OWN, sentence, {})), ["U0ROOT"])

    assert "<!channel>" not in str(drawn.blocks) + drawn.text
