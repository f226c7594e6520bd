"""An anchor of the audit log a day, however many processes there are; and where it may go."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db import audit
from db.session import Database
from db.store import anchors as stored
from tests import databases
from tests.lab import KEY, some_catalog
from tests.workflows.catalog import build
from workflows import anchors
from workflows.catalog.model import Mechanism
from workflows.catalog.outside import Bucket, Outside
from workflows.errors import Refused
from workflows.setup import rights

NIGHT = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
MORNING = NIGHT + timedelta(minutes=2)
NOWHERE = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=())
SOMEWHERE = replace(NOWHERE, outside=Outside(channel="C0AUDIT"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, key=KEY, now=lambda: NIGHT)
    databases.upgrade(database)
    yield database
    database.close()


def says(database: Database) -> None:
    with database.write() as session:
        audit.say(session, "requested", actor="U1", at=NIGHT)


def made(database: Database) -> list[tuple[int, str]]:
    with database.read() as session:
        return [(one.number, one.key) for one in reversed(stored.newest(session, 100))]


def test_of_many_who_make_the_days_anchor_at_once_one_does(database: Database) -> None:
    says(database)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: anchors.daily(database, SOMEWHERE, NIGHT), range(16)))

    assert made(database) == [(1, "2026-01-31")]
    with database.read() as session:
        assert audit.verify(session, KEY) == audit.Verdict(2)  # and the log says it


def test_a_new_day_begins_at_midnight_by_utc(database: Database) -> None:
    says(database)

    told = [anchors.daily(database, SOMEWHERE, at) for at in (NIGHT, NIGHT, MORNING, MORNING)]

    assert told == [True, False, True, False]
    assert [key for _, key in made(database)] == ["2026-01-31", "2026-02-01"]


def test_where_it_goes_nowhere_no_day_has_one(database: Database) -> None:
    says(database)

    assert anchors.daily(database, NOWHERE, NIGHT) is False
    assert made(database) == []


def test_an_empty_log_has_none(database: Database) -> None:
    assert anchors.daily(database, SOMEWHERE, NIGHT) is False
    with database.write() as session, pytest.raises(Refused, match="nothing to anchor"):
        anchors.ask(session, "U1", NIGHT)


def test_two_who_ask_at_the_same_row_get_one_anchor_and_two_records(database: Database) -> None:
    says(database)

    with database.write() as session:
        ids = {anchors.ask(session, one, NIGHT).id for one in ("U1", "U2")}

    assert (len(ids), made(database)) == (1, [(1, "asked 1")])
    with database.read() as session:
        assert audit.verify(session, KEY) == audit.Verdict(3)


# --- the catalog


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("s3://our-audit", Bucket("our-audit", "")),
        ("s3://our-audit/", Bucket("our-audit", "")),
        ("s3://our.audit/xacct", Bucket("our.audit", "xacct/")),
        ("s3://our-audit/a/b_c/", Bucket("our-audit", "a/b_c/")),
    ],
)
def test_a_place_in_s3_is_a_bucket_and_a_prefix(text: str, bucket: Bucket) -> None:
    assert build.catalog(audit={"s3": text}).outside == Outside(None, bucket)


@pytest.mark.parametrize(
    "text", ["our-audit", "s3://", "s3://Our-Audit", "s3://a/b c", "s3://our-audit//x", "s3://a*/x"]
)
def test_what_is_no_place_in_s3_is_a_mistake(text: str) -> None:
    (mistake,) = build.mistakes(audit={"s3": text})

    assert mistake.where == "audit.s3"
    assert "like s3://our-audit/xacct" in mistake.sentence


def test_the_page_of_operations_gives_xacct_the_rights_that_it_needs_and_no_other() -> None:
    page = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    policy = page.partition("### Anchors")[2].partition("```json")[2].partition("```")[0]

    bucket = build.catalog(audit={"s3": "s3://our-audit/xacct"}).outside.bucket
    assert bucket is not None
    assert json.loads(policy) == rights.anchoring(bucket, "aws")
