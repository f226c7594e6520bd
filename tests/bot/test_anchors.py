"""The head of the audit log, outside the database: on cards, in a channel, and in a bucket."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from sqlalchemy import text

from bot import jobs
from bot.anchors import EVENT, TRIES, drawn
from bot.cards import card
from bot.headlines import Facts
from db import audit, models
from db.session import Database
from db.store import anchors as stored
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.blockkit import message_complaints
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Message
from tests import databases
from tests.bot.office import Office, Sandboxes, channel_with_everybody
from tests.bot.test_cards import FACTS, requests
from tests.bot.test_process import KEY, Terminal
from tests.lab import account_id, slack_id
from workflows import anchors
from workflows.aws.objects import Objects
from workflows.catalog.model import Catalog
from workflows.catalog.outside import Bucket, Outside
from workflows.clock import SystemClock
from workflows.documents.session_end import Anchor
from workflows.setup import rights

SHOWN = re.compile(r"audit ([0-9]+) · ([0-9a-f]{8})")
PREFIX = "kept/"


class Anchored(Office):
    """An office whose catalog names a channel for anchors; with `bucket`, also one in S3."""

    def _catalog(self, **role: Any) -> Catalog:
        self.audit_channel = channel_with_everybody(self.slack)
        self.with_bucket = role.pop("bucket", False)
        made = super()._catalog(**role)
        bucket = Bucket(f"audit-{made.grantee.id}", PREFIX) if self.with_bucket else None
        return replace(made, outside=Outside(self.audit_channel, bucket))

    def day(self) -> None:
        """What the job does each minute."""
        jobs.anchor(self.world, self.parts.sweep)

    def asked(self) -> models.Anchor:
        with self.world.database.write() as session:
            made = anchors.ask(session, slack_id("root"), self.clock.now())
        self.parts.sweep.wake()
        return made

    def posted(self) -> list[Message]:
        return self.slack.messages(self.audit_channel)

    def newest(self) -> models.Anchor:
        with self.world.database.read() as session:
            return stored.newest(session, 1)[0]

    def is_paid(self) -> bool:
        return self.newest().draw_at is None

    def fails(self) -> None:
        """The newest is tried as often as makes an alert."""
        for number in range(1, TRIES + 1):
            self.until(partial(self._was_tried, number), f"try {number}")
            self.later(120)

    def tries(self) -> int:
        """How often the oldest was tried."""
        with self.world.database.read() as session:
            return stored.newest(session, 100)[-1].attempts

    def _was_tried(self, number: int) -> bool:
        return self.newest().attempts >= number

    # --- the bucket

    @property
    def bucket(self) -> Bucket:
        assert self.catalog.outside.bucket is not None
        return self.catalog.outside.bucket

    @property
    def root(self) -> Any:
        """The account's root, at S3."""
        return self.lab.aws.client("s3", self.lab.aws.root(self.catalog.grantee.id))

    def make_bucket(self) -> None:
        self.root.create_bucket(Bucket=self.bucket.name)

    def give_rights(self) -> None:
        policy = json.dumps(rights.anchoring(self.bucket, "aws"))
        self.lab.home.put_user_policy(
            UserName="xacct-bot", PolicyName="anchors", PolicyDocument=policy
        )

    def objects(self) -> Objects:
        """The bucket, as xacct reaches it."""
        return Objects(self.lab.session(), self.bucket)

    def kept(self) -> dict[str, Any]:
        found = self.root.list_objects_v2(Bucket=self.bucket.name).get("Contents", [])
        return {
            one["Key"]: json.load(
                self.root.get_object(Bucket=self.bucket.name, Key=one["Key"])["Body"]
            )
            for one in found
        }


@pytest.fixture
def anchored(
    slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Callable[..., Anchored]]:
    with ExitStack() as closing:

        def opened(**wanted: Any) -> Anchored:
            url = f"sqlite:///{tmp_path / 'office.db'}"
            office = Anchored(Sandboxes(slack, aws, clock), url, **wanted)
            closing.callback(office.close)
            return office.open()

        yield opened


