"""What happens to a grant between its approval and its end: in AWS, and by its people."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State, Why
from db.models import TargetKind
from db.store import memberships, targets
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, some_catalog
from tests.workflows.conftest import USERS, lab_of
from tests.workflows.odd import Once, busy, worker
from workflows import access
from workflows.aws.errors import AwsRefused
from workflows.catalog.model import Delivery, Mechanism
from workflows.seen import Verdict
from workflows.settle.pay import settle


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


def stopped_while_another_waits(lab: Lab) -> tuple[int, int]:
    """Alice's open grant, which a human stops, and the one that she has asked for beside it."""
    first = lab.lend("alice", minutes=60)
    lab.pass_time(minutes=2)
    second = lab.ask("alice", minutes=30)
    lab.home.add_user_to_group(GroupName=group(lab), UserName="alice")
    return first, second


def test_an_emergency_stop_is_not_undone_by_opening_another_grant(denying: Lab) -> None:
    lab = denying
    first, second = stopped_while_another_waits(lab)

    lab.approve(second, "bob", pay=False)
    lab.pay_once()
    lab.pay_once()
    stopped = lab.row(first)
    lab.pass_time(minutes=2)

    assert stopped.why is Why.REMOVED
    assert lab.row(first).state is State.ENDED
    assert lab.row(second).state is State.ACTIVE


def test_what_a_stop_left_of_the_role_is_closed_before_another_grant_opens(denying: Lab) -> None:
    lab = denying
    first, second = stopped_while_another_waits(lab)
    lab.approve(second, "bob", pay=False)
    barred = worker(lab, write_trust=busy, write_inline_policy=busy)
    for _ in range(6):
        lab.clock.move(timedelta(seconds=20))
        settle(barred, lab.row(second).role_target_id)
        settle(barred, lab.row(second).member_target_id or 0)

    still_trusted, inside = lab.row(first).role_closed_at is None, lab.groups_of("alice")
    lab.pass_time(minutes=2)

    assert lab.row(first).why is Why.REMOVED
    assert still_trusted
    assert group(lab) in inside
    assert lab.row(first).state is State.ENDED


def test_an_opening_that_waits_for_what_somebody_took_away_does_not_fail(allowing: Lab) -> None:
    lab = allowing
    first = lab.lend("alice", minutes=60)
    lab.pass_time(minutes=2)
    lab.home.remove_user_from_group(GroupName=group(lab), UserName="alice")

    second = lab.lend("alice", minutes=30)
    waiting = lab.row(second).state
    for _ in range(8):
        lab.pass_time(seconds=20)

    assert waiting is State.APPROVED
    assert (lab.row(first).state, lab.row(first).why) == (State.ENDED, Why.REMOVED)
    assert lab.row(second).state is State.ACTIVE
    assert lab.visit("alice").answer == "ok"


def test_a_place_of_her_own_that_she_lost_is_lent_to_her_like_any_other(allowing: Lab) -> None:
    lab = allowing
    lab.home.add_user_to_group(GroupName=group(lab), UserName="alice")
    lab.lend("alice", minutes=60)
    lab.pass_time(minutes=2)
    second = lab.ask("alice", minutes=30)
    lab.home.remove_user_from_group(GroupName=group(lab), UserName="alice")

    lab.approve(second, "bob")
    for _ in range(8):
        lab.pass_time(seconds=20)
    state, inside = lab.row(second).state, lab.groups_of("alice")
    lab.pass_time(hours=1)

    assert state is State.ACTIVE
    assert group(lab) in inside
    assert group(lab) not in lab.groups_of("alice")


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


# --- the order of things


def test_nobody_is_put_into_a_group_before_the_trust_policy_was_read_back(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    settle(worker(lab, write_trust=busy), lab.row(request).role_target_id)
    assert lab.row(request).noted_at is not None

    settle(lab.world, lab.row(request).member_target_id or 0)

    assert lab.groups_of("alice") == []
    lab.pass_time(seconds=5)
    assert lab.visit("alice").answer == "ok"


class Killed(BaseException):
    """The worker dies in the middle of a call: nothing catches it."""


def _dies(_call: Any, *_: Any) -> Any:
    raise Killed


def test_end_and_ids_are_committed_before_the_first_write_to_the_role(allowing: Lab) -> None:
    lab = allowing
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)

    with pytest.raises(Killed):
        settle(worker(lab, write_inline_policy=_dies), lab.row(request).role_target_id)

    row = lab.row(request)
    assert row.noted_at is not None
    assert row.ends_at is not None
    assert row.role_id is not None


def test_whom_a_place_belonged_to_is_committed_before_it_is_first_changed(denying: Lab) -> None:
    lab = denying
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    settle(lab.world, lab.row(request).role_target_id)

    with pytest.raises(Killed):
        settle(worker(lab, leave=_dies), lab.row(request).member_target_id or 0)

    with lab.database.read() as session:
        user_id = lab.home.get_user(UserName="alice")["User"]["UserId"]
        assert memberships.noted(session, lab.catalog.grantee.id, user_id) == {group(lab): True}


def test_a_revoked_session_stays_dead_whatever_is_written_for_others_later(allowing: Lab) -> None:
    lab = allowing
    request = lab.lend("alice", minutes=60)
    inside = lab.visit("alice").session
    lab.revoke(request, "bob")
    assert lab.row(request).state is State.ENDED

    lab.lend("carol", minutes=30)
    assert not lab.works(inside)
    lab.pass_time(minutes=35)
    lab.lend("carol", minutes=5)

    assert not lab.works(inside)


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


def test_what_was_written_late_is_given_the_same_minute_and_old_reads_close_nothing(
    denying: Lab,
) -> None:
    """A worker died between the role and the lift; when the next one lifts the deny, reads still
    show it in place and the simulation still refuses.
    """
    lab = denying
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    settle(lab.world, lab.row(request).role_target_id)
    lab.clock.move(timedelta(minutes=4))

    def refused(_call: Any, *_: Any, **__: Any) -> Any:
        return [Verdict("sts:AssumeRole", "explicitDeny", ("other",))]

    def old(call: Any, name: str) -> Any:
        return call(name) | {group(lab)}

    settle(worker(lab, simulated=refused, groups_of=old), lab.row(request).member_target_id or 0)
    assert lab.row(request).state is State.APPROVED

    lab.pass_time(seconds=5)
    assert lab.row(request).state is State.ACTIVE
    lab.pass_time(minutes=61)
    assert lab.row(request).state is State.ENDED
    assert group(lab) in lab.groups_of("alice")


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


def test_credentials_are_fetched_by_the_vendor_so_its_rights_count_and_not_the_grantees(
    aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> None:
    catalog = some_catalog(
        mechanism=Mechanism.TRUST_POLICY, users=USERS, delivery=Delivery.CREDENTIALS
    )
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, USERS) as lab:
        _deny(lab, "alice")

        request = lab.lend("alice")

        assert lab.row(request).state is State.ACTIVE
        assert lab.row(request).verified is True
        assert lab.works(lab.mint(request, "alice"))


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
    hands.let_write_beyond_boundaries(lab.owner, "owner-manager")
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
    hands.let_write_beyond_boundaries(lab.owner, "owner-manager")
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
            access.More(request, timedelta(minutes=minutes)),
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
