"""What the queries promise: one winner of every race, nothing owed is lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from db import migrate
from db.lifecycle import Event, IllegalMove, State
from db.models import Request, Target, TargetKind
from db.session import Database, InUse
from db.store import drawings, inbox, listing, memberships, requests, targets
from db.store.inbox import Said
from db.store.targets import LostLease, Owed, Term
from tests.db.conftest import KEY, NOON, a_request, address

TERM = Term(NOON, NOON, timedelta(minutes=2))


def said(key: str) -> Said:
    return Said(key, "command", "T1", "U1", {"text": "list"}, None, NOON)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_server_ends_a_transaction_that_stands_still(database: Database) -> None:
    said = ""
    for _ in range(2):  # the setting outlives the return of a connection to the pool
        with database.write() as session:
            said = session.execute(text("SHOW idle_in_transaction_session_timeout")).scalar_one()

    assert said == "10s"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_patience_of_an_upgrade_with_locks_ends_with_it(database: Database) -> None:
    migrate.upgrade(database)

    with database.read() as session:  # on the connection that the upgrade gave back
        said = session.execute(text("SHOW lock_timeout")).scalar_one()

    assert said == "0"


def test_of_twenty_simultaneous_moves_one_wins(database: Database) -> None:
    request_id = a_request(database)

    def approve(number: int) -> bool:
        try:
            with database.write() as session:
                row = requests.lock(session, request_id)
                assert row is not None
                requests.move(session, row, Event.APPROVE, actor=f"U{number}", at=NOON)
        except IllegalMove:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        won = list(pool.map(approve, range(20)))

    assert won.count(True) == 1


def test_a_move_from_a_stale_row_changes_nothing(database: Database) -> None:
    request_id = a_request(database)
    with database.read() as session:
        stale = session.get_one(Request, request_id)
    with database.write() as session:
        row = requests.lock(session, request_id)
        assert row is not None
        requests.move(session, row, Event.DENY, actor="U1", at=NOON)

    with pytest.raises(IllegalMove), database.write() as session:
        requests.move(session, session.merge(stale, load=False), Event.APPROVE, actor="U2", at=NOON)

    with database.read() as session:
        assert session.get_one(Request, request_id).state is State.DENIED


def test_what_is_delivered_twice_is_one_row(database: Database) -> None:
    with database.write() as session:
        inbox.put(session, [said("a"), said("b")])
    with database.write() as session:
        inbox.put(session, [said("b"), said("c")])

    with database.read() as session:
        assert len(inbox.due(session, NOON)) == 3


def test_a_row_of_the_inbox_is_paid_once(database: Database) -> None:
    with database.write() as session:
        inbox.put(session, [said("a")])
    with database.read() as session:
        ((number, _kind),) = inbox.due(session, NOON)

    def pay(_: int) -> bool:
        with database.write() as session:
            return inbox.pay(session, number)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(pay, range(8))).count(True) == 1


def test_a_row_that_could_not_be_paid_falls_due_again_later(database: Database) -> None:
    with database.write() as session:
        inbox.put(session, [said("a")])
        ((number, _kind),) = inbox.due(session, NOON)
        inbox.put_off(session, number, NOON + inbox.PAUSE)

    with database.read() as session:
        assert inbox.due(session, NOON) == []
        assert len(inbox.due(session, NOON + inbox.PAUSE)) == 1
        found = inbox.get(session, number)
        assert found is not None
        assert found.attempts == 1


# --- targets


def a_target(database: Database) -> int:
    with database.write() as session:
        target = targets.ensure(session, address(TargetKind.ROLE, "role/xacct/admin"))
        targets.owe(session, target.id, NOON)
        return target.id


def settle_at(database: Database, target_id: int) -> datetime | None:
    with database.read() as session:
        return session.get_one(Target, target_id).settle_at


def test_a_leased_target_is_nobody_elses(database: Database) -> None:
    target_id = a_target(database)

    def lease(number: int) -> bool:
        with database.write() as session:
            return targets.lease(session, target_id, TERM, token=str(number), run="r") is not None

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lease, range(8))).count(True) == 1


def test_a_debt_outlives_the_worker_that_took_it(database: Database) -> None:
    target_id = a_target(database)
    with database.write() as session:
        assert targets.lease(session, target_id, TERM, token="dead", run="r")

    later = Term(NOON + TERM.length, NOON + TERM.length, TERM.length)
    with database.write() as session:
        found = targets.due(session, later.now, database_now=later.database_now)
        assert found == [Owed(target_id, "444455556666", closing=False)]
        taken = targets.lease(session, target_id, later, token="alive", run="r")

    assert taken is not None
    assert taken.taken_over


def test_a_worker_whose_lease_was_taken_over_can_record_nothing(database: Database) -> None:
    target_id = a_target(database)
    with database.write() as session:
        late = targets.lease(session, target_id, TERM, token="late", run="r")
    later = Term(NOON + TERM.length, NOON + TERM.length, TERM.length)
    with database.write() as session:
        targets.lease(session, target_id, later, token="next", run="r")

    assert late is not None
    with pytest.raises(LostLease), database.write() as session:
        targets.hold(session, late)


def test_a_target_that_another_worker_has_is_not_looked_for_again_and_again(
    database: Database,
) -> None:
    target_id = a_target(database)
    with database.write() as session:
        targets.lease(session, target_id, TERM, token="t", run="r")
        targets.owe(session, target_id, NOON)

    with database.read() as session:
        assert targets.due(session, NOON, database_now=NOON) == []


def test_work_that_comes_during_a_settle_is_still_owed_after_it(database: Database) -> None:
    target_id = a_target(database)
    with database.write() as session:
        lease = targets.lease(session, target_id, TERM, token="t", run="r")
    with database.write() as session:
        targets.owe(session, target_id, NOON + timedelta(seconds=1))
    assert lease is not None
    with database.write() as session:
        targets.hand_back(session, lease, again_at=None)

    assert settle_at(database, target_id) == NOON + timedelta(seconds=1)


def test_a_settled_target_is_next_due_when_the_rows_say(database: Database) -> None:
    target_id = a_target(database)
    with database.write() as session:
        lease = targets.lease(session, target_id, TERM, token="t", run="r")
        assert lease is not None
        targets.hand_back(session, lease, again_at=NOON + timedelta(hours=1))

    assert settle_at(database, target_id) == NOON + timedelta(hours=1)


def test_what_is_owed_earlier_is_not_put_off(database: Database) -> None:
    target_id = a_target(database)
    with database.write() as session:
        targets.owe(session, target_id, NOON + timedelta(hours=1))

    assert settle_at(database, target_id) == NOON


def test_leases_of_a_dead_run_wait_only_for_their_fence(database: Database) -> None:
    target_id = a_target(database)
    with database.write() as session:
        targets.lease(session, target_id, TERM, token="t", run="dead")
        targets.shorten_dead_leases(session, run="alive", fence_over=NOON + timedelta(seconds=90))

    assert settle_at(database, target_id) == NOON + timedelta(seconds=90)


def test_a_place_in_a_group_is_decided_once(database: Database) -> None:
    place = {"account_id": "111122223333", "group_name": "g", "user_id": "AIDA1"}
    with database.write() as session:
        memberships.note(session, **place, user_name="alice", was_member=True, at=NOON)
    with database.read() as session:
        assert memberships.noted(session, "111122223333", "AIDA1") == {"g": True}
    with database.write() as session:
        memberships.forget(session, **place)
        assert memberships.noted(session, "111122223333", "AIDA1") == {}


# --- drawing, and time


def test_a_change_during_a_drawing_is_still_owed(database: Database) -> None:
    request_id = a_request(database)
    with database.write() as session:
        row = drawings.claim(session, request_id, NOON)
        assert row is not None
        version = row.changed
    with database.write() as session:
        row = requests.lock(session, request_id)
        assert row is not None
        requests.note(session, row, at=NOON)
    with database.write() as session:
        drawings.drew(session, request_id, version, at=NOON, card_ts="1.2")

    with database.read() as session:
        assert [key for key, _ in drawings.due(session, NOON)] == [request_id]


def test_an_old_state_that_a_frozen_worker_drew_over_the_newest_is_drawn_again(
    database: Database,
) -> None:
    request_id = a_request(database)
    with database.write() as session:
        frozen = drawings.claim(session, request_id, NOON)
        assert frozen is not None
        old = frozen.changed
        requests.note(session, frozen, at=NOON)
        newest = frozen.changed
        drawings.drew(session, request_id, newest, at=NOON)
    with database.read() as session:
        assert drawings.due(session, NOON) == []

    with database.write() as session:
        drawings.drew(session, request_id, old, at=NOON)  # it wakes, and has drawn over it

    with database.read() as session:
        assert [key for key, _ in drawings.due(session, NOON)] == [request_id]


def test_a_time_without_a_zone_never_reaches_the_database(database: Database) -> None:
    with pytest.raises(Exception, match="without a zone"), database.write() as session:
        targets.owe(session, 1, datetime(2026, 1, 1))  # noqa: DTZ001


def test_times_come_back_as_they_were_stored(database: Database) -> None:
    request_id = a_request(database)
    with database.read() as session:
        assert session.get_one(Request, request_id).asked_at == NOON
        assert session.get_one(Request, request_id).asked_at.tzinfo is not None


def test_one_process_has_an_sqlite_file(database: Database) -> None:
    claimed = database.claim_file()
    if claimed is None:
        assert not database.is_sqlite
        return
    other = Database(str(database.url), key=KEY, now=lambda: datetime.now(UTC))
    with pytest.raises(InUse, match="SQLite serves one process"):
        other.claim_file()
    claimed.close()
    second = other.claim_file()
    assert second is not None
    second.close()
    other.close()


def test_what_somebody_was_asked_about_is_found_by_his_whole_id_on_whichever_role(
    database: Database,
) -> None:
    first, second, other = (a_request(database, name) for name in ("alice", "bob", "carol"))
    with database.write() as session:
        for number, asked in ((first, ["U0BOB2", "U0BOB"]), (second, ["U0BOB22"]), (other, [])):
            session.get_one(Request, number).asked_of = asked

    with database.read() as session:
        found = listing.waiting(session, [], asked="U0BOB2")
        assert [one.id for one in found] == [first]
        arn = found[0].role_arn
        assert len(listing.waiting(session, [arn], asked="U0BOB2")) == 3
        assert [one.id for one in listing.waiting(session, [], asked="U0%")] == []
        assert listing.waiting(session, []) == []
