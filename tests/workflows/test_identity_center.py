"""People of Identity Center: let in by their sign-in name, through a role that is never written."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State
from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, slack_id, some_catalog
from workflows.catalog.model import GranteeKind, Mechanism, Visitor
from workflows.errors import NotAllowed

NAME = "AWSReservedSSO_Developer_0123456789abcdef"
PATH = "/aws-reserved/sso.amazonaws.com/"


class Portal:
    """Identity Center of the grantee account, as far as IAM sees it: one permission set's role."""

    def __init__(self, lab: Lab, path: str) -> None:
        self.lab, self._path = lab, path
        self.arn = f"arn:aws:iam::{lab.catalog.grantee.id}:role{path}{NAME}"
        lab.home.create_user(UserName="portal")
        key = lab.home.create_access_key(UserName="portal")["AccessKey"]
        self._keys = Keys(key["AccessKeyId"], key["SecretAccessKey"])
        lab.user_policy("portal", {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
        self.make_role()
        self.as_made = self.role()

    def make_role(self) -> None:
        home = self.lab.home
        root = {"AWS": f"arn:aws:iam::{self.lab.catalog.grantee.id}:root"}
        trusts = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
        home.create_role(RoleName=NAME, Path=self._path, AssumeRolePolicyDocument=policy(trusts))
        may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
        home.put_role_policy(RoleName=NAME, PolicyName="p", PolicyDocument=policy(may))

    def signs_in(self, user_name: str) -> Keys:
        sts = self.lab.aws.client("sts", self._keys)
        found = sts.assume_role(RoleArn=self.arn, RoleSessionName=user_name)["Credentials"]
        return Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])

    def role(self) -> tuple[Any, ...]:
        """All of the role that somebody could have changed."""
        role = self.lab.home.get_role(RoleName=NAME)["Role"]
        names = self.lab.home.list_role_policies(RoleName=NAME)["PolicyNames"]
        return role["RoleId"], role["AssumeRolePolicyDocument"], role.get("Tags"), names


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture(params=[PATH, f"{PATH}eu-west-1/"])
def portal(
    request: pytest.FixtureRequest, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Portal]:
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP,
        users=("alice",),
        kinds=frozenset({GranteeKind.USER, GranteeKind.PERSON}),
    )
    arn = f"arn:aws:iam::{catalog.grantee.id}:role{request.param}{NAME}"
    visitors = (
        Visitor(slack_id("dave"), arn, "dave@corp.example"),
        Visitor(slack_id("erin"), arn, "erin@corp.example"),
    )
    catalog = replace(catalog, visitors=visitors)
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, ("alice",)) as lab:
        yield Portal(lab, request.param)


def test_a_person_enters_under_his_sign_in_name_until_the_end(portal: Portal) -> None:
    lab, dave = portal.lab, portal.signs_in("dave@corp.example")
    assert lab.knock(dave, "dave@corp.example").answer == "AccessDenied"
    request = lab.lend("dave", minutes=30)

    row = lab.row(request)
    assert (row.state, row.grantee_kind) == (State.ACTIVE, "person")
    assert (row.session_name, row.grantee_arn) == ("dave@corp.example", portal.arn)
    assert (row.mechanism, row.member_target_id) == ("trust-policy", None)
    inside = lab.knock(dave, "dave@corp.example")
    assert lab.works(inside.session)

    lab.pass_time(minutes=31)

    assert not lab.works(inside.session)
    assert lab.knock(portal.signs_in("dave@corp.example"), row.session_name).answer != "ok"
    assert lab.row(request).state is State.ENDED


def test_nobody_else_of_the_same_permission_set_enters_and_he_only_by_his_own_name(
    portal: Portal,
) -> None:
    lab = portal.lab
    lab.lend("dave")
    dave, erin = portal.signs_in("dave@corp.example"), portal.signs_in("erin@corp.example")

    assert lab.knock(dave, "erin@corp.example").answer == "AccessDenied"
    assert lab.knock(dave, "DAVE@corp.example").answer == "AccessDenied"
    assert lab.knock(erin, "erin@corp.example").answer == "AccessDenied"
    assert lab.knock(erin, "dave@corp.example").answer == "AccessDenied"
    assert lab.knock(portal.signs_in("xacct-ci"), "xacct-ci").answer == "AccessDenied"
    assert lab.visit("alice", session_name="dave@corp.example").answer == "AccessDenied"


def test_the_end_of_one_leaves_the_other_of_the_same_permission_set_open(portal: Portal) -> None:
    lab = portal.lab
    first, _ = lab.lend("dave"), lab.lend("erin")
    dave, erin = portal.signs_in("dave@corp.example"), portal.signs_in("erin@corp.example")
    his, hers = lab.knock(dave, "dave@corp.example"), lab.knock(erin, "erin@corp.example")

    lab.revoke(first, "bob")

    assert not lab.works(his.session)
    assert lab.works(hers.session)
    assert lab.knock(dave, "dave@corp.example").answer == "AccessDenied"
    assert lab.knock(erin, "erin@corp.example").answer == "ok"


def test_the_role_of_identity_center_is_never_written(portal: Portal) -> None:
    request = portal.lab.lend("dave", minutes=30)
    portal.lab.revoke(request, "dave")

    assert portal.lab.row(request).state is State.ENDED
    assert portal.role() == portal.as_made


def test_a_permission_set_that_was_made_anew_opens_nothing(portal: Portal) -> None:
    """Its role has another id then: who stands behind the name now, nobody approved."""
    lab = portal.lab
    request = lab.ask("dave")
    lab.home.delete_role_policy(RoleName=NAME, PolicyName="p")
    lab.home.delete_role(RoleName=NAME)
    portal.make_role()

    lab.approve(request, "bob")

    dave = portal.signs_in("dave@corp.example")
    assert lab.knock(dave, "dave@corp.example").answer == "AccessDenied"
    assert lab.row(request).state is State.ENDED
    assert lab.row(request).opened_at is None
    assert "made anew" in (lab.row(request).trouble or "")


def test_a_person_has_no_mfa_that_a_role_could_ask_for(portal: Portal) -> None:
    lab = portal.lab
    users = replace(lab.role, kinds=frozenset({GranteeKind.USER}), mfa=True)
    lab.catalog = replace(lab.catalog, roles=(users,))

    with pytest.raises(NotAllowed, match="which identity in AWS is yours"):
        lab.ask("dave")
