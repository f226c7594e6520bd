"""Questions to the audit log, on both databases: the answer is what reading all rows finds."""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import text

from db import audit
from db.audit import chain, names, scan, search, terms
from db.audit.question import Condition, Field, Search, Viewer
from db.audit.scan import Found
from db.models import Audit
from db.session import Database
from db.store import alerts
from db.store import holds as freezes
from tests.bench import events
from tests.db.conftest import NOON

ROWS = 600


@pytest.fixture
def full(database: Database) -> Database:
    """Rows like those of a big company; PostgreSQL reads them in several stretches."""
    made = events.entries(ROWS)
    while some := list(islice(made, 50)):
        with database.write() as session:
            session.info[chain._SAID] = some
    return database


def rows(database: Database, meant: Search, viewer: Viewer | None = None) -> list[Found]:
    with database.read() as session:
        return list(search.each(session, meant, viewer))


def every(database: Database) -> list[Found]:
    return rows(database, Search())


def holds(row: Found, condition: Condition) -> bool:
    """What the condition says, without an index."""
    found = terms.of(terms_of(row))
    if condition.field is Field.WORD:
        wanted = terms.phrase(condition.value)
        return (wanted in terms.flat(terms_of(row))) is not condition.excluded
    value = condition.value.casefold()
    if "*" in value:
        fits = names.pattern(value)
        mine = [one.partition(":")[2] for one in found if one.startswith(f"{condition.field}:")]
        return any(map(fits, mine)) is not condition.excluded
    return (f"{condition.field}:{value}" in found) is not condition.excluded


def terms_of(row: Found) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(row.text)
    return told


def questions(database: Database) -> Iterator[Search]:
    dice = random.Random(7)
    found = every(database)

    def one_of(field: Field) -> Condition:
        row = terms_of(dice.choice(found))
        value = {
            Field.USER: row["actor"],
            Field.ACCOUNT: dice.choice([row["account"], "prod-*", "*-data", row["account_id"]]),
            Field.ROLE: dice.choice([row["role"], row["role"].rpartition("/")[2], "prod-*/admin"]),
            Field.ACTION: row["event"].replace(" ", "-"),
            Field.ID: str(row["request"]),
            Field.WORD: " ".join(row["facts"]["reason"].split()[: dice.randint(1, 3)]),
        }[field]
        return Condition(field, value, excluded=dice.random() < 0.3)

    for _ in range(120):
        fields = dice.sample(list(Field), dice.randint(0, 3))
        since = events.FROM + timedelta(seconds=dice.uniform(-100, ROWS * events.SECONDS))
        until = since + timedelta(seconds=dice.uniform(0, ROWS * events.SECONDS))
        times = dice.choice([(None, None), (since, None), (None, until), (since, until)])
        yield Search(tuple(map(one_of, fields)), *times)


def in_time(row: Found, meant: Search) -> bool:
    old = meant.since is not None and row.at < meant.since
    new = meant.until is not None and row.at >= meant.until
    return not (old or new)


def test_every_question_finds_what_reading_all_rows_finds(full: Database) -> None:
    found = every(full)
    assert len(found) == ROWS
    hits = 0
    for meant in questions(full):
        wanted = [
            row.number
            for row in found
            if in_time(row, meant) and all(holds(row, one) for one in meant.conditions)
        ]
        assert [row.number for row in rows(full, meant)] == wanted, meant
        hits += bool(wanted)
    assert hits > 40


def test_pages_lead_through_all_rows_and_back(full: Database) -> None:
    meant = Search((Condition(Field.ACCOUNT, "prod-*"),))
    wanted = [row.number for row in reversed(rows(full, meant))]
    with full.read() as session:
        page, seen = search.newest(session, meant), []
        pages = [page]
        while page.older:
            page = search.newest(session, meant, below=page.rows[-1].number)
            pages.append(page)
        seen = [row.number for one in pages for row in one.rows]
        back = search.newer(session, meant, above=pages[2].rows[0].number)
    assert seen == wanted
    assert back.rows == pages[1].rows
    assert not pages[0].newer
    assert all(one.newer for one in pages[1:])


def test_a_page_that_was_left_open_goes_on_where_it_was_whatever_came_since(full: Database) -> None:
    with full.read() as session:
        first = search.newest(session, Search())
    with full.write() as session:
        audit.say(session, "refused", actor="U1", at=NOON)
    with full.read() as session:
        again = search.newest(session, Search(), below=first.rows[-1].number)
    assert again.rows[0].number == first.rows[-1].number - 1


def test_an_engineer_sees_his_own_and_what_he_decides_on(full: Database) -> None:
    viewer = Viewer(events.PEOPLE[0], ["prod-data/admin"])
    mine = f"user:{viewer.user.casefold()}"

    found = rows(full, Search(), viewer)

    wanted = [
        row.number
        for row in every(full)
        if mine in terms.of(terms_of(row)) or row.role == "prod-data/admin"
    ]
    assert [row.number for row in found] == wanted
    assert 0 < len(wanted) < ROWS


def test_rows_that_are_dated_out_of_order_are_found_by_their_times(database: Database) -> None:
    """A clock that was a day ahead, and one that was behind."""
    times = [0, 1, 86_400, 2, 3, -7200, 4]
    for seconds in times:
        with database.write() as session:
            audit.say(session, "refused", actor="U1", at=NOON + timedelta(seconds=seconds))

    def between(since: datetime | None, until: datetime | None) -> list[int]:
        return [row.number for row in rows(database, Search((), since, until))]

    assert between(NOON, NOON + timedelta(hours=1)) == [1, 2, 4, 5, 7]
    assert between(None, NOON) == [6]
    assert between(NOON + timedelta(hours=1), None) == [3]


