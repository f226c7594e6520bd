"""A lifted deny that covers several roles ends when it opens more than it was lifted for."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State, Why
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog, some_role
from tests.workflows.conftest import USERS
from tests.workflows.drifting import drift
from tests.workflows.odd import busy, worker
from workflows import edits
from workflows.catalog.model import Mechanism

WIDE = "deny-prod-payments-admin"


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    """One group denies both roles of an account."""
    catalog = some_catalog(mechanism=Mechanism.DENY_GROUP, users=USERS)
    admin, owner = catalog.roles[0], catalog.accounts[0]
    other = some_role(catalog.grantee, owner, "readonly", Mechanism.TRUST_POLICY)
    catalog = replace(catalog, roles=(admin, other))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, USERS) as lab:
        wide = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": [admin.arn, other.arn]}
        lab.home.put_group_policy(
            GroupName=WIDE,
            PolicyName="xacct",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wide]}),
        )
        drift(lab)
        yield lab


def _trust(lab: Lab, change: Callable[[list[Any]], list[Any]]) -> None:
    """Somebody changes the trust policy of the other role."""
    document = lab.owner.get_role(RoleName="readonly")["Role"]["AssumeRolePolicyDocument"]
    lab.owner.update_assume_role_policy(
        RoleName="readonly",
        PolicyDocument=json.dumps({**document, "Statement": change(document["Statement"])}),
    )


def admits_her(lab: Lab) -> None:
    root = {"AWS": f"arn:aws:iam::{lab.catalog.grantee.id}:root"}
    theirs = {"Sid": "T", "Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    _trust(lab, lambda held: [*held, theirs])


def loses_its_seal(lab: Lab) -> None:
    service = {"Service": "ec2.amazonaws.com"}
    theirs = {"Sid": "T", "Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    _trust(lab, lambda _held: [theirs])


def leaves_the_catalog(lab: Lab) -> None:
    lab.catalog = replace(lab.catalog, roles=lab.catalog.roles[:1])
    lab.world = lab.another_worker()


@pytest.mark.parametrize("widened", [admits_her, loses_its_seal, leaves_the_catalog])
def test_a_lift_that_opens_another_role_ends_with_an_alert(
    lab: Lab, widened: Callable[[Lab], None]
) -> None:
    request = lab.lend("alice", minutes=120)
    assert lab.row(request).state is State.ACTIVE
    drift(lab)
    before = lab.row(request).state
    widened(lab)

    drift(lab)

    assert before is State.ACTIVE
    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.WIDENED)
    assert WIDE in lab.groups_of("alice")
    assert "is put back into it" in " ".join(
        one.sentence for one in lab.alerts() if one.kind == edits.WIDENED
    )


def test_a_lift_stays_while_the_other_roles_cannot_be_read(lab: Lab) -> None:
    request = lab.lend("alice", minutes=120)
    for _ in range(3):
        lab.pass_time(minutes=15)
        drift(lab, worker(lab, role=busy))

    assert lab.row(request).state is State.ACTIVE
    assert lab.visit("alice").answer == "ok"
