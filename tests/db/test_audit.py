"""The chain: every row in its transaction, in one order, and every tampering found."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import text

from db import audit
from db.audit import Key, Verdict
from db.session import Database
from tests import databases
from tests.db.conftest import KEY, NOON, a_request


def say(database: Database, event: str, **facts: Any) -> None:
    with database.write() as session:
        audit.say(session, event, actor="U1", at=NOON, **facts)


def verdict(database: Database, key: Key = KEY) -> Verdict:
    with database.read() as session:
        return audit.verify(session, key)


def tamper(database: Database, statement: str) -> None:
    with databases.tampering(database) as connection:
        connection.execute(text(statement))


@pytest.fixture
def ten_rows(database: Database) -> Database:
    for number in range(10):
        say(database, "requested", number=number)
    return database


def test_an_untouched_chain_holds(ten_rows: Database) -> None:
    assert verdict(ten_rows) == Verdict(10)


@pytest.mark.parametrize(
    ("statement", "first_wrong", "what"),
    [
        ("UPDATE audit SET text = replace(text, 'U1', 'U2') WHERE number = 4", 4, "changed"),
        ("UPDATE audit SET actor = 'U2' WHERE number = 7", 7, "columns"),
        ("UPDATE audit SET event = 'denied' WHERE number = 7", 7, "columns"),
        ("UPDATE audit SET at = '2026-01-30 12:00:00+00:00' WHERE number = 2", 2, "time"),
        ("DELETE FROM audit WHERE number = 5", 5, "missing"),
        ("DELETE FROM audit WHERE number > 8", 9, "cut at its end"),
        ("UPDATE audit SET number = 99 WHERE number = 1", 1, "missing"),
        ("UPDATE audit SET key_id = 'ffffffff' WHERE number = 3", 3, "not told here"),
    ],
)
def test_the_first_wrong_row_is_named(
    ten_rows: Database, statement: str, first_wrong: int, what: str
) -> None:
    tamper(ten_rows, statement)

    found = verdict(ten_rows)

    assert found.wrong == first_wrong
    assert found.rows == first_wrong - 1
    assert what in (found.what or "")


def test_who_does_not_have_the_key_cannot_write_a_chain_that_holds(ten_rows: Database) -> None:
    forged = Key(b"another key, just as long as the first one was")
    ten_rows.key = forged
    say(ten_rows, "approved")

    assert verdict(ten_rows).wrong == 11


def test_a_transaction_that_fails_leaves_no_trace_in_the_chain(ten_rows: Database) -> None:
    def fails() -> None:
        with ten_rows.write() as session:
            audit.say(session, "approved", actor="U1", at=NOON)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert verdict(ten_rows) == Verdict(10)


def test_many_writers_make_one_unbroken_chain(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: say(database, "requested", number=number), range(80)))

    assert verdict(database) == Verdict(80)


def test_a_request_and_its_audit_row_are_one_transaction(database: Database) -> None:
    a_request(database)

    assert verdict(database) == Verdict(1)


def test_the_key_shows_in_no_repr() -> None:
    assert "long enough" not in repr(KEY)