def test_two_values_of_a_field_mean_either_and_two_words_mean_both(database: Database) -> None:
    for reason in ("red blue", "blue green", "red green"):
        with database.write() as session:
            audit.say(session, "refused", actor="U1", at=NOON, reason=reason)
    with database.write() as session:
        audit.say(session, "denied", actor="U2", at=NOON, reason="red")

    def found(*conditions: Condition) -> list[int]:
        return [row.number for row in rows(database, Search(conditions))]

    word = Field.WORD
    assert found(Condition(word, "red"), Condition(word, "green")) == [3]
    assert found(Condition(word, "red green")) == [3]
    assert found(Condition(word, "green red")) == []
    assert found(
        Condition(Field.ACTION, "refused"),
        Condition(Field.ACTION, "denied"),
        Condition(word, "red"),
    ) == [1, 3, 4]


@pytest.mark.parametrize(
    "strange",
    ["' OR 1=1 --", 'a"b', "{x,y}", "NOT", "a OR b", "%", "\\", "ünïcode", "😀 x", "a\x00b"],
)
def test_whatever_is_asked_for_is_looked_for_and_breaks_nothing(
    database: Database, strange: str
) -> None:
    with database.write() as session:
        audit.say(session, "refused", actor="U1", at=NOON, reason=strange.replace("\x00", ""))
    for field in Field:
        with database.read() as session:
            search.newest(session, Search((Condition(field, strange),)))
            search.newest(session, Search((Condition(field, strange, excluded=True),)))


def test_a_star_for_too_many_names_is_refused(full: Database) -> None:
    with full.read() as session, pytest.raises(names.TooMany, match="more than 3 names"):
        names.few(names.every(session, Audit.account), most=3)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_what_is_not_among_the_first_rows_is_found_by_the_inverted_index_alone(
    full: Database,
) -> None:
    dice = random.Random(5)
    found = [(row.number, set(terms.of(terms_of(row)))) for row in every(full)]
    hits = 0
    for _ in range(60):
        _, here = dice.choice(found)
        groups = [dice.sample(sorted(here), dice.randint(1, 2)) for _ in range(dice.randint(1, 2))]
        none = dice.sample(sorted(dice.choice(found)[1]), 1)
        wanted = scan.Terms(tuple(map(tuple, groups)), tuple(none))
        fits = [
            number
            for number, theirs in found
            if all(theirs.intersection(group) for group in groups) and not theirs.intersection(none)
        ]
        with full.read() as session:
            span = scan.everything(session)
            down = scan.rows(session, wanted, span, limit=ROWS, first=16)
            up = scan.rows(session, wanted, span, limit=7, up=True, first=16)
        assert _numbers(down) == fits[::-1], wanted
        assert _numbers(up) == fits[:7], wanted
        hits += len(fits) > 16
    assert hits > 5


def test_no_question_reads_the_whole_log(full: Database) -> None:
    """PostgreSQL reads a log of this size whole whenever it may."""
    if full.is_sqlite:
        asked = "EXPLAIN QUERY PLAN SELECT a.number FROM audit_terms AS f JOIN audit AS a ON "
        asked += "a.number = f.rowid WHERE audit_terms MATCH '\"every:row\"' ORDER BY f.rowid DESC"
        wanted, banned = "VIRTUAL TABLE INDEX", "USE TEMP B-TREE"
    else:
        asked = "EXPLAIN SELECT number FROM audit WHERE number + 0 BETWEEN 1 AND 500 "
        asked += "AND terms @> ARRAY['action:alert'] ORDER BY number + 0 DESC LIMIT 11"
        wanted, banned = "Bitmap Index Scan on ix_audit_terms", "Seq Scan"
    with full.read() as session:
        if not full.is_sqlite:
            scan.only_by_bitmap(session, on=True)
        told = " ".join(str(row) for row in session.execute(text(asked)))
    assert wanted in told
    assert banned not in told


def _numbers(found: Sequence[Found]) -> list[int]:
    return [row.number for row in found]


def test_what_follows_a_number_is_the_oldest_first(full: Database) -> None:
    with full.read() as session:
        found = search.after(session, Search(), 590, limit=5)
        latest = search.latest(session, Search(), limit=3)
    assert _numbers(found) == [591, 592, 593, 594, 595]
    assert _numbers(latest) == [600, 599, 598]


def test_freezes_and_alerts_are_found_by_their_account_and_role(database: Database) -> None:
    account = "444455556666"
    facts = {"account": account, "role": "prod-payments/admin"}
    with database.write() as session:
        freezes.freeze(session, by="U1", reason="x", at=NOON, account_id=account)
        finding = alerts.Finding(key="k", kind="drift", sentence="Something.", facts=facts)
        alerts.found(session, finding, at=NOON)

    def found(field: Field, value: str) -> list[str]:
        return [row.event for row in rows(database, Search((Condition(field, value),)))]

    assert found(Field.ACCOUNT, account) == ["hold", "alert"]
    assert found(Field.ROLE, "prod-payments/*") == ["alert"]
