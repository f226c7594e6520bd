"""What has no room beside what is lent already is refused before anybody decides."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from db.lifecycle import State, Why
from demo.accounts import set_up
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, slack_id, some_catalog, some_role
from workflows.catalog.model import Delivery, GranteeKind, Mechanism, Visitor


@pytest.fixture
def several(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    """Three roles: one group lets into the first two, another one into the third."""
    made = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=("alice", "bob"))
    (owner,), (admin,) = made.accounts, made.roles
    reading, billing = (
        some_role(made.grantee, owner, name, Mechanism.ALLOW_GROUP)
        for name in ("reading", "billing")
    )
    catalog = replace(made, roles=(admin, reading, billing))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, ("alice", "bob")) as lab:
        shared = admin.group
        assert shared is not None
        both = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": [admin.arn, reading.arn]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [both]})
        lab.home.put_group_policy(
            GroupName=shared.name, PolicyName=hands.INLINE, PolicyDocument=document
        )
        lab.catalog = replace(catalog, roles=(admin, replace(reading, group=shared), billing))
        lab.world = lab.another_worker()
        yield lab


def refused(lab: Lab, request: int) -> str:
    """Why the look refused it."""
    row = lab.row(request)
    assert (row.state, row.why) == (State.CANCELLED, Why.FAILED)
    return row.trouble or ""


def test_a_role_that_others_fill_refuses_at_the_look_and_says_when_a_slot_frees(
    trusting: Lab,
) -> None:
    lab = trusting
    lab.aws.set_quota(lab.catalog.accounts[0].id, "AssumeRolePolicySizeQuota", 700)
    first = lab.row(lab.lend("alice", minutes=30))

    sentence = refused(lab, lab.ask("carol", minutes=45))

    assert first.ends_at is not None
    assert "no room for another grant" in sentence
    assert "1 grant is open." in sentence
    assert f"The next slot frees at {first.ends_at:%H:%M} UTC" in sentence
    assert "Service Quotas" in sentence
    lab.pass_time(minutes=32)
    assert lab.row(lab.ask("carol", minutes=45)).state is State.PENDING


def test_who_is_approved_and_not_written_down_yet_counts_at_the_look(trusting: Lab) -> None:
    """Both would be promised the last room: whoever was asked for, or approved, first."""
    lab = trusting
    lab.aws.set_quota(lab.catalog.accounts[0].id, "AssumeRolePolicySizeQuota", 700)
    first, second = lab.ask("alice", minutes=90), lab.ask("bob", minutes=30)
    lab.approve(second, "dora", pay=False)

    sentence = refused(lab, lab.ask("carol", minutes=45))

    assert "no room for another grant" in sentence
    assert "No grant is open, and 1 is about to be." in sentence
    assert "slot frees" not in sentence  # nobody knows yet
    assert lab.row(second).state is State.ACTIVE
    lab.approve(first, "bob")
    assert lab.row(first).state is State.ENDED
    assert "1 grant is open." in (lab.row(first).trouble or "")


def test_the_vendors_statement_counts_at_the_look(trusting: Lab) -> None:
    lab = trusting
    lab.catalog = replace(lab.catalog, roles=(replace(lab.role, delivery=Delivery.CREDENTIALS),))
    set_up(lab.aws, lab.catalog)
    lab.world = lab.another_worker()
    lab.aws.set_quota(lab.catalog.accounts[0].id, "AssumeRolePolicySizeQuota", 700)

    assert "no room for another grant" in refused(lab, lab.ask("alice"))


def test_a_session_name_that_another_grantee_has_is_refused_at_the_look(trusting: Lab) -> None:
    lab = trusting
    visitor = Visitor(slack_id("carol"), lab.catalog.machines[0].role_arn, "alice")
    engineers = tuple(one for one in lab.catalog.engineers if one.slack != slack_id("carol"))
    role = replace(lab.role, kinds=frozenset({GranteeKind.USER, GranteeKind.PERSON}))
    lab.catalog = replace(lab.catalog, visitors=(visitor,), engineers=engineers, roles=(role,))
    lab.world = lab.another_worker()
    lab.lend("alice", minutes=30)

    assert "sessions named alice" in refused(lab, lab.ask("carol"))
    lab.clock.move(timedelta(minutes=32))
    lab.pay()
    assert "sessions named alice" in refused(lab, lab.ask("carol"))  # his may live


def test_who_is_in_as_many_groups_as_aws_allows_is_refused_at_the_look(allowing: Lab) -> None:
    lab = allowing
    for number in range(10):
        lab.home.create_group(GroupName=f"other-{number}")
        lab.home.add_user_to_group(GroupName=f"other-{number}", UserName="alice")

    assert "AWS allows 10" in refused(lab, lab.ask("alice"))
    lab.home.remove_user_from_group(GroupName="other-0", UserName="alice")
    assert lab.row(lab.ask("alice")).state is State.PENDING


def test_a_place_that_was_approved_and_not_written_down_yet_counts_as_taken(
    several: Lab,
) -> None:
    lab = several
    for number in range(9):
        lab.home.create_group(GroupName=f"other-{number}")
        lab.home.add_user_to_group(GroupName=f"other-{number}", UserName="alice")
    admin, _, billing = lab.catalog.roles
    first = lab.ask("alice", role=admin)
    lab.approve(first, "bob", pay=False)

    assert "AWS allows 10" in refused(lab, lab.ask("alice", role=billing))
    assert lab.row(first).state is State.ACTIVE


def test_two_roles_that_one_group_lets_into_take_one_place(several: Lab) -> None:
    lab = several
    for number in range(9):
        lab.home.create_group(GroupName=f"other-{number}")
        lab.home.add_user_to_group(GroupName=f"other-{number}", UserName="alice")
    admin, reading, _ = lab.catalog.roles
    first = lab.ask("alice", role=admin)
    lab.approve(first, "bob", pay=False)

    second = lab.ask("alice", role=reading)

    lab.approve(second, "bob")
    assert {lab.row(one).state for one in (first, second)} == {State.ACTIVE}