# --- cards


def test_each_card_carries_the_newest_row_of_its_request_and_the_log_holds_it(
    office: Office,
) -> None:
    office.says("carol", "list")  # rows that belong to no request
    shown = []
    for message in (office.asks(), _active(office)):
        found = SHOWN.search(str(message.blocks[-2]))
        assert found is not None, message.blocks
        shown.append((int(found[1]), found[2]))

    with office.world.database.read() as session:
        for number, short in shown:
            assert audit.holds(session, number, short)
            assert session.get_one(models.Audit, number).request_id == 1
    assert shown[0][0] < shown[1][0]


def _active(office: Office) -> Message:
    office.clicks("bob", "approve")
    return office.seen("Active until")


@given(row=requests(), facts=FACTS)
def test_every_card_says_how_far_the_audit_log_had_come(row: models.Request, facts: Facts) -> None:
    facts = replace(facts, anchor=Anchor(1234, "9f3a2b1c"))
    drawing = card(row, facts)
    small = [one for one in drawing.blocks if one["type"] == "context"]

    assert [" · audit 1234 · 9f3a2b1c" in str(one) for one in small] == [True]
    assert message_complaints(drawing.blocks) == []


# --- the channel


def test_each_day_the_head_is_posted_once_for_people_and_for_programs(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored()
    office.day()
    assert office.posted() == []  # nothing was recorded yet
    office.asks()

    for _ in range(3):
        office.day()
    (message,) = office.until(office.posted, "the anchor")
    office.until(office.is_paid, "it is owed no more")
    office.day()
    office.later(86_400)
    office.day()
    office.until(lambda: len(office.posted()) == 2, "the next day's")

    made = message.metadata
    assert made is not None
    assert (made["event_type"], set(made["event_payload"])) == (EVENT, {"number", "hash", "at"})
    number, signed = made["event_payload"]["number"], made["event_payload"]["hash"]
    assert f"{number}:{signed[:8]}" in str(message.blocks)
    with office.world.database.read() as session:
        assert audit.holds(session, number, signed)
        assert audit.verify(session, office.world.database.key).wrong is None
    assert [one.actor for one in office.recorded("anchored")] == ["xacct", "xacct"]


def test_the_head_is_posted_when_somebody_asks_and_names_him(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored()
    office.asks()

    office.asked()
    (message,) = office.until(office.posted, "the anchor")

    assert f"<@{slack_id('root')}>" in str(message.blocks)
    (recorded,) = office.recorded("anchored")
    assert recorded.actor == slack_id("root")


def test_who_died_between_posting_and_writing_it_down_posts_at_most_twice(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored()
    office.asks()
    with office.world.database.write() as session:
        made = anchors.ask(session, "somebody", office.clock.now())
        claimed = stored.claim(session, made.id, office.clock.now())
    assert claimed is not None
    message = drawn(claimed)
    office.parts.slack.posting.chat_postMessage(
        channel=office.audit_channel, text=message.text, blocks=message.blocks
    )  # and then it died

    office.later(stored.CLAIM.total_seconds() + 1)
    office.until(office.is_paid, "the anchor is paid")
    office.later(3600)
    office.day()

    assert [one.text for one in office.posted()] == [message.text] * 2


def test_a_channel_that_takes_none_is_alerted_and_it_is_posted_when_it_does(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored()
    office.asks()
    office.slack.change_channel(office.audit_channel, is_archived=True)
    office.later(61)
    office.asked()
    office.fails()
    office.until(lambda: "anchor:channel" in office.standing(), "the alert")

    office.slack.change_channel(office.audit_channel, is_archived=False)
    office.later(600)
    office.until(office.posted, "the anchor")
    office.until(lambda: "anchor:channel" not in office.standing(), "it is over")

    assert len(office.posted()) == 1


# --- the bucket


def test_each_anchor_is_an_object_that_says_what_the_channel_says(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored(bucket=True)
    office.make_bucket()
    office.give_rights()
    office.asks()

    made = office.asked()
    office.until(office.is_paid, "the anchor is kept")

    name = f"{PREFIX}{made.number:012}-{made.hash[:8]}.json"
    assert office.newest().stored == f"s3://{office.bucket.name}/{name}"
    (body,) = office.kept().values()
    assert body == {
        "number": made.number,
        "hash": made.hash,
        "at": body["at"],
        "installation": "lab",
    }
    assert list(office.kept()) == [name]
    assert len(office.posted()) == 1


def test_a_bucket_that_refuses_is_alerted_and_holds_up_no_channel(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored(bucket=True)
    office.asks()

    office.asked()
    office.until(office.posted, "the message")
    office.fails()
    office.until(lambda: "anchor:bucket" in office.standing(), "the alert")
    office.make_bucket()
    office.give_rights()
    office.later(600)
    office.until(office.is_paid, "the anchor is kept")
    office.until(lambda: "anchor:bucket" not in office.standing(), "it is over")

    assert (len(office.kept()), len(office.posted())) == (1, 1)


def test_xacct_writes_over_nothing_and_takes_nothing_away(
    anchored: Callable[..., Anchored], aws: SandboxAws
) -> None:
    office = anchored(bucket=True)
    office.make_bucket()
    office.give_rights()
    objects = office.objects()
    assert objects.put("a.json", "1") is True

    assert objects.put("a.json", "2") is False
    own = aws.client("s3", office.lab.furnished.bot)
    key = f"{PREFIX}a.json"
    for call in (
        partial(own.delete_object, Bucket=office.bucket.name, Key=key),
        partial(own.put_object, Bucket=office.bucket.name, Key="elsewhere/a.json", Body=b""),
        partial(own.list_objects_v2, Bucket=office.bucket.name),
        partial(own.put_bucket_versioning, Bucket=office.bucket.name, VersioningConfiguration={}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call()

    assert objects.read("a.json") == "1"


def test_what_somebody_put_in_an_anchors_place_is_trouble_and_stays_there(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored(bucket=True)
    office.make_bucket()
    office.give_rights()
    office.asks()
    with office.world.database.read() as session:
        number, signed = audit.head(session)
    key = f"{PREFIX}{number:012}-{signed[:8]}.json"
    forged = json.dumps({"hash": "f" * 64}).encode()
    office.root.put_object(Bucket=office.bucket.name, Key=key, Body=forged)

    office.asked()
    office.fails()
    office.until(lambda: "anchor:bucket" in office.standing(), "the alert")

    assert "says something else" in office.standing()["anchor:bucket"]
    assert office.kept()[key] == {"hash": "f" * 64}
    later = office.asked()
    office.until(lambda: office.newest().id == later.id and office.is_paid(), "the next is kept")
    office.later(600)
    office.until(lambda: office.tries() > TRIES + 1, "the other is tried on")
    assert [one.event for one in office.recorded("alert over")] == []
    assert len(office.recorded("alert")) == 1


def test_the_newest_anchors_are_read_back_from_the_bucket(
    anchored: Callable[..., Anchored],
) -> None:
    office = anchored(bucket=True)
    office.make_bucket()
    office.give_rights()
    office.asks()
    first = office.asked()
    office.until(office.is_paid, "the first")
    second = office.asked()
    office.until(lambda: office.newest().id == second.id and office.is_paid(), "the second")
    strange = {"notes.txt": b"hello", f"{10**9:012}-{'a' * 8}.json": b"{"}
    for name, body in strange.items():
        office.root.put_object(Bucket=office.bucket.name, Key=f"{PREFIX}{name}", Body=body)

    found = anchors.kept(office.objects())

    there = [(one.number, one.short) for one in found]
    assert all(one.place.startswith("s3://") for one in found)
    assert there == [(10**9, "a" * 8), (second.number, second.hash), (first.number, first.hash)]
    assert [one.at for one in found[1:3]] == [_whole(second), _whole(first)]
    other = {f"zzz-{number}": b"" for number in range(3)}  # what comes last in a list hides none
    for name, body in other.items():
        office.root.put_object(Bucket=office.bucket.name, Key=f"{PREFIX}{name}", Body=body)
    told = [(one.number, one.short) for one in anchors.kept(office.objects(), whole=2)]
    assert told == [*there[:2], (first.number, first.hash[:8])]  # nor do newer ones an older one
    with office.world.database.read() as session:
        assert audit.holds(session, found[1].number, found[1].short)


def _whole(made: models.Anchor) -> Any:
    return made.made_at - timedelta(microseconds=made.made_at.microsecond)


# --- the terminal


def test_who_asks_in_the_terminal_sees_the_head_whole_and_the_running_xacct_posts_it(
    slack: SandboxSlack, aws: SandboxAws, tmp_path: Path
) -> None:
    terminal = Terminal(slack, aws, tmp_path)
    channel = channel_with_everybody(slack)
    catalog = tmp_path / "xacct.yaml"
    before = catalog.read_text()
    terminal.xacct("db", "upgrade")
    assert terminal.xacct("audit", "anchor")[0] == 2  # nothing was recorded yet
    catalog.write_text(before.replace('"slack":', f'"slack":\n  "audit_channel": "{channel}"', 1))

    with terminal.running():
        assert slack.command(slack_id("carol"), "request pay admin 1h INC-482").acked
        slack.until(lambda: slack.messages(terminal.channel), what="the card")
        code, said = terminal.xacct("audit", "anchor")
        shown, signed, where = said.splitlines()
        slack.until(lambda: signed in str(slack.messages(channel)), what="the anchor")

    found = SHOWN.fullmatch(shown)
    assert found is not None
    assert (code, found[2]) == (0, signed[:8])
    assert channel in where
    catalog.write_text(before)
    assert "keep it yourself" in terminal.xacct("audit", "anchor")[1]


def test_verify_holds_the_log_against_the_bucket_and_finds_that_its_end_is_gone(
    slack: SandboxSlack, aws: SandboxAws, tmp_path: Path
) -> None:
    terminal = Terminal(slack, aws, tmp_path)
    home = account_id()
    root, bucket = aws.root(home), Bucket(f"audit-{home}", PREFIX)
    aws.client("s3", root).create_bucket(Bucket=bucket.name)
    with (tmp_path / "xacct.yaml").open("a") as catalog:
        catalog.write(f'audit: {{s3: "s3://{bucket.name}/{PREFIX}"}}\n')
    terminal.env["AWS_ACCESS_KEY_ID"] = root.access_key_id
    terminal.env["AWS_SECRET_ACCESS_KEY"] = root.secret_access_key
    terminal.xacct("db", "upgrade")
    for _ in range(3):
        terminal.xacct("audit", "words")  # that somebody asked is a row
    url, key = f"sqlite:///{tmp_path / 'xacct.db'}", audit.Key(KEY.encode())
    database = Database(url, key=key, now=SystemClock().now)
    with database.write() as session:
        made = anchors.ask(session, "somebody", SystemClock().now())
    place = anchors.store(Objects(aws.session(root), bucket), made, "main")

    whole = terminal.xacct("audit", "verify")
    with databases.tampering(database) as connection:
        connection.execute(text("DELETE FROM audit WHERE number > 1"))
        first = "SELECT hash FROM audit WHERE number = 1"
        connection.execute(text(f"UPDATE audit_head SET number = 1, hash = ({first})"))
    cut = terminal.xacct("audit", "verify")
    terminal.env["AWS_SECRET_ACCESS_KEY"] = "another"
    unread = terminal.xacct("audit", "verify")
    database.close()
    aws.empty(home)

    assert (whole[0], place in whole[1]) == (0, True)
    assert (cut[0], "cut off" in cut[1]) == (1, True)
    assert (unread[0], "Anchors in S3 are not known" in unread[1]) == (0, True)
