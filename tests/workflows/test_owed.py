"""What is owed: tried until it is done, closings first; and what a deny group covers."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State
from db.store import targets
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, some_catalog, some_role
from tests.workflows.conftest import USERS, lab_of
from tests.workflows.odd import Once, refused, worker
from workflows.aws.errors import AwsExpired
from workflows.catalog.model import Mechanism
from workflows.settle import alarm
from workflows.settle.lease import LONGEST_WAIT, wait
from workflows.settle.pay import settle


def group(lab: Lab) -> str:
    assert lab.role.group is not None
    return lab.role.group.name


def test_a_deny_that_cannot_be_put_back_is_owed_for_ever_and_alerts_until_it_is(
    denying: Lab,
) -> None:
    lab = denying
    request = lab.lend("alice", minutes=30)
    for number in range(10):
        lab.home.create_group(GroupName=f"filler-{number}")
        lab.home.add_user_to_group(GroupName=f"filler-{number}", UserName="alice")
    lab.clock.move(timedelta(minutes=31))
    for _ in range(6):
        lab.pay_once()
        lab.clock.move(timedelta(minutes=2))

    assert lab.row(request).state is State.ENDING
    assert [one.kind for one in lab.alerts()] == ["relock"]
    assert lab.visit("alice").answer == "AccessDenied"

    lab.home.remove_user_from_group(GroupName="filler-0", UserName="alice")
    lab.pass_time(minutes=2)

    assert lab.row(request).state is State.ENDED
    assert lab.alerts() == []
    assert group(lab) in lab.groups_of("alice")


@pytest.mark.parametrize("call", ["write_inline_policy", "write_trust", "leave"])
def test_a_closing_that_fails_twice_is_one_alert_until_it_is_closed(
    allowing: Lab, call: str
) -> None:
    lab = allowing
    request = lab.lend("alice", minutes=120)
    before = lab.world
    lab.world = worker(lab, odd={call: refused})
    lab.revoke(request, "bob", pay=False)
    lab.pay_once()
    after_one = lab.alerts()
    for _ in range(4):
        lab.clock.move(timedelta(minutes=1))
        lab.pay_once()

    assert lab.row(request).state is State.ENDING
    assert after_one == []
    assert [(one.kind, one.changed) for one in lab.alerts()] == [(alarm.UNCLOSED, 1)]
    lab.world = before
    lab.pass_time(minutes=2)
    assert (lab.row(request).state, lab.alerts()) == (State.ENDED, [])


def test_an_account_that_cannot_be_entered_to_close_is_an_alert(allowing: Lab) -> None:
    lab = allowing
    request = lab.lend("alice", minutes=30)
    lab.bar("owner-manager")
    lab.world = lab.another_worker()
    lab.clock.move(timedelta(minutes=31))
    for _ in range(3):
        lab.pay_once()
        lab.clock.move(timedelta(minutes=2))

    assert [one.kind for one in lab.alerts()] == [alarm.LEFT]
    assert "in time by itself" in lab.alerts()[0].sentence
    lab.unbar("owner-manager")
    lab.pass_time(minutes=2)
    assert (lab.row(request).state, lab.alerts()) == (State.ENDED, [])


def test_an_orphan_that_came_within_a_grant_is_named_with_its_statement(trusting: Lab) -> None:
    lab = trusting
    request = lab.lend("alice", minutes=120)
    inside = lab.visit("alice").session
    _trust_somebody_who_is_deleted(lab)
    lab.revoke(request, "bob", pay=False)
    for _ in range(3):
        lab.pay_once()
        lab.clock.move(timedelta(minutes=1))

    (alert,) = [one for one in lab.alerts() if one.kind == alarm.UNCLOSED]
    assert re.search(r"somebody else, Theirs, names AIDA\w+, who was deleted", alert.sentence)
    assert not lab.works(inside)
    document = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    kept = [one for one in document["Statement"] if one["Sid"] != "Theirs"]
    lab.write_trust({**document, "Statement": kept})
    lab.pass_time(minutes=2)
    assert lab.row(request).state is State.ENDED


def _trust_somebody_who_is_deleted(lab: Lab) -> None:
    user = lab.owner.create_user(UserName="temp")["User"]["Arn"]
    document = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    theirs = {"Effect": "Allow", "Principal": {"AWS": user}, "Action": "sts:AssumeRole"}
    statements = [*document["Statement"], {"Sid": "Theirs", **theirs}]
    lab.write_trust({**document, "Statement": statements})
    lab.owner.delete_user(UserName="temp")


def test_a_fault_of_ours_in_a_settle_hands_the_lease_back_and_is_tried_again(
    allowing: Lab,
) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)

    def broken(_call: Any, *_: Any) -> Any:
        raise RuntimeError("a fault of ours")

    target = lab.row(request).role_target_id
    settle(worker(lab, role=Once(broken)), target)

    with lab.database.read() as session:
        owed = targets.get(session, target)
    assert owed.lease is None
    assert re.search(r"broke on xacct's side \[[0-9a-f]{8}\]", owed.trouble or "")
    assert "a fault of ours" not in (owed.trouble or "")
    lab.pass_time(seconds=5)
    assert lab.row(request).state is State.ACTIVE


def test_a_session_that_aws_does_not_know_any_more_is_not_used_again(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)

    def expired(_call: Any, *_: Any) -> Any:
        raise AwsExpired("iam:GetRole", "ExpiredToken", "The security token is expired")

    world = worker(lab, role=Once(expired))
    target = lab.row(request).role_target_id
    with lab.database.read() as session:
        found = targets.get(session, target)
    before = world.managers.fenced(found.manager_arn, found.external_id)
    settle(world, target)
    after = world.managers.fenced(found.manager_arn, found.external_id)

    assert after.taken != before.taken


def test_waits_grow_to_a_minute_and_differ_by_chance() -> None:
    longest = [max(wait(attempts) for _ in range(50)) for attempts in (0, 3, 20)]

    assert longest[0] <= timedelta(seconds=1)
    assert timedelta(seconds=4) <= longest[1] <= timedelta(seconds=8)
    assert longest[2] <= LONGEST_WAIT
    assert len({wait(3) for _ in range(50)}) > 1
    assert min(wait(20) for _ in range(50)) >= LONGEST_WAIT / 2


def test_what_closes_is_due_before_what_opens_in_its_account(allowing: Lab) -> None:
    lab = allowing
    first = lab.lend("carol", minutes=60)
    second = lab.ask("alice")
    lab.approve(second, "bob", pay=False)
    with lab.database.write() as session:  # as the note of the role does
        targets.owe(session, lab.row(second).member_target_id or 0, lab.clock.now())
    lab.clock.move(timedelta(seconds=5))
    lab.revoke(first, "bob", pay=False)

    with lab.database.read() as session:
        due = lab.due(session, lab.clock.now())

    home = [one.id for one in due if one.account_id == lab.catalog.grantee.id]
    assert home == [lab.row(first).member_target_id, lab.row(second).member_target_id]


# --- a deny group over several roles


def test_a_wide_deny_group_is_lifted_and_only_the_role_asked_for_opens(
    aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> None:
    catalog = some_catalog(mechanism=Mechanism.DENY_GROUP, users=USERS)
    owner, home = catalog.accounts[0], catalog.grantee
    other = some_role(home, owner, "readonly", Mechanism.DENY_GROUP)
    catalog = replace(catalog, roles=(*catalog.roles, other))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, USERS) as lab:
        assert other.group is not None
        lab.home.remove_user_from_group(GroupName=other.group.name, UserName="alice")
        wide = {
            "Effect": "Deny",
            "Action": "sts:AssumeRole",
            "Resource": [lab.role.arn, other.arn],
        }
        lab.home.put_group_policy(
            GroupName=group(lab),
            PolicyName=hands.INLINE,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wide]}),
        )

        request = lab.lend("alice", minutes=30)

        assert lab.row(request).state is State.ACTIVE
        alice = lab.furnished.users["alice"]
        assert lab.knock(alice, "alice").answer == "ok"
        assert lab.knock(alice, "alice", other).answer == "AccessDenied"
        lab.pass_time(minutes=31)
        assert group(lab) in lab.groups_of("alice")


def test_a_wide_deny_group_over_an_open_role_is_not_lifted(
    aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> None:
    with lab_of(Mechanism.DENY_GROUP, aws, clock, tmp_path) as lab:
        wide = {
            "Effect": "Deny",
            "Action": "sts:AssumeRole",
            "Resource": [lab.role.arn, "arn:aws:iam::999988887777:role/else"],
        }
        lab.home.put_group_policy(
            GroupName=group(lab),
            PolicyName=hands.INLINE,
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [wide]}),
        )

        request = lab.ask("alice")

        assert lab.row(request).state is State.CANCELLED
        assert "role/else" in (lab.row(request).trouble or "")


# --- a name that no row knows


def test_a_session_end_of_a_name_that_no_row_knows_stays_until_no_session_can_live(
    allowing: Lab,
) -> None:
    lab = allowing
    first = lab.lend("alice", minutes=30)
    role = lab.owner.get_role(RoleName=lab.role.name)["Role"]
    policy = lab.owner.get_role_policy(RoleName=lab.role.name, PolicyName="xacct-session-end")[
        "PolicyDocument"
    ]
    ends = next(one for one in policy["Statement"] if one["Sid"].startswith("XacctEnd"))
    ends["Condition"]["StringEqualsIgnoreCase"]["aws:userid"] = [
        f"{role['RoleId']}:alice",
        f"{role['RoleId']}:stranger",
    ]
    lab.owner.put_role_policy(
        RoleName=lab.role.name,
        PolicyName="xacct-session-end",
        PolicyDocument=json.dumps(policy),
    )

    lab.lend("carol", minutes=30)
    assert "stranger" in _session_end(lab)
    lab.revoke(first, "bob")
    assert "stranger" in _session_end(lab)

    lab.pass_time(hours=13)
    lab.lend("carol", minutes=30)
    assert "stranger" not in _session_end(lab)


def _session_end(lab: Lab) -> str:
    return json.dumps(
        lab.owner.get_role_policy(RoleName=lab.role.name, PolicyName="xacct-session-end")[
            "PolicyDocument"
        ]
    )


def test_every_request_that_was_opened_says_since_when_aws_has_it(allowing: Lab) -> None:
    lab = allowing
    began = lab.clock.now().replace(microsecond=0)
    row = lab.row(lab.lend("alice"))

    assert row.open_since is not None
    assert began - timedelta(seconds=1) <= row.open_since <= lab.clock.now()
