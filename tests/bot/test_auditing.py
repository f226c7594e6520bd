"""Asking the audit log in Slack: pages, files, and who may see what."""

import csv
import io
import json
from datetime import timedelta

import pytest

from bot import exports
from db import audit
from db.store import exports as asked
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Message
from tests.bot.office import Office
from tests.lab import slack_id

LONG_AGO = timedelta(days=400)


@pytest.fixture
def full(office: Office) -> Office:
    """Thirty-five rows about somebody else's role, a year old."""
    at = office.clock.now() - LONG_AGO
    with office.world.database.write() as session:
        for number in range(35):
            audit.say(
                session,
                "refused",
                actor="U0MALLORY",
                at=at + timedelta(minutes=number),
                role="prod-other/admin",
                sentence=f"No {number}.",
            )
    return office


def page(office: Office, name: str, words: str) -> Message:
    """What this person is shown that holds these words."""

    def found() -> Message | None:
        shown = office.slack.ephemerals(slack_id(name))[office._told[name] :]
        return next((one for one in reversed(shown) if words in str(one.blocks)), None)

    return office.slack.until(found, what=f"{name} sees {words!r}")


def test_pages_lead_on_and_back_and_do_not_expire(full: Office) -> None:
    full.says("root", "audit user:U0MALLORY -action:opened")
    first = page(full, "root", "No 34.")
    assert "No 25." in str(first.blocks)
    assert "No 24." not in str(first.blocks)
    assert first.element("audit_previous") is None
    full.clock.move(timedelta(days=30))

    assert full.clicks("root", "audit_next", first).acked
    second = page(full, "root", "No 15.")
    assert second.ts == first.ts  # in its place
    assert "No 25." not in str(second.blocks)
    full.clicks("root", "audit_next", second)
    third = page(full, "root", "No 5.")
    full.clicks("root", "audit_next", third)
    last = page(full, "root", "No 0.")
    assert last.element("audit_next") is None
    full.clicks("root", "audit_previous", last)
    assert "No 14." in str(page(full, "root", "No 5.").blocks)


def test_a_relative_time_stays_what_it_was_when_it_was_asked(full: Office) -> None:
    full.says("root", "audit user:U0MALLORY since:401d")
    first = page(full, "root", "No 34.")
    full.clock.move(timedelta(days=3))

    full.clicks("root", "audit_next", first)

    assert "No 15." in str(page(full, "root", "No 24.").blocks)


def test_a_file_with_all_rows_comes_as_a_direct_message(full: Office) -> None:
    full.says("root", "audit user:U0MALLORY")
    first = page(full, "root", "No 34.")
    for action, name in (("audit_csv", "csv"), ("audit_json", "json")):
        full.clicks("root", action, first)
        sent = full.is_told("root", "35 rows of the audit log for `user:U0MALLORY`")
        text = full.slack.file(sent.files[0]["id"])
        assert sent.files[0]["name"].endswith(f".{name}")
        rows = list(csv.DictReader(io.StringIO(text))) if name == "csv" else json.loads(text)
        assert [row["actor"] for row in rows] == ["U0MALLORY"] * 35
        assert "No 0." in str(rows[0])
        full._dms["root"] += 1
    full.until(lambda: len(full.recorded("exported the audit log")) == 2, "both rows")
    both = full.recorded("exported the audit log")
    assert {json.loads(row.text)["facts"]["rows"] for row in both} == {35}


def test_who_does_not_oversee_gets_files_of_what_he_may_see_only(full: Office) -> None:
    full.asks()
    full.says("carol", "audit")
    shown = page(full, "carol", "requested")
    full.clicks("carol", "audit_csv", shown)

    sent = full.is_told("carol", "rows of the audit log")
    rows = list(csv.DictReader(io.StringIO(full.slack.file(sent.files[0]["id"]))))

    assert {row["requester"] or row["actor"] for row in rows} == {slack_id("carol")}
    assert "U0MALLORY" not in str(rows)


def test_an_approver_sees_the_roles_he_decides_on_and_nothing_else(full: Office) -> None:
    full.asks()
    full.says("bob", "audit")
    shown = str(page(full, "bob", "requested").blocks)
    assert "prod-payments/admin" in shown
    full.says("bob", "audit user:U0MALLORY")
    full.hears("bob", "nothing of that kind that you may see")


