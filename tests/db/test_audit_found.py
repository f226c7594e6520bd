"""Rows of the audit log that a question has to find, and those that it must not show."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from db import audit
from db.audit import About, Actor, Entry, chain, search
from db.audit.question import Condition, Field, Search, Viewer
from db.session import Database
from tests import databases
from tests.db.conftest import NOON


def found(database: Database, meant: Search, viewer: Viewer | None = None) -> list[int]:
    with database.read() as session:
        numbers = [row.number for row in search.each(session, meant, viewer)]
        page = search.newest(session, meant, viewer)
    assert [row.number for row in page.rows] == numbers[::-1][: search.PAGE]
    return numbers


def about(database: Database, field: Field, value: str) -> list[int]:
    return found(database, Search((Condition(field, value),)))


def test_whose_names_are_somebody_elses_id_is_not_seen_by_him(database: Database) -> None:
    """An IAM user, a session or an address may be called as somebody's id in Slack is."""
    whose = [
        Entry(NOON, "requested", Actor("U2"), About(requester="U2", session="U1")),
        Entry(NOON, "requested", Actor("U2"), About(grantee="arn:aws:iam::1:user/U1")),
        Entry(NOON, "requested", Actor("U2", email="u1", identity="arn:aws:iam::1:user/u1")),
        Entry(NOON, "refused", Actor("u1"), About(role="Prod/admin")),
        Entry(NOON, "refused", Actor("arn:aws:iam::1:user/U1")),
        Entry(NOON, "requested", Actor("U1"), About(requester="U1")),
        Entry(NOON, "approved", Actor("U2"), About(requester="U1")),
        Entry(NOON, "approved", Actor("U2"), About(role="prod/admin")),
    ]
    for _ in range(3):  # more than one page
        with database.write() as session:
            session.info[chain._SAID] = list(whose)

    seen = found(database, Search(), Viewer("U1", ["prod/admin"]))

    assert seen == [8 * part + number for part in range(3) for number in (6, 7, 8)]


def test_a_star_finds_accounts_that_are_named_by_roles_only(database: Database) -> None:
    with database.write() as session:
        audit.say(session, "refused", actor="U1", at=NOON, role="prod-core/admin")
        audit.say(session, "refused", actor="U1", at=NOON, role="dev/prod-admin")

    assert about(database, Field.ACCOUNT, "prod*") == about(database, Field.ACCOUNT, "prod-core")
    assert about(database, Field.ACCOUNT, "prod*") == [1]
    assert about(database, Field.ACCOUNT, "*") == [1, 2]


def test_a_star_finds_why_something_ended(database: Database) -> None:
    with database.write() as session:
        audit.say(session, "ending", actor="U1", at=NOON, why="revoked")
        audit.say(session, "ending", actor="U1", at=NOON, why="time")

    assert about(database, Field.ACTION, "revo*") == [1]


@pytest.mark.parametrize(
    ("written", "word"),
    [("cafe\u0301", "café"), ("ＤＥＰＬＯＹ", "deploy"), ("ﬁx", "fix"), ("Straße", "STRASSE")],  # noqa: RUF001  on purpose
)
def test_words_are_found_however_their_letters_were_put_together(
    database: Database, written: str, word: str
) -> None:
    with database.write() as session:
        audit.say(session, "refused", actor="U1", at=NOON, reason=f"the {written} of it")

    assert about(database, Field.WORD, word) == [1]
    assert about(database, Field.WORD, f"the {word} of it") == [1]
    assert about(database, Field.WORD, written) == [1]


def test_a_control_character_breaks_nothing(database: Database) -> None:
    with database.write() as session:
        audit.say(session, "refused", actor="a\x01b", at=NOON)

    assert about(database, Field.USER, "a\x01b") == [1]


def test_times_at_the_end_of_all_days_break_nothing(database: Database) -> None:
    """Though rows are out of order, for which more of them are looked through."""
    for hours in (2, 0):
        with database.write() as session:
            audit.say(session, "refused", actor="U1", at=NOON + timedelta(hours=hours))
    first, last = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

    assert found(database, Search((), first, last)) == [1, 2]


def test_long_names_that_begin_alike_are_told_apart(database: Database) -> None:
    users = [f"arn:aws:iam::111122223333:user/{'d' * 180}/{name}" for name in ("alice", "bob")]
    for user in users:
        with database.write() as session:
            audit.say(session, "refused", actor=user, at=NOON)

    assert about(database, Field.USER, users[1]) == [2]
    assert about(database, Field.USER, "alice") == [1]


def test_a_row_that_says_nothing_is_shown_to_who_sees_all_and_breaks_no_page(
    database: Database,
) -> None:
    with database.write() as session:
        audit.say(session, "refused", actor="U1", at=NOON)
    with databases.tampering(database) as connection:
        connection.execute(text("UPDATE audit SET text = 'nonsense'"))

    assert found(database, Search()) == [1]
    assert found(database, Search(), Viewer("U1", [])) == []
    with database.read() as session:
        (row,) = search.newest(session, Search()).rows
    assert row.content == {"number": 1, "text": "nonsense", "facts": {}}
