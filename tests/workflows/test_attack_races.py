"""Attacks in time: several workers on one database, each at the worst moment for the other."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from db.lifecycle import State
from db.models import Target
from db.store import targets
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, slack_id, some_catalog, some_role
from tests.workflows.odd import Answer, OffClock, Once, busy, worker
from workflows import access
from workflows.access import Click
from workflows.aws.errors import AwsRefused
from workflows.catalog.model import Mechanism
from workflows.settle.lease import AFTER_FENCE, LATE_WRITE, take
from workflows.settle.pay import settle

USERS = ("alice", "bob", "carol")


# Several processes share a database only on PostgreSQL: an SQLite file serves one.
pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, database_url: str) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=USERS)
    with Lab(aws, clock, database_url, catalog) as lab:
        yield lab


def target_of(lab: Lab, request: int) -> Target:
    with lab.database.read() as session:
        return targets.get(session, lab.row(request).role_target_id)


def leases_are_over(lab: Lab) -> None:
    """Time passes: on PostgreSQL the server's clock judges leases, and no test can move it."""
    lab.clock.move(timedelta(minutes=3))
    if not lab.database.is_sqlite:
        with lab.database.write() as session:
            over = lab.database.now(session) - timedelta(seconds=1)
            session.execute(
                update(Target).where(Target.lease.is_not(None)).values(lease_until=over)
            )


def somebody_waits_for_a_lock(lab: Lab) -> bool:
    """PostgreSQL: whether a transaction waits for another one. SQLite: writers take turns."""
    if lab.database.is_sqlite:
        return True
    query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    with lab.database.read() as session:
        return bool(session.execute(query).scalar_one())


class Waking:
    """A catalog that calls `then` when its installation is asked for: in the middle of a plan."""

    def __init__(self, catalog: Any, then: Callable[[], None]) -> None:
        self._catalog, self._then = catalog, then

    @property
    def installation(self) -> str:
        self._then()
        return str(self._catalog.installation)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalog, name)


@pytest.mark.parametrize("plan", [1, 2], ids=["before the note", "before the record"])
def test_a_revoke_in_the_middle_of_a_settle_is_never_lost_or_put_off(lab: Lab, plan: int) -> None:
    """On PostgreSQL the revoke holds the request and wants the target; the settle the reverse."""
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    plans, revoking = iter(range(1, 99)), ThreadPoolExecutor(1)
    revoked: list[Any] = []

    def revoke_meanwhile() -> None:
        if next(plans) != plan or lab.database.is_sqlite:
            return
        revoked.append(revoking.submit(lab.revoke, request, "bob", pay=False))
        while not revoked[0].done() and not somebody_waits_for_a_lock(lab):
            pass

    sly: Any = Waking(lab.catalog, revoke_meanwhile)
    settle(replace(lab.world, catalog=sly), lab.row(request).role_target_id)
    if lab.database.is_sqlite:
        lab.revoke(request, "bob", pay=False)
    for answer in revoked:
        answer.result(timeout=20)
    revoking.shutdown()
    lab.pay()

    assert lab.row(request).state is State.ENDED
    assert lab.visit("alice").answer == "AccessDenied"


def test_a_revoke_wins_over_an_approval_of_the_pair_at_the_same_moment(lab: Lab) -> None:
    first = lab.lend("alice")
    second = lab.ask("alice", minutes=90)
    click = Click(second, lab.row(second).terms or "")
    alice, bob, now = lab.person("alice"), lab.person("bob"), lab.clock.now()
    with ThreadPoolExecutor(1) as pool:
        with lab.database.write() as session:
            access.approve(session, lab.catalog, click, by=bob, requester=alice, now=now)
            revoked = pool.submit(lab.revoke, first, "bob", pay=False)
            while not revoked.done() and not somebody_waits_for_a_lock(lab):
                pass
        revoked.result(timeout=20)
    lab.pay()

    assert lab.row(first).state is State.ENDED
    assert lab.row(second).state is State.ENDED
    assert lab.visit("alice").answer == "AccessDenied"


