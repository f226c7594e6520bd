"""Many decisions on one role in one second: few writes of its trust policy, and all get in."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from math import ceil
from pathlib import Path
from time import monotonic

import pytest

from db.lifecycle import State
from db.models import Request
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows import access
from workflows.access import Click
from workflows.catalog.model import Mechanism
from workflows.settling import Settling
from workflows.sweep import Sweep, looks, settles

MANY = 100
USERS = tuple(f"user{number:02}" for number in range(MANY))
MOST_WRITES = 3  # of the trust policy, for what was decided within a second
LONGEST = 120.0  # seconds, on a machine that does much else
WRITE = "iam:UpdateAssumeRolePolicy"


@pytest.fixture(params=[Mechanism.TRUST_POLICY, Mechanism.ALLOW_GROUP])
def lab(
    request: pytest.FixtureRequest, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=request.param, users=USERS)
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, USERS) as lab:
        owner = catalog.accounts[0].id
        lab.aws.set_quota(owner, "AssumeRolePolicySizeQuota", 8192)
        lab.aws.set_quota(owner, "RolePolicySizeQuota", 20480)
        yield lab


def approve(lab: Lab, row: Request) -> None:
    """Bob approves, in a transaction of its own; the row was read before."""
    with lab.database.write() as session:
        access.approve(
            session,
            lab.catalog,
            Click(row.id, row.terms or ""),
            by=lab.person("bob"),
            requester=lab.describe(row.requester),
            now=lab.clock.now(),
        )


def until(sweep: Sweep, holds: Callable[[], bool]) -> None:
    """Wakes the sweep as the bot's job does, until it holds."""
    given_up, tick = monotonic() + LONGEST, threading.Event()
    while not holds():
        assert monotonic() < given_up, "it never came"
        sweep.wake()
        tick.wait(0.2)


@pytest.mark.timeout(600)
def test_a_hundred_approvals_in_a_second_are_few_writes_of_one_trust_policy(lab: Lab) -> None:
    asked = [lab.ask(name) for name in USERS]
    now = lab.clock.now()
    lab.clock.move_to(now.replace(second=5, microsecond=0) + timedelta(minutes=1))
    rows = [lab.row(one) for one in asked]
    lab.aws.forget_calls()
    world = replace(lab.world, settling=Settling())  # the pace of the bot, not of a lab
    sweep = Sweep([looks(world), settles(world)], clock=lab.clock)
    try:
        began, coming = monotonic(), threading.Event()
        for row in rows:
            approve(lab, row)
            sweep.wake()
            coming.wait(1 / MANY)  # they are spread over the second
        seconds = ceil(monotonic() - began)
        until(sweep, lambda: all(lab.row(one).state is not State.APPROVED for one in asked))
    finally:
        sweep.stop()

    states = Counter(lab.row(one).state for one in asked)
    calls = Counter(call.action for call in lab.aws.calls())
    assert states == {State.ACTIVE: MANY}
    assert calls[WRITE] <= MOST_WRITES * seconds, f"decided within {seconds} s"
    assert {lab.visit(name).answer for name in USERS} == {"ok"}
