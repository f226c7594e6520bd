"""What a start leaves in the audit log: what is other than at the last one, and never a secret."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from bot import started
from bot.settings import Secret, Settings, Store
from db import audit
from db.audit import search
from db.audit.question import Search
from db.session import Database
from tests import databases

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
KEY = "the first key, long enough to be one of them"
NEWER = "the second key, long enough to be one of them"
PASSWORD = "hunter2"
SETTINGS = Settings(
    slack_bot_token=Secret("xoxb-secret"),
    slack_app_token=Secret("xapp-secret"),
    slack_api_url="https://slack.com/api/",
    catalog=Path("xacct.yaml"),
    store=Store(
        Secret(f"postgresql+psycopg://bot:{PASSWORD}@db:5432/xacct?password={PASSWORD}"),
        Secret(KEY),
    ),
    pagerduty_token=Secret("pd-secret"),
)


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path / 'x.db'}", key=audit.Key(KEY.encode()), now=lambda: NOW)
    databases.upgrade(made)
    return made


def start(database: Database, catalog: str, settings: Settings = SETTINGS) -> list[dict[str, Any]]:
    """The rows that this start leaves."""
    with database.read() as session:
        before, _ = audit.head(session)
    started.record(database, settings, catalog, at=NOW)
    with database.read() as session:
        found = search.after(session, Search(), before, limit=100)
    return [json.loads(row.text) for row in found]


def test_another_catalog_is_recorded_with_the_difference(database: Database) -> None:
    first = start(database, "admins: [U1]\nauditors: []\n")
    again = start(database, "admins: [U1]\nauditors: []\n")
    other = start(database, "admins: [U1, U2]\nauditors: []\n")

    assert [row["event"] for row in first] == ["started", "catalog changed", "settings changed"]
    assert first[1]["facts"]["first"] is True
    assert [row["event"] for row in again] == ["started"]
    assert [row["event"] for row in other] == ["started", "catalog changed"]
    lines = other[1]["facts"]["difference"]
    assert "-admins: [U1]" in lines
    assert "+admins: [U1, U2]" in lines
    assert not [line for line in lines if "auditors" in line]


def test_a_difference_without_end_is_cut_and_says_so(database: Database) -> None:
    start(database, "")

    (_, row) = start(database, "".join(f"line {number}\n" for number in range(2000)))

    assert len(row["facts"]["difference"]) == started.LINES
    assert row["facts"]["more_lines"] == 2001 - started.LINES  # one says where it is


def test_other_settings_are_recorded_and_no_secret_is(database: Database) -> None:
    start(database, "")
    changed = replace(
        SETTINGS, slack_bot_token=Secret("xoxb-other"), slack_api_url="https://proxy.example/api/"
    )

    rows = start(database, "", changed)

    assert [row["event"] for row in rows] == ["started", "settings changed"]
    assert '+ "SLACK_API_URL": "https://proxy.example/api/",' in rows[1]["facts"]["difference"]
    with database.read() as session:
        everything = " ".join(row.text for row in search.each(session, Search()))
    for secret in (KEY, PASSWORD, "xoxb", "xapp", "pd-secret"):
        assert secret not in everything


def test_a_key_that_is_replaced_is_recorded_and_the_chain_holds(database: Database) -> None:
    start(database, "")
    database.key = audit.Key(NEWER.encode(), (audit.Key(KEY.encode()),))
    store = replace(SETTINGS.store, audit_key=Secret(NEWER), older_keys=(Secret(KEY),))

    rows = start(database, "", replace(SETTINGS, store=store))

    assert rows[0]["event"] == "key replaced"
    assert rows[0]["facts"] == {"before": audit.Key(KEY.encode()).id, "after": database.key.id}
    with database.read() as session:
        assert audit.verify(session, database.key).wrong is None


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_that_start_at_once_for_the_first_time_both_start(database_url: str) -> None:
    both = [Database(database_url, key=audit.Key(KEY.encode()), now=lambda: NOW) for _ in range(2)]
    begin = Barrier(2)

    def starts(database: Database) -> None:
        begin.wait()
        started.record(database, SETTINGS, "admins: []", at=NOW)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(starts, both))

    with both[0].read() as session:
        events = [row.event for row in search.each(session, Search())]
    for database in both:
        database.close()
    assert sorted(events) == ["catalog changed", "settings changed", "started", "started"]