def test_a_forged_button_shows_nothing_more(full: Office) -> None:
    full.asks()
    full.says("carol", "audit")
    shown = page(full, "carol", "requested")

    full.clicks("carol", "audit_next", shown, value="1000:user:U0MALLORY", forged=True)

    full.hears("carol", "nothing of that kind that you may see")


def test_a_file_that_slack_does_not_take_is_sent_later_once(full: Office) -> None:
    full.slack.force("files.getUploadURLExternal", status=500, times=1)
    full.says("root", "audit user:U0MALLORY")
    full.clicks("root", "audit_json", page(full, "root", "No 34."))
    full.until(
        lambda: [one for one in full.slack.calls("files.getUploadURLExternal") if one.error],
        "the refusal",
    )
    full.later(60)

    full.is_told("root", "35 rows of the audit log")
    full.until(lambda: full.recorded("exported the audit log"), "the row")
    assert len([one for one in full.dms("root") if one.files]) == 1


def test_a_file_that_would_be_too_large_is_not_sent_and_that_is_said(full: Office) -> None:
    full.stops()
    with full.world.database.write() as session:
        at = full.clock.now()
        row = asked.ask(session, user=slack_id("root"), question="", form="json", at=at)

    exports.Exports(full.world, full.parts.slack.steady, largest=500).pay(row.id)

    full.is_told("root", "so it was not sent")
    assert full.recorded("exported the audit log")
    full.starts_again()


def test_what_a_row_tells_of_who_acted_is_what_was_known_then(office: Office) -> None:
    office.asks()
    (row,) = office.recorded("requested")

    told = json.loads(row.text)

    assert told["actor"] == slack_id("carol")
    assert told["email"] == "carol@corp.example"
    assert told["identity"] == f"arn:aws:iam::{office.catalog.grantee.id}:user/carol"
    assert told["requester"] == slack_id("carol")
    assert told["account"] == "prod-payments"
    assert told["grantee"].endswith(":user/carol")
    assert told["session"] == "carol"


def test_an_opening_is_recorded_with_what_was_written_and_awss_request_ids(office: Office) -> None:
    office.clicks("bob", "approve", office.asks())
    office.seen("Active until")

    (role,) = office.recorded("role open")
    (member,) = office.recorded("membership open")

    changes = json.loads(role.text)["facts"]["changes"]
    assert {one["did"] for one in changes} == {"wrote xacct-session-end", "wrote the trust policy"}
    assert all(one["aws_request"] for one in changes)
    assert any(one["added"] for one in changes)
    (joined,) = json.loads(member.text)["facts"]["changes"]
    assert joined["did"].startswith("joined")
    assert joined["aws_request"]


def test_asking_is_recorded_with_the_question(office: Office) -> None:
    office.says("root", "audit since:7d -action:refused")
    office.until(lambda: office.recorded("read the audit log"), "the row")

    (row,) = office.recorded("read the audit log")

    assert json.loads(row.text)["facts"]["question"].startswith("-action:refused since:")


def test_times_are_read_in_the_zone_of_who_asks(office: Office, slack: SandboxSlack) -> None:
    slack.change_user(slack_id("root"), tz="Pacific/Kiritimati")  # 14 hours ahead of UTC

    office.says("root", "audit since:2026-01-01 until:2026-01-02")
    office.until(lambda: office.recorded("read the audit log"), "the row")

    (row,) = office.recorded("read the audit log")
    question = json.loads(row.text)["facts"]["question"]
    assert question == "since:2025-12-31T10:00:00Z until:2026-01-02T10:00:00Z"


def test_who_oversees_has_the_head_put_outside_and_nobody_else(office: Office) -> None:
    office.asks()

    office.says("carol", "audit anchor")
    office.says("root", "audit anchor")

    office.hears("carol", "Only administrators and auditors")
    said = office.hears("root", "The audit log stands at `audit ")
    (row,) = office.recorded("anchored")
    facts = json.loads(row.text)["facts"]
    assert f"`audit {facts['row']} · {facts['hash'][:8]}`" in said
    assert row.actor == slack_id("root")
