"""What is owed to a thread when a grant is over: owed once, to one worker, and never lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request
from db.session import Database
from db.store import activity, requests
from tests.db.conftest import NOON, a_request

DUE = NOON + requests.ACTIVITY_AFTER


def over(database: Database, *, noted_at: datetime | None = NOON, name: str = "alice") -> int:
    """A grant that ended at noon, opened or not."""
    request_id = a_request(database, name)
    with database.write() as session:
        row = requests.lock(session, request_id)
        assert row is not None
        for event in (Event.APPROVE, Event.END):
            requests.move(session, row, event, actor="U1", at=NOON, why=Why.REVOKED)
        if noted_at is not None:
            ends_at = noted_at + timedelta(hours=1)
            requests.note(session, row, at=NOON, noted_at=noted_at, ends_at=ends_at)
        requests.move(session, row, Event.CLOSED, actor="xacct", at=NOON)
    return request_id


def row_of(database: Database, request_id: int) -> Request:
    with database.read() as session:
        return session.get_one(Request, request_id)


def claim(database: Database, request_id: int, now: datetime = DUE) -> Request | None:
    with database.write() as session:
        return activity.claim(session, request_id, now)


def due(database: Database, now: datetime) -> list[tuple[int, str]]:
    with database.read() as session:
        return list(activity.due(session, now))


def test_it_is_owed_twenty_minutes_after_the_end_of_what_may_have_been_open(
    database: Database,
) -> None:
    used, unused = over(database), over(database, noted_at=None, name="bob")

    assert row_of(database, unused).state is State.ENDED
    assert row_of(database, unused).activity_at is None
    assert due(database, DUE - timedelta(seconds=1)) == []
    assert due(database, DUE) == [(used, "444455556666")]


def test_of_many_workers_one_has_it_and_another_only_when_that_one_is_gone(
    database: Database,
) -> None:
    request_id = over(database)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: claim(database, request_id), range(8)))

    assert sum(one is not None for one in found) == 1
    assert due(database, DUE + activity.CLAIM - timedelta(seconds=1)) == []
    assert claim(database, request_id, DUE + activity.CLAIM) is not None


def test_who_took_so_long_that_another_has_it_tells_nothing(database: Database) -> None:
    request_id = over(database)
    slow = claim(database, request_id)
    assert slow is not None
    late = DUE + activity.CLAIM
    quick = claim(database, request_id, late)
    assert quick is not None

    with database.write() as session:
        assert activity.still(session, slow, late) is None
        assert not activity.told(session, slow)
        ours = activity.still(session, quick, late)
        assert ours is not None
        assert activity.told(session, ours)

    assert row_of(database, request_id).activity_at is None


def test_what_is_put_off_falls_due_again_with_its_attempts(database: Database) -> None:
    request_id = over(database)
    row = claim(database, request_id)
    assert row is not None
    when = DUE + timedelta(minutes=2)

    with database.write() as session:
        activity.later(session, row, when, attempts=1)

    assert due(database, when) == [(request_id, "444455556666")]
    assert row_of(database, request_id).activity_attempts == 1


def test_an_account_with_much_owed_holds_up_no_other(database: Database) -> None:
    many = [over(database) for _ in range(5)]
    other = over(database, name="bob")
    with database.write() as session:
        session.get_one(Request, other).account_id = "777788889999"

    with database.read() as session:
        found = activity.due(session, DUE, per_account=2)

    assert len([key for key, _ in found if key in many]) == 2
    assert other in [key for key, _ in found]


def test_the_next_grant_is_of_the_same_grantee_and_role_and_was_noted_later(
    database: Database,
) -> None:
    first = over(database)
    over(database, name="bob", noted_at=NOON + timedelta(minutes=1))
    over(database, noted_at=None)
    last = over(database, noted_at=NOON + timedelta(hours=3))
    second = over(database, noted_at=NOON + timedelta(hours=2))

    with database.read() as session:
        following = [
            activity.next_grant(session, session.get_one(Request, one))
            for one in (first, second, last)
        ]

    assert [one.id if one is not None else None for one in following] == [second, last, None]


def test_the_keys_that_were_handed_out_are_those_of_the_request(database: Database) -> None:
    first, second = over(database), over(database, name="bob")
    with database.write() as session:
        for request_id, key in ((first, "ASIA1"), (first, "ASIA2"), (second, "ASIA3")):
            row = session.get_one(Request, request_id)
            audit.say(session, "delivered", actor="U1", at=NOON, request=row, access_key_id=key)

    with database.read() as session:
        assert activity.delivered(session, first) == {"ASIA1", "ASIA2"}
        assert activity.delivered(session, second) == {"ASIA3"}
