"""What happens to a grant between its approval and its end: in AWS, and by its people."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State, Why
from db.models import TargetKind
from db.store import targets
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog, some_role
from tests.workflows.odd import Once, worker
from workflows import access
from workflows.aws.errors import AwsExpired, AwsRefused
from workflows.catalog.model import Mechanism
from workflows.settle.lease import LONGEST_WAIT, wait
from workflows.settle.pay import settle

USERS = ("alice", "bob", "carol")


def lab_of(mechanism: Mechanism, aws: SandboxAws, clock: SharedClock, folder: Path) -> Lab:
    catalog = some_catalog(mechanism=mechanism, users=USERS)
    return Lab(aws, clock, f"sqlite:///{folder / 'xacct.db'}", catalog, USERS)


@pytest.fixture
def allowing(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    with lab_of(Mechanism.ALLOW_GROUP, aws, clock, tmp_path) as lab:
        yield lab


@pytest.fixture
def denying(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    with lab_of(Mechanism.DENY_GROUP, aws, clock, tmp_path) as lab:
        yield lab


@pytest.fixture
def trusting(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    with lab_of(Mechanism.TRUST_POLICY, aws, clock, tmp_path) as lab:
        yield lab


def group(lab: Lab) -> str:
    assert lab.role.group is not None
    return lab.role.group.name


def owe(lab: Lab, request: int, kind: TargetKind) -> None:
    """Something makes xacct look at AWS: drift, or a neighbour."""
    row = lab.row(request)
    target = row.role_target_id if kind is TargetKind.ROLE else row.member_target_id
    assert target is not None
    with lab.database.write() as session:
        targets.owe(session, target, lab.clock.now())


# --- a human's hand in AWS


def test_putting_a_user_back_into_the_deny_group_stops_his_grant_at_the_next_look(
    denying: Lab,
) -> None:
    lab = denying
    request = lab.lend("alice", minutes=60)
    lab.pass_time(minutes=2)
    lab.home.add_user_to_group(GroupName=group(lab), UserName="alice")

    lab.pass_time(minutes=6)

    assert lab.row(request).state is State.ENDED
    assert lab.row(request).why is Why.REMOVED
    assert group(lab) in lab.groups_of("alice")
    assert not [sid for sid in lab.trust() if not sid.startswith("XacctSeal")]


def test_one_old_read_right_after_the_lift_is_no_emergency_stop(denying: Lab) -> None:
    lab = denying
    request = lab.lend("alice", minutes=60)
    stale = worker(lab, groups_of=Once(lambda call, name: call(name) | {group(lab)}))
    owe(lab, request, TargetKind.MEMBER)

    settle(stale, lab.row(request).member_target_id or 0)
    lab.pass_time(minutes=3)

    assert lab.row(request).state is State.ACTIVE
    assert lab.visit("alice").answer == "ok"


def _root_may_come(lab: Lab, *sids: str) -> None:
    """Somebody lets the whole grantee account into the role, beside what stands there."""
    role = lab.owner.get_role(RoleName=lab.role.name)["Role"]
    document = role["AssumeRolePolicyDocument"]
    root = {"AWS": f"arn:aws:iam::{lab.catalog.grantee.id}:root"}
    theirs = [
        {"Sid": sid, "Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
        for sid in sids
    ]
    lab.write_trust({**document, "Statement": [*document["Statement"], *theirs]})


def test_a_statement_that_would_let_him_stay_ends_the_grant_and_alerts(allowing: Lab) -> None:
    lab = allowing
    request = lab.lend("alice", minutes=60)
    inside = lab.visit("alice").session
    _root_may_come(lab, "Theirs")
    owe(lab, request, TargetKind.ROLE)

    lab.pay()

    assert lab.row(request).why is Why.WIDENED
    assert lab.row(request).state is State.ENDED
    assert lab.groups_of("alice") == []
    assert not lab.works(inside)
    assert lab.visit("alice", session_name="mallory").answer == "AccessDenied"
    assert "Theirs" in lab.trust()
    assert [one.key for one in lab.alerts() if one.key.startswith("widened:")] == [
        f"widened:{lab.role.arn}:{lab.row(request).grantee_arn}"
    ]


# --- AWS's own simulation has the last word before anything is called active


def _deny(lab: Lab, name: str) -> None:
    lab.user_policy(name, {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"})


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_what_another_policy_denies_is_never_called_active_and_is_closed_again(
    aws: SandboxAws, clock: SharedClock, tmp_path: Path, mechanism: Mechanism
) -> None:
    with lab_of(mechanism, aws, clock, tmp_path) as lab:
        groups = lab.groups_of("alice")
        request = lab.ask("alice")
        _deny(lab, "alice")
        lab.approve(request, "bob", pay=False)

        for _ in range(8):
            lab.pay_once()
            lab.clock.move(timedelta(seconds=20))
        lab.pay()

        row = lab.row(request)
        assert row.state is State.ENDED
        assert row.why is Why.FAILED
        assert row.opened_at is None
        assert "simulation" in (row.trouble or "")
        assert lab.groups_of("alice") == groups


def test_a_denial_that_is_gone_within_a_minute_was_only_spreading(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    _deny(lab, "alice")
    lab.approve(request, "bob", pay=False)
    for _ in range(3):
        lab.pay_once()
    assert lab.row(request).state is State.APPROVED

    lab.home.delete_user_policy(UserName="alice", PolicyName="p")
    lab.pass_time(seconds=10)

    assert lab.row(request).state is State.ACTIVE
    assert lab.row(request).verified is True


def test_a_simulation_that_cannot_be_asked_fails_nothing_and_is_not_claimed(allowing: Lab) -> None:
    lab = allowing

    def not_ours(_call: Any, *_: Any, **__: Any) -> Any:
        raise AwsRefused("iam:SimulatePrincipalPolicy", "AccessDenied", "not authorized")

    lab.world = worker(lab, simulated=not_ours)
    request = lab.lend("alice")

    assert lab.row(request).state is State.ACTIVE
    assert lab.row(request).verified is False
    assert lab.visit("alice").answer == "ok"


def test_who_may_not_assume_roles_at_all_is_refused_before_anybody_decides(trusting: Lab) -> None:
    lab = trusting
    _deny(lab, "alice")

    request = lab.ask("alice")

    assert lab.row(request).state is State.CANCELLED
    assert "may not call sts:AssumeRole" in (lab.row(request).trouble or "")


def test_what_xacct_may_not_do_is_found_before_anybody_decides(allowing: Lab) -> None:
    lab = allowing
    manager = lab.catalog.accounts[0].manager_arn.rpartition("/")[2]
    forbidden = {"Effect": "Deny", "Action": "iam:PutRolePolicy", "Resource": "*"}
    lab.owner.put_role_policy(
        RoleName=manager,
        PolicyName="less",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [forbidden]}),
    )

    request = lab.ask("alice")

    assert lab.row(request).state is State.CANCELLED
    assert "iam:PutRolePolicy" in (lab.row(request).trouble or "")


def test_a_role_that_could_leave_a_way_back_says_so_on_the_card(allowing: Lab) -> None:
    lab = allowing
    lab.owner.delete_role_permissions_boundary(RoleName=lab.role.name)
    more = {"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}
    lab.owner.put_role_policy(
        RoleName=lab.role.name,
        PolicyName="more",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [more]}),
    )

    found = " ".join(lab.row(lab.ask("alice")).findings)

    assert "iam:CreateUser" in found
    assert "no permissions boundary" in found


def test_what_became_worse_since_the_approval_ends_it(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    lab.owner.delete_role_permissions_boundary(RoleName=lab.role.name)

    lab.pay()

    assert lab.row(request).why is Why.CHANGED
    assert "boundary" in (lab.row(request).trouble or "")
    assert lab.visit("alice").answer == "AccessDenied"


def test_a_membership_of_ours_is_not_told_as_one_that_was_there_before(allowing: Lab) -> None:
    lab = allowing
    lab.lend("alice", minutes=60)

    second = lab.ask("alice", minutes=90)

    found = lab.row(second).findings
    assert not [one for one in found if "already; that membership" in one]
    assert [one for one in found if "has this role already, by #1" in one]


# --- extensions


def extend(lab: Lab, request: int, minutes: int) -> int:
    with lab.database.write() as session:
        row = access.extend(
            session,
            lab.catalog,
            request,
            timedelta(minutes=minutes),
            "",
            by=lab.person("alice"),
            now=lab.clock.now(),
        )
    lab.pay()
    return row.id


def test_an_extension_goes_on_from_the_old_end_whenever_it_is_approved(allowing: Lab) -> None:
    lab = allowing
    first = lab.lend("alice", minutes=60)
    lab.pass_time(minutes=35)
    inside = lab.visit("alice").session

    second = extend(lab, first, 30)
    lab.pass_time(minutes=5)
    lab.approve(second, "bob")

    end = lab.row(first).ends_at
    assert end is not None
    assert lab.row(second).ends_at == end + timedelta(minutes=30)
    lab.clock.move_to(end)
    assert lab.works(inside)
    lab.pay()
    assert lab.row(first).state is State.ENDED
    assert lab.visit("alice").answer == "ok"
    lab.clock.move_to(end + timedelta(minutes=30))
    assert lab.visit("alice").answer == "AccessDenied"
    lab.pay()
    assert lab.groups_of("alice") == []


def test_an_extension_that_nobody_approved_lapses_with_what_it_was_to_extend(
    allowing: Lab,
) -> None:
    lab = allowing
    first = lab.lend("alice", minutes=30)
    second = extend(lab, first, 30)

    lab.pass_time(minutes=32)

    assert lab.row(first).state is State.ENDED
    assert lab.row(second).state is State.LAPSED


# --- what xacct owes


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
            PolicyName="xacct",
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
            PolicyName="xacct",
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