def test_ends_of_many_in_one_minute_are_paid_by_many_workers_at_once(
    aws: SandboxAws, clock: SharedClock, database_url: str
) -> None:
    names = tuple(f"user{number}" for number in range(4))
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=(*names, "bob"))
    with Lab(aws, clock, database_url, catalog, (*names, "bob")) as lab:
        lent = [lab.lend(name, minutes=30) for name in names]
        lab.clock.move_to(lab.row(lent[-1]).ends_at or lab.clock.now())
        worlds = [lab.another_worker(), lab.another_worker()]
        with lab.database.read() as session:
            owed = [one.id for one in lab.due(session, lab.clock.now())]
        with ThreadPoolExecutor(8) as pool:
            paid = [pool.submit(settle, worlds[n % 2], key) for n, key in enumerate(owed * 2)]
        faults = [one.exception() for one in paid]
        lab.pay()

        assert [one for one in faults if one is not None] == []
        assert {lab.row(one).state for one in lent} == {State.ENDED}


def test_a_frozen_worker_that_wakes_past_its_fence_writes_nothing(lab: Lab) -> None:
    """It wakes before each kind of write, when another worker has long gone on."""
    for write in ("write_inline_policy", "write_trust", "join"):
        request = lab.ask("alice")
        lab.approve(request, "bob", pay=False)

        def sleeps(call: Answer, *args: Any, request: int = request) -> None:
            leases_are_over(lab)
            lab.revoke(request, "bob")
            assert lab.row(request).state is State.ENDED
            with pytest.raises(AwsRefused):
                call(*args)
            raise AwsRefused("iam:Odd", "AccessDenied", "the session is over")

        lab.pay(worker(lab, odd={write: Once(sleeps)}))

        assert lab.row(request).state is State.ENDED
        assert lab.visit("alice").answer == "AccessDenied"
        assert lab.groups_of("alice") == []
        assert len(lab.trust()) == 1
        lab.pass_time(minutes=7)


def test_a_worker_that_lost_its_lease_records_nothing(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    before: list[int] = []

    def sleeps(call: Answer, *args: Any) -> Any:
        seen = call(*args)
        leases_are_over(lab)
        lab.revoke(request, "bob")
        before.append(lab.row(request).changed)
        return seen

    world = worker(lab, write_trust=Once(sleeps))
    settle(world, lab.row(request).role_target_id)

    assert lab.row(request).changed == before[0]
    assert "opened" not in lab.events(request)


def test_a_lease_outlives_its_fence_although_the_workers_clock_jumps(
    aws: SandboxAws, clock: SharedClock, database_url: str
) -> None:
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=USERS)
    with Lab(aws, clock, database_url, catalog) as lab:
        request = lab.ask("alice")
        lab.approve(request, "bob", pay=False)
        jumping = OffClock(lab.clock)
        world = worker(lab, clock=jumping)
        target = target_of(lab, request)
        fence = world.managers.fenced(target.manager_arn, target.external_id).fence
        jumping.by = timedelta(seconds=45)

        held = take(world, target)

        assert held is not None
        assert held.fenced.fence == fence
        until_then = _left(lab, held.target.lease_until)
        if not lab.database.is_sqlite:  # there the clock that jumped is the database's, too
            assert until_then >= fence - lab.clock.now() + AFTER_FENCE - timedelta(seconds=2)


def _left(lab: Lab, moment: datetime | None) -> timedelta:
    assert moment is not None
    with lab.database.read() as session:
        return moment - lab.database.now(session)


def test_after_a_takeover_aws_is_observed_again_whatever_is_paid_meanwhile(lab: Lab) -> None:
    request = lab.lend("alice")
    lab.revoke(request, "bob", pay=False)
    target = target_of(lab, request)
    assert take(lab.world, target) is not None  # and dies
    leases_are_over(lab)
    taken = lab.clock.now()
    settle(lab.world, target.id)
    lab.pass_time(seconds=30)

    other = lab.lend("carol")  # something else is paid

    assert lab.row(other).state is State.ACTIVE
    due = target_of(lab, request).settle_at
    assert due is not None
    assert due <= taken + LATE_WRITE + timedelta(seconds=5)


