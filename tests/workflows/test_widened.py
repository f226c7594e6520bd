"""What became worse in AWS since it was looked at ends the request; what cannot be read is said."""

import json
from typing import Any

import pytest

from db.lifecycle import State, Why
from tests import hands
from tests.lab import Lab
from tests.workflows.odd import refused, worker
from workflows.seen import Verdict


def approved(lab: Lab) -> int:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    return request


def may(lab: Lab, *actions: str) -> None:
    """The role itself may do this from now on, and whatever its boundary says no to."""
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    lab.owner.put_role_policy(
        RoleName=lab.role.name,
        PolicyName="more",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def another_boundary(lab: Lab) -> None:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = lab.owner.create_policy(
        PolicyName="wide",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )["Policy"]
    lab.owner.put_role_permissions_boundary(
        RoleName=lab.role.name, PermissionsBoundary=policy["Arn"]
    )


def made_anew(lab: Lab) -> None:
    """The role is deleted, and another one has its name and everything else of it."""
    name, iam = lab.role.name, lab.owner
    role = iam.get_role(RoleName=name)["Role"]
    hands.delete_role(iam, name)
    iam.create_role(
        RoleName=name,
        Path=role["Path"],
        AssumeRolePolicyDocument=json.dumps(role["AssumeRolePolicyDocument"]),
        PermissionsBoundary=role["PermissionsBoundary"]["PermissionsBoundaryArn"],
    )


def more_rights(lab: Lab) -> None:
    hands.let_write_beyond_boundaries(lab.owner, "owner-manager")
    lab.owner.delete_role_permissions_boundary(RoleName=lab.role.name)
    may(lab, "iam:CreateUser")


@pytest.mark.parametrize(
    ("worse", "word"),
    [(made_anew, "made anew"), (another_boundary, "policy/wide"), (more_rights, "boundary")],
)
def test_what_became_worse_since_the_look_ends_the_request(
    allowing: Lab, worse: Any, word: str
) -> None:
    lab = allowing
    request = approved(lab)
    worse(lab)

    lab.pay()

    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.CHANGED)
    assert word in (lab.row(request).trouble or "")
    assert lab.visit("alice").answer == "AccessDenied"


def test_a_way_back_that_nobody_was_shown_ends_the_request(allowing: Lab) -> None:
    lab = allowing
    hands.let_write_beyond_boundaries(lab.owner, "owner-manager")
    lab.owner.delete_role_permissions_boundary(RoleName=lab.role.name)
    may(lab, "iam:CreateUser")
    request = approved(lab)
    may(lab, "iam:CreateUser", "iam:CreateAccessKey")

    lab.pay()

    assert lab.row(request).why is Why.CHANGED
    assert "iam:CreateAccessKey now" in (lab.row(request).trouble or "")
    assert lab.visit("alice").answer == "AccessDenied"


def test_what_became_better_since_the_look_is_opened(allowing: Lab) -> None:
    lab = allowing
    boundary = lab.owner.get_role(RoleName=lab.role.name)["Role"]["PermissionsBoundary"]
    hands.let_write_beyond_boundaries(lab.owner, "owner-manager")
    lab.owner.delete_role_permissions_boundary(RoleName=lab.role.name)
    may(lab, "iam:CreateUser", "iam:CreateAccessKey")
    request = approved(lab)
    may(lab, "iam:CreateUser")
    lab.owner.put_role_permissions_boundary(
        RoleName=lab.role.name, PermissionsBoundary=boundary["PermissionsBoundaryArn"]
    )

    lab.pay()

    assert lab.row(request).state is State.ACTIVE


def test_what_the_look_could_not_check_is_said_and_decided_on(trusting: Lab) -> None:
    lab = trusting
    lab.world = worker(lab, simulated=refused)
    request = lab.ask("alice")

    (said,) = (one for one in lab.row(request).findings if "could not check" in one)
    assert "leave a way back in" in said
    assert "alice may assume the role" in said
    assert "in the owner account" in said
    allowed = Verdict("iam:CreateUser", "allowed")
    lab.world = worker(lab, simulated=lambda *_, **__: [allowed])
    lab.approve(request, "bob")
    assert lab.row(request).state is State.ACTIVE


def test_a_simulation_that_cannot_be_asked_at_the_opening_ends_nothing(allowing: Lab) -> None:
    lab = allowing
    request = approved(lab)
    lab.world = worker(lab, simulated=refused)

    lab.pay()

    assert lab.row(request).state is State.ACTIVE
