"""Whatever is done to the rows of the audit log: what can be found is found, by the right row."""

import random
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import islice, pairwise
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from db import audit
from db.audit import Anchor, Key, Verdict, chain, verify
from db.audit.parallel import several
from db.session import Database
from tests import databases
from tests.bench import events
from tests.db.conftest import KEY, NOON

ROWS = 60
PART = 7


@pytest.fixture
def full(database: Database) -> Database:
    """Some rows, walked along in several parts."""
    fill(database, ROWS)
    return database


def fill(database: Database, count: int) -> None:
    made = events.entries(count)
    while some := list(islice(made, 20)):
        with database.write() as session:
            session.info[chain._SAID] = some


def verdict(database: Database, *anchors: Anchor, key: Key = KEY) -> Verdict:
    with database.read() as session:
        return audit.verify(session, key, anchors, part=PART)


def change(connection: Connection, dice: random.Random, at: int) -> int:
    """Another word somewhere in a row; returns the row that is wrong."""
    column, value = dice.choice(
        [
            ("text", "text || ' '"),
            ("text", "replace(text, 'reason', 'raison')"),
            ("event", "event || 'x'"),
            ("actor", "'U0MALLORY'"),
            ("account", "'another'"),
            ("role", "'prod-core/other'"),
            ("request_id", "request_id + 1"),
            ("hash", "'" + "0" * 64 + "'"),
            ("before", "'" + "0" * 64 + "'"),
            ("key_id", "'ffffffff'"),
            ("terms", "'every:row'" if is_sqlite(connection) else "ARRAY['every:row']"),
            ("at", "'2020-01-01 00:00:00.000000'"),
        ]
    )
    connection.execute(text(f"UPDATE audit SET {column} = {value} WHERE number = {at}"))
    return at


def delete(connection: Connection, dice: random.Random, at: int) -> int:
    """Some rows in a row are gone, and those behind them moved up, or not."""
    count = dice.randint(1, 3)
    connection.execute(text(f"DELETE FROM audit WHERE number >= {at} AND number < {at + count}"))
    if dice.random() < 0.5:
        for number in range(at + count, ROWS + 1):
            connection.execute(
                text(f"UPDATE audit SET number = {number - count} WHERE number = {number}")
            )
    return at


def insert(connection: Connection, dice: random.Random, at: int) -> int:
    """A row that was never written, made of another one; those behind it moved down."""
    for number in range(ROWS, at - 1, -1):
        connection.execute(text(f"UPDATE audit SET number = {number + 1} WHERE number = {number}"))
    source = dice.choice([one for one in range(1, ROWS + 2) if one != at])
    columns = "at, event, actor, request_id, role, account, terms, text, key_id, before, hash"
    connection.execute(
        text(
            f"INSERT INTO audit (number, {columns}) SELECT {at}, {columns} FROM audit "
            f"WHERE number = {source}"
        )
    )
    connection.execute(text("UPDATE audit_head SET number = number + 1"))
    return at


def swap(connection: Connection, dice: random.Random, at: int) -> int:
    """Two rows in each other's place."""
    other = dice.choice([one for one in range(1, ROWS + 1) if one != at])
    for one, new in ((at, 100_000), (other, at), (100_000, other)):
        connection.execute(text(f"UPDATE audit SET number = {new} WHERE number = {one}"))
    return min(at, other)


def is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


Tampering = Callable[[Connection, random.Random, int], int]


@pytest.mark.parametrize("tampering", [change, delete, insert, swap])
def test_every_row_that_was_tampered_with_is_found_and_named(
    full: Database, tampering: Tampering
) -> None:
    dice = random.Random(13)
    assert verdict(full) == Verdict(ROWS)
    for _ in range(25):
        with databases.tampering(full) as connection, connection.begin_nested() as transaction:
            wrong = tampering(connection, dice, dice.randint(1, ROWS))
            with Session(connection) as session:
                found = audit.verify(session, KEY, part=PART)
            transaction.rollback()
        assert found.wrong == wrong, (tampering, found)
        assert found.rows == wrong - 1
    assert verdict(full) == Verdict(ROWS)


def test_a_tail_that_is_cut_off_is_found_by_an_anchor_and_only_by_it(full: Database) -> None:
    with full.read() as session:
        number, signed = audit.head(session)
    anchor = Anchor(number, signed[:8], "a card", NOON)
    assert verdict(full, anchor).anchor == anchor
    cut(full, 50)

    assert verdict(full).wrong is None
    found = verdict(full, anchor)
    assert found.wrong == ROWS
    assert found.rows == 50
    assert "cut off" in (found.what or "")


def cut(database: Database, last: int) -> None:
    with databases.tampering(database) as connection:
        connection.execute(text(f"DELETE FROM audit WHERE number > {last}"))
        signed = connection.execute(text(f"SELECT hash FROM audit WHERE number = {last}")).scalar()
        connection.execute(
            text("UPDATE audit_head SET number = :n, hash = :h"), {"n": last, "h": signed}
        )


