import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from time import monotonic

import pytest
from sqlalchemy import select

from bot.inbox_writer import Busy, Unsure, Writer
from db import migrate
from db.models import Inbox
from db.session import Database
from db.store.inbox import Said
from tests.lab import KEY

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url, key=KEY, now=lambda: NOW)
    migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    writer = Writer(database, written=lambda: None)
    yield writer
    writer.stop()


def said(key: str, *, user: str = "U1", text: str = "list") -> Said:
    return Said(key, "list", "T1", user, {"text": text}, None, NOW)


def keys(database: Database) -> list[str]:
    with database.read() as session:
        return sorted(session.scalars(select(Inbox.key)))


def test_what_was_put_is_committed_when_put_returns(database: Database, writer: Writer) -> None:
    writer.put(said("a"))

    assert keys(database) == ["a"]


def test_the_same_thing_put_twice_is_one_row(database: Database, writer: Writer) -> None:
    writer.put(said("a"))
    writer.put(said("a", text="another delivery"))

    assert keys(database) == ["a"]


def test_many_listeners_at_once_are_all_written(database: Database, writer: Writer) -> None:
    wanted = [f"{number:03d}" for number in range(300)]

    with ThreadPoolExecutor(32) as listeners:
        list(listeners.map(lambda key: writer.put(said(key)), wanted))

    assert keys(database) == wanted


def test_listeners_that_come_together_share_a_commit(database: Database) -> None:
    commits: list[int] = []
    writer = Writer(database, written=lambda: commits.append(len(keys(database))))
    with ThreadPoolExecutor(32) as listeners:
        with database.write(first=True) as session:
            session.connection()
            taken = [listeners.submit(writer.put, said(f"{n:02d}")) for n in range(32)]
            # all of them are waiting before the writer's turn comes
            until(lambda: len(writer._waiting) == 32 or not database.is_sqlite)
        for one in taken:
            one.result()
    writer.stop()

    assert commits[-1] == 32
    if database.is_sqlite:
        assert len(commits) == 1


def until(condition: object) -> None:
    assert callable(condition)
    deadline, pause = monotonic() + 10, threading.Event()
    while not condition():
        assert monotonic() < deadline
        pause.wait(0.005)


def test_whoever_is_told_busy_was_surely_not_recorded(database: Database, writer: Writer) -> None:
    if not database.is_sqlite:
        return  # PostgreSQL has many writers: nothing here keeps it busy
    began = monotonic()

    with database.write(first=True) as session:
        session.connection()
        with pytest.raises(Busy):
            writer.put(said("a"))
        assert monotonic() - began < 2

    writer.put(said("b"))
    assert keys(database) == ["b"]


def test_a_row_that_cannot_be_written_harms_only_itself(database: Database, writer: Writer) -> None:
    bad = Said("bad", "list", "T1", "U1", {"text": object()}, None, NOW)

    with ThreadPoolExecutor(8) as listeners:
        good = [listeners.submit(writer.put, said(f"{n}")) for n in range(5)]
        wrong = listeners.submit(writer.put, bad)
        for one in good:
            one.result()

    assert isinstance(wrong.exception(), Unsure)
    assert keys(database) == ["0", "1", "2", "3", "4"]


def test_a_stopped_writer_takes_nothing_and_has_written_everything(database: Database) -> None:
    writer = Writer(database, written=lambda: None)
    writer.put(said("a"))

    writer.stop()

    with pytest.raises(Busy):
        writer.put(said("b"))
    assert keys(database) == ["a"]
