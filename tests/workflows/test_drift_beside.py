"""Drifts beside each other, and beside settles: what is found is said once, and nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.drifting import at_once, drift, kinds, said
from workflows import edits
from workflows.catalog.model import Mechanism
from workflows.drift import places
from workflows.drift.run import Drift, Outcome

DENY = "deny-prod-payments-admin"


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, database_url: str) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.DENY_GROUP, users=("alice", "bob", "carol"))
    with Lab(aws, clock, database_url, catalog) as lab:
        yield lab


def add(lab: Lab, sid: str) -> None:
    held: dict[str, Any] = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    service = {"Service": "codebuild.amazonaws.com"}
    made = {"Sid": sid, "Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    lab.write_trust({**held, "Statement": [*held["Statement"], made]})


def test_two_workers_that_drift_at_once_say_it_once(lab: Lab) -> None:
    drift(lab)
    add(lab, "Build")
    lab.home.remove_user_from_group(GroupName=DENY, UserName="carol")
    lab.pass_time(seconds=61)
    workers = [Drift(lab.another_worker(), None) for _ in range(4)]

    with ThreadPoolExecutor(4) as pool:
        outcomes: list[Outcome] = list(pool.map(Drift.run, workers))
    lab.pay()

    assert [one.unread for one in outcomes] == [{}] * 4
    assert kinds(lab) == [places.PLACE, edits.WIDENED]
    assert (said(lab, places.PLACE), said(lab, edits.WIDENED)) == (1, 1)
    assert lab.groups_of("carol") == [DENY]
    drift(lab)
    assert kinds(lab) == [edits.WIDENED]


def test_a_drift_beside_an_opening_and_an_end_disturbs_neither(lab: Lab) -> None:
    first, second = lab.lend("carol", minutes=60), lab.ask("alice")
    lab.approve(second, "bob", pay=False)
    lab.revoke(first, "bob", pay=False)

    with ThreadPoolExecutor(3) as pool:
        drifts = [pool.submit(at_once, lab, lab.another_worker(), pay=False) for _ in range(2)]
        pool.submit(lab.pay).result()
        outcomes = [one.result() for one in drifts]
    lab.pass_time(seconds=5)

    assert [one.unread for one in outcomes] == [{}] * 2
    assert lab.row(first).state is State.ENDED
    assert lab.row(second).state is State.ACTIVE
    assert lab.visit("alice").answer == "ok"
    assert lab.groups_of("carol") == [DENY]
    drift(lab)
    assert kinds(lab) == []
