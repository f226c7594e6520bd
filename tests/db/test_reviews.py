"""What the queries of reviews promise: nothing owed is lost, and one use of a person at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from db.lifecycle import Event
from db.models import Person, Request, Review
from db.session import Database
from db.store import people, requests, reviews
from tests.db.conftest import NOON, a_request

LATER = NOON + timedelta(minutes=1)


def a_use(database: Database, name: str = "alice") -> int:
    request_id = a_request(database, name)
    with database.write() as session:
        row = session.get_one(Request, request_id)
        row.break_glass = True
        reviews.opened(session, row, channel="C0LOUD", at=NOON)
    return request_id


def claimed(database: Database, request_id: int) -> Review:
    with database.write() as session:
        found = reviews.claim(session, request_id, NOON)
        assert found is not None
        return found


def say_at(database: Database, request_id: int) -> object:
    with database.read() as session:
        return session.get_one(Review, request_id).say_at


def test_one_of_two_workers_has_what_a_channel_is_owed(database: Database) -> None:
    use = a_use(database)
    with database.read() as session:
        assert list(reviews.due(session, NOON)) == [use]

    claimed(database, use)

    with database.write() as session:
        assert reviews.claim(session, use, NOON) is None
        assert reviews.claim(session, use, NOON + reviews.CLAIM) is not None


def test_an_end_while_the_channel_is_told_of_the_beginning_stays_owed(database: Database) -> None:
    use = a_use(database)
    told = claimed(database, use)
    with database.write() as session:
        row = requests.lock(session, use)
        assert row is not None
        requests.move(session, row, Event.DENY, actor="U1", at=LATER)

    with database.write() as session:
        reviews.paid(session, told, next_at=None)

    assert say_at(database, use) == LATER


def test_what_was_said_is_owed_no_more(database: Database) -> None:
    use = a_use(database)
    told = claimed(database, use)

    with database.write() as session:
        reviews.paid(session, told, next_at=None)

    assert say_at(database, use) is None


def test_the_end_of_other_requests_owes_nothing(database: Database) -> None:
    use, other = a_use(database), a_request(database, "bob")
    with database.write() as session:
        reviews.remember(session, use, say_at=None)
        row = requests.lock(session, other)
        assert row is not None
        requests.move(session, row, Event.DENY, actor="U1", at=LATER)

    assert say_at(database, use) is None


def test_what_is_unsigned_is_listed_however_old_it_is(database: Database) -> None:
    old, signed = a_use(database), a_use(database, "bob")
    with database.write() as session:
        reviews.remember(session, signed, signed_by="U1", signed_at=NOON, note="seen")

    with database.read() as session:
        listed = [row.id for row, _ in reviews.uses(session, since=LATER)]
        assert [row.id for row, _ in reviews.uses(session)] == [signed, old]

    assert listed == [old]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_two_ids_of_one_address_file_one_after_the_other(database: Database) -> None:
    with database.write() as session:
        for user, email in (("U1", "Ann@corp.example"), ("U2", "ann@corp.example")):
            facts = dict.fromkeys(("guest", "bot", "stranger", "deleted"), False) | {"zone": "UTC"}
            person = Person(user=user, team="T1", name=user, email=email, seen_at=NOON, **facts)
            person.email_confirmed = True
            people.put(session, person)
    order: list[str] = []
    inside = threading.Event()

    def first() -> None:
        with database.write() as session:
            reviews.one_at_a_time(session, "U1", "ann@corp.example")
            inside.set()
            second_waits.wait(0.3)
            order.append("first")

    def second() -> None:
        inside.wait()
        with database.write() as session:
            reviews.one_at_a_time(session, "U2", "ANN@corp.example")
            order.append("second")

    second_waits = threading.Event()
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(first), pool.submit(second)]:
            done.result()

    assert order == ["first", "second"]
