"""A thousand races for one request, between two processes on one PostgreSQL."""

import os
import random
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Final

import pytest
from sqlalchemy import select

from db.lifecycle import IllegalMove, State
from db.models import Audit, Request
from db.session import Database
from db.store import requests
from tests import databases
from tests.lab import KEY, a_person, some_catalog
from workflows import access, identity
from workflows.access import Ask, Click
from workflows.catalog.model import Catalog, Mechanism
from workflows.clock import SystemClock
from workflows.errors import AlreadySettled

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

RACES: Final = 200 if os.environ.get("CI") else 1000
VERBS: Final = {"approve": "bob", "deny": "dora", "cancel": "alice", "approve too": "dora"}
ENDS: Final = {
    "approve": State.APPROVED,
    "approve too": State.APPROVED,
    "deny": State.DENIED,
    "cancel": State.CANCELLED,
}
SETTLED: Final = "settled already"


@dataclass(frozen=True)
class Place:
    """What a process needs to take part."""

    url: str
    catalog: Catalog


class Racer:
    """One process's half: it keeps its connections from race to race."""

    database: Database
    catalog: Catalog

    @classmethod
    def begin(cls, place: Place) -> None:
        cls.database = Database(place.url, key=KEY, now=SystemClock().now)
        cls.catalog = place.catalog

    @classmethod
    def run(cls, verb: str, number: int, terms: str) -> str:
        """What this one was told."""
        by, alice, now = a_person(VERBS[verb]), a_person("alice"), SystemClock().now()
        click = Click(number, terms)
        try:
            with cls.database.write() as session:
                if verb == "cancel":
                    access.cancel(session, cls.catalog, number, by=by, now=now)
                elif verb == "deny":
                    access.deny(
                        session, cls.catalog, access.Denial(number), by=by, requester=alice, now=now
                    )
                else:
                    access.approve(session, cls.catalog, click, by=by, requester=alice, now=now)
        except (AlreadySettled, IllegalMove):
            return SETTLED
        return "done"


@pytest.fixture
def place(database_url: str) -> Place:
    told = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice", "bob"))
    return Place(database_url, told)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    database = Database(place.url, key=KEY, now=SystemClock().now)
    databases.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def pools(place: Place) -> Iterator[list[ProcessPoolExecutor]]:
    spawn = get_context("spawn")
    made = [
        ProcessPoolExecutor(1, mp_context=spawn, initializer=Racer.begin, initargs=(place,))
        for _ in range(2)
    ]
    yield made
    for pool in made:
        pool.shutdown()


def ask(database: Database, catalog: Catalog) -> tuple[int, str]:
    """A request that was looked at: its number, and the terms that its card shows."""
    by, now, role = a_person("alice"), SystemClock().now(), catalog.roles[0]
    with database.write() as session:
        grantee = identity.own(catalog, by, role, lambda _key, _value: ())
        asked = Ask(role, grantee, role.default_duration, "a race")
        row = access.request(session, catalog, asked, by=by, now=now)
        terms = access.terms_of(row, role)
        requests.note(session, row, at=now, terms=terms)
        return row.id, terms


def state_of(database: Database, number: int) -> tuple[State, int]:
    """Where the request is, and how many rows of the audit log moved it out of pending."""
    with database.read() as session:
        row = session.get(Request, number)
        events = session.scalars(select(Audit.event).where(Audit.request_id == number)).all()
    assert row is not None
    return row.state, sum(one in ("approved", "denied", "cancelled") for one in events)


def test_of_two_who_decide_at_once_one_does_and_both_are_told_the_truth(
    database: Database, place: Place, pools: list[ProcessPoolExecutor]
) -> None:
    chance = random.Random(1)

    won = [_race(database, place, pools, chance) for _ in range(RACES)]

    assert {verb for verb, _ in won} == set(VERBS)
    assert {where for _, where in won} == {0, 1}  # neither process is always the faster


def _race(
    database: Database, place: Place, pools: list[ProcessPoolExecutor], chance: random.Random
) -> tuple[str, int]:
    """One race; the verb that won it, and where."""
    number, terms = ask(database, place.catalog)
    verbs = chance.sample(sorted(VERBS), 2)
    running = [
        pool.submit(Racer.run, verb, number, terms) for pool, verb in zip(pools, verbs, strict=True)
    ]

    told = [one.result(timeout=60) for one in running]

    state, moves = state_of(database, number)
    assert sorted(told) == ["done", SETTLED], (verbs, told, state)
    winner = told.index("done")
    assert (state, moves) == (ENDS[verbs[winner]], 1)
    if state is State.APPROVED:  # nobody asks twice for one role: it is given back
        with database.write() as session:
            now = SystemClock().now()
            access.revoke(session, place.catalog, [number], by=a_person("alice"), now=now)
    return verbs[winner], winner