def test_a_tail_that_was_written_anew_with_the_key_is_found_by_an_anchor(full: Database) -> None:
    with full.read() as session:
        number, signed = audit.head(session)
    cut(full, 50)
    fill(full, 30)

    found = verdict(full, Anchor(number, signed[:8], "S3"))

    assert (found.wrong, found.rows) == (ROWS, 80)
    assert "another hash" in (found.what or "")


def test_a_database_from_a_backup_holds_with_a_warning_once_it_was_accepted(full: Database) -> None:
    with full.read() as session:
        number, signed = audit.head(session)
    anchor = Anchor(number, signed[:8], "S3", NOON)
    cut(full, 50)
    later = NOON + timedelta(hours=1)
    with full.write() as session:
        audit.say(session, "hold lifted", actor="U1", at=later, kind="restore", after=50)

    found = verdict(full, anchor)
    assert found.wrong is None
    assert "restored from a backup" in found.warnings[0]
    # nor is one forgiven of which nobody knows when it was told
    found = verdict(full, Anchor(number, signed[:8], "told here"))
    assert found.wrong == number
    assert "unless that was told before" in (found.what or "")
    # neither what the backup had is forgiven, nor what is told after that
    assert verdict(full, Anchor(50, "00000000", "S3", NOON)).wrong == 50
    with full.read() as session:
        newest = Anchor(*_short(audit.head(session)), "S3", later + timedelta(hours=1))
    cut(full, 50)
    assert verdict(full, newest).wrong == 51


def _short(head: tuple[int, str]) -> tuple[int, str]:
    return head[0], head[1][:8]


def test_a_new_key_goes_on_where_the_old_one_ended(database: Database) -> None:
    fill(database, 20)
    newer = Key(b"another key, long enough to be one of them", (KEY,))
    database.key = newer
    fill(database, 20)

    assert verdict(database, key=newer) == Verdict(40)
    assert verdict(database).wrong == 21
    assert "not told here" in (verdict(database).what or "")
    database.key = KEY
    fill(database, 20)
    assert verdict(database, key=newer).wrong == 41
    assert "had been replaced" in (verdict(database, key=newer).what or "")


def test_who_knows_only_a_key_that_was_replaced_leaves_a_warning(database: Database) -> None:
    fill(database, 20)

    found = verdict(database, key=Key(b"another key, long enough to be one of them", (KEY,)))

    assert found.wrong is None
    assert "was replaced by" in found.warnings[0]


def test_rows_that_are_made_unfindable_by_time_leave_a_warning(database: Database) -> None:
    for seconds in (0, 60, 10):
        with database.write() as session:
            audit.say(session, "refused", actor="U1", at=NOON + timedelta(seconds=seconds))
    assert verdict(database) == Verdict(3)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE audit_head SET gap = 0"))

    assert "searches by time may leave out rows" in verdict(database).warnings[0]


WRITER = """
import sys
from datetime import UTC, datetime
from db import audit
from db.session import Database
url, name, count = sys.argv[1:]
database = Database(url, key=audit.Key({key!r}), now=lambda: datetime.now(UTC))
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(count)):
    with database.write() as session:
        for part in range(200):
            audit.say(
                session, "requested", actor=name, at=datetime.now(UTC), number=number * 200 + part
            )
database.close()
"""


def test_two_processes_that_write_10000_rows_at_once_make_one_unbroken_chain(
    database: Database, tmp_path: Path
) -> None:
    script = tmp_path / "writer.py"
    script.write_text(WRITER.format(key=KEY.secret))
    url = database.url.render_as_string(hide_password=False)
    writers = [
        subprocess.Popen(
            [sys.executable, str(script), url, name, "25"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
            env={"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        for name in ("U1", "U2")
    ]
    for one in writers:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in writers:
        assert one.stdin is not None
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in writers:
        one.communicate(timeout=100)
    assert [one.returncode for one in writers] == [0, 0]

    found = verdict(database)
    assert found.wrong is None
    assert found.rows == 10_000
    assert writers_take_turns(database)


def writers_take_turns(database: Database) -> bool:
    with database.engine.connect() as connection:
        query = "SELECT actor FROM audit ORDER BY number"
        actors = [row[0] for row in connection.execute(text(query))]
    return any(one != two for one, two in pairwise(actors[200:-200]))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_log_is_checked_by_several_processes_with_the_same_verdict(full: Database) -> None:
    walking = several(full.url.render_as_string(hide_password=False), KEY)
    with databases.tampering(full) as connection:
        connection.execute(text("UPDATE audit SET actor = 'U2' WHERE number IN (23, 40)"))
    with full.read() as session:
        assert verify(session, KEY, walking=walking, part=PART).wrong == 23