def test_two_workers_that_open_for_many_let_in_everybody_once(lab: Lab) -> None:
    lent = [lab.ask("alice"), lab.ask("carol"), lab.ask("alice", machine="ci")]
    for request in lent:
        lab.approve(request, "bob", pay=False)
    worlds = [lab.another_worker(), lab.another_worker()]
    with ThreadPoolExecutor(2) as pool:
        paid = [pool.submit(lab.pay, world) for world in worlds]
    for one in paid:
        one.result()
    lab.pay()

    assert {lab.row(one).state for one in lent} == {State.ACTIVE}
    assert [lab.visit("alice").answer, lab.visit("carol").answer] == ["ok", "ok"]
    assert [lab.events(one).count("opened") for one in lent] == [1, 1, 1]


def test_a_person_seen_for_the_first_time_by_many_at_once_is_found_by_all(lab: Lab) -> None:
    together = threading.Barrier(6)

    def ask(user: str) -> Any:
        together.wait(10)
        return lab.describe(user)

    processes = [type(lab.world.directory)(lab.database, ask) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        seen = [
            pool.submit(directory.person, slack_id("zoe"), now=lab.clock.now())
            for directory in processes
        ]

    assert {one.result().user for one in seen} == {slack_id("zoe")}


def test_slack_is_asked_once_about_a_person_whom_many_ask_for_at_once(lab: Lab) -> None:
    asked: list[str] = []

    def ask(user: str) -> Any:
        asked.append(user)
        return lab.describe(user)

    directory = type(lab.world.directory)(lab.database, ask)
    with ThreadPoolExecutor(6) as pool:
        seen = [
            pool.submit(directory.person, slack_id("zoe"), now=lab.clock.now()) for _ in range(6)
        ]

    assert {one.result().user for one in seen} == {slack_id("zoe")}
    assert asked == [slack_id("zoe")]


def test_an_approval_while_the_role_is_settled_for_another_is_opened_at_once(lab: Lab) -> None:
    """It comes after the settle asked who may be opened, and before it noted what it will do."""
    first, second = lab.ask("alice"), lab.ask("carol")
    lab.approve(first, "bob", pay=False)

    def approved_meanwhile(call: Answer, *args: Any) -> Any:
        lab.approve(second, "bob", pay=False)
        return call(*args)

    one_after_the_other = worker(lab, reads_at_once=1, role=Once(approved_meanwhile))
    settle(one_after_the_other, lab.row(first).role_target_id)
    lab.pass_time(seconds=5)

    assert lab.row(first).state is State.ACTIVE
    assert lab.row(second).state is State.ACTIVE


def test_a_role_that_opens_while_its_grantee_is_settled_for_another_lets_him_in_at_once(
    aws: SandboxAws, clock: SharedClock, database_url: str
) -> None:
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=USERS)
    reader = some_role(catalog.grantee, catalog.accounts[0], "reader", Mechanism.ALLOW_GROUP)
    catalog = replace(catalog, roles=(*catalog.roles, reader))
    with Lab(aws, clock, database_url, catalog) as lab:
        first, second = lab.ask("alice"), lab.ask("alice", role=reader)
        for request in (first, second):
            lab.approve(request, "bob", pay=False)
        settle(lab.world, lab.row(first).role_target_id)

        def opened_meanwhile(call: Answer, *args: Any) -> Any:
            settle(lab.world, lab.row(second).role_target_id)
            return call(*args)

        member = lab.row(first).member_target_id
        assert member is not None
        settle(worker(lab, groups_of=Once(opened_meanwhile)), member)
        lab.pass_time(seconds=5)

        assert lab.row(first).state is State.ACTIVE
        assert lab.row(second).state is State.ACTIVE


def test_a_throttled_opening_is_tried_until_it_is_open(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    lab.pay(worker(lab, write_trust=Once(busy)))
    lab.pass_time(seconds=2)

    assert lab.row(request).state is State.ACTIVE
