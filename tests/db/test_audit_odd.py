"""What no honest program leaves in the audit log: verify names the row, and does not stumble."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from db import audit
from db.audit import Verdict
from db.session import Database
from tests import databases
from tests.db.conftest import KEY, NOON

ROWS = 12
COLUMNS = "at, event, actor, request_id, role, account, terms, text, key_id, before, hash"


@pytest.fixture
def few(database: Database) -> Database:
    for number in range(ROWS):
        with database.write() as session:
            at = NOON + timedelta(minutes=number)
            audit.say(session, "refused", actor=f"U{number}", at=at, reason=f"No {number}")
    return database


def after(database: Database, *statements: str) -> Verdict:
    with databases.tampering(database) as connection:
        for one in statements:
            connection.execute(text(one))
    with database.read() as session:
        return audit.verify(session, KEY)


def copied(number: int) -> str:
    """A row of that number, which is a copy of row 5."""
    found = f"SELECT {number}, {COLUMNS} FROM audit WHERE number = 5"
    return f"INSERT INTO audit (number, {COLUMNS}) {found}"


@pytest.mark.parametrize("number", [-3, 0])
def test_a_row_before_the_first_one_is_found(few: Database, number: int) -> None:
    found = after(few, copied(number))

    assert (found.rows, found.wrong) == (0, number)


def test_a_row_far_behind_the_head_is_found(few: Database) -> None:
    far = (1 << 40) if few.is_sqlite else (1 << 31) - 1

    assert after(few, copied(far)).wrong == ROWS + 1


@pytest.mark.parametrize("number", [0, 7])
def test_a_head_that_was_set_back_is_found(few: Database, number: int) -> None:
    signed = "(SELECT hash FROM audit WHERE number = 7)" if number else f"'{audit.GENESIS}'"

    found = after(few, f"UPDATE audit_head SET number = {number}, hash = {signed}")

    assert (found.rows, found.wrong) == (number, number + 1)
    assert "behind the row that the head" in (found.what or "")


def test_a_head_that_is_gone_is_said(few: Database) -> None:
    assert "no head" in (after(few, "DELETE FROM audit_head").what or "")


@pytest.mark.parametrize("word", ["nonsense", "", "[]", "{}", "5", '{"number":5}'])
def test_a_row_that_is_signed_and_says_nothing_is_named(few: Database, word: str) -> None:
    """As who has the key could write it."""
    with databases.tampering(few) as connection:
        before = connection.scalar(text("SELECT hash FROM audit WHERE number = 4"))
        connection.execute(
            text("UPDATE audit SET text = :text, hash = :hash WHERE number = 5"),
            {"text": word, "hash": KEY.sign(str(before), word)},
        )

    found = after(few)

    assert (found.rows, found.wrong) == (4, 5)
    assert found.what == "says nothing that xacct writes"


def test_a_hash_of_strange_letters_is_named(few: Database) -> None:
    assert after(few, "UPDATE audit SET hash = 'é' WHERE number = 5").wrong == 5


def test_terms_that_are_put_together_into_one_are_found(few: Database) -> None:
    """The same letters, by which nothing is found any more."""
    if few.is_sqlite:
        told = "replace(terms, ' ', char(10))"
    else:
        told = "ARRAY[array_to_string(terms, ' ')]"

    found = after(few, f"UPDATE audit SET terms = {told} WHERE number = 5")

    assert found.wrong == 5
    assert "is not found by" in (found.what or "")


@pytest.mark.parametrize("told", ["ARRAY[array_to_string(terms, ' '), NULL]", "terms || ''::text"])
def test_terms_that_are_put_together_among_empty_ones_are_found(few: Database, told: str) -> None:
    if not few.is_sqlite:
        assert after(few, f"UPDATE audit SET terms = {told} WHERE number = 5").wrong == 5


@pytest.mark.parametrize(
    "change",
    [
        "hash = x'00ff'",
        "text = CAST(text AS BLOB)",
        "text = CAST(x'ff' AS TEXT)",
        "hash = CAST(x'ff' AS TEXT)",
        "terms = CAST(terms AS BLOB)",
        "at = CAST(at AS BLOB)",  # which SQLite thinks greater than any text
        "at = replace(at, ' ', 'T')",  # which it thinks later than any hour of that day
        "request_id = 7.5",
    ],
)
def test_what_sqlite_keeps_in_columns_of_another_kind_is_found(few: Database, change: str) -> None:
    if few.is_sqlite:
        found = after(few, f"UPDATE audit SET {change} WHERE number = 5")
        assert (found.rows, found.wrong) == (4, 5)
        with few.read() as session:
            assert audit.verify(session, KEY, part=2).wrong == 5
