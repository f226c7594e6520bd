"""Who may ask, decide and end; and what is asked again when a grant is about to be opened."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db import audit
from db.lifecycle import State, Why
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import KEY, Lab, slack_id, some_catalog
from workflows import access
from workflows.access import Click
from workflows.catalog.identity_rule import IdentityRule
from workflows.catalog.model import Catalog, GranteeKind, Mechanism, Role
from workflows.errors import AlreadySettled, NotAllowed, NotFound


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP, users=("alice", "bob", "carol", "dora"), approvals=1
    )
    users = ("alice", "bob", "carol", "dora")
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, users) as lab:
        yield lab


def amend(lab: Lab, **role: Any) -> None:
    """The catalog as it is after somebody changed it."""
    changed: Role = replace(lab.role, **role)
    catalog: Catalog = replace(lab.catalog, roles=(changed,))
    lab.catalog, lab.world = catalog, replace(lab.world, catalog=catalog)


def becomes(lab: Lab, name: str, **facts: Any) -> None:
    """Slack describes somebody otherwise from now on."""
    lab.people[slack_id(name)] = replace(lab.person(name), **facts)
    lab.clock.move(timedelta(seconds=61))  # what was known of him is too old


# --- asking


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"guest": True}, "Guests"),
        ({"bot": True}, "bots"),
        ({"deleted": True}, "deactivated"),
        ({"stranger": True}, "own Slack workspace"),
        ({"team": "T0OTHER"}, "own Slack workspace"),
        ({"email_confirmed": False}, "not confirmed"),
    ],
)
def test_who_is_no_full_member_asks_for_nothing(
    lab: Lab, facts: dict[str, Any], sentence: str
) -> None:
    becomes(lab, "alice", **facts)

    with pytest.raises(NotAllowed, match=sentence):
        lab.ask("alice")


def test_who_has_no_identity_in_the_catalog_is_told_whom_to_ask(lab: Lab) -> None:
    with pytest.raises(NotAllowed, match="administrator of xacct"):
        lab.ask("mallory")


@pytest.mark.parametrize("minutes", [1, 4, 12 * 60 + 1])
def test_a_length_outside_the_roles_limits_is_refused_with_the_limits(
    lab: Lab, minutes: int
) -> None:
    with pytest.raises(NotAllowed, match="5m to 12h"):
        lab.ask("alice", minutes=minutes)


def test_a_kind_of_grantee_that_may_not_ask_is_refused(lab: Lab) -> None:
    amend(lab, kinds=frozenset({GranteeKind.USER}))

    with pytest.raises(NotAllowed, match="cannot be lent to a machine"):
        lab.ask("alice", machine="ci")


def test_a_request_that_nobody_could_approve_is_refused_at_once(lab: Lab) -> None:
    amend(lab, approvers=(slack_id("alice"),))

    with pytest.raises(NotAllowed, match="Nobody could approve"):
        lab.ask("alice")


def test_an_empty_list_of_approvers_means_nobody(lab: Lab) -> None:
    amend(lab, approvers=())

    with pytest.raises(NotAllowed, match="Nobody could approve"):
        lab.ask("alice")


def test_asking_twice_shows_the_first_request(lab: Lab) -> None:
    first = lab.ask("alice")

    with pytest.raises(AlreadySettled, match=f"#{first} "):
        lab.ask("alice")


def test_nobody_has_more_requests_waiting_than_the_catalog_says(lab: Lab) -> None:
    catalog = replace(lab.catalog, pending_per_person=1)
    lab.catalog, lab.world = catalog, replace(lab.world, catalog=catalog)
    lab.ask("alice")

    with pytest.raises(NotAllowed, match="waiting already"):
        lab.ask("alice", machine="ci")


# --- deciding


def test_nobody_approves_for_himself_although_he_is_an_approver(lab: Lab) -> None:
    request = lab.ask("alice")

    with pytest.raises(NotAllowed, match="your own request"):
        lab.approve(request, "alice")
    assert lab.row(request).state is State.PENDING


def test_a_second_slack_id_with_the_same_address_is_the_same_person(lab: Lab) -> None:
    request = lab.ask("alice")
    becomes(lab, "bob", email=(lab.person("alice").email or "").upper())

    with pytest.raises(NotAllowed, match="your own request"):
        lab.approve(request, "bob")


def test_a_second_slack_id_with_the_same_iam_user_is_the_same_person(lab: Lab) -> None:
    rule = IdentityRule(domain="other.example", tag=None, compares_local_part=True)
    alice = tuple(one for one in lab.catalog.engineers if one.iam_user == "alice")
    catalog = replace(lab.catalog, engineers=alice, identity_rules=(rule,))
    lab.catalog, lab.world = catalog, replace(lab.world, catalog=catalog)
    request = lab.ask("alice")
    becomes(lab, "bob", email="Alice@other.example")

    with pytest.raises(NotAllowed, match="your own identity in AWS"):
        lab.approve(request, "bob")
    assert lab.row(request).state is State.PENDING


def test_an_owner_of_the_machine_does_not_decide_on_it(lab: Lab) -> None:
    machine = replace(lab.catalog.machines[0], owners=(slack_id("alice"), slack_id("bob")))
    catalog = replace(lab.catalog, machines=(machine,))
    lab.catalog, lab.world = catalog, replace(lab.world, catalog=catalog)
    request = lab.ask("alice", machine="ci")

    with pytest.raises(NotAllowed, match="own this machine"):
        lab.approve(request, "bob")


@pytest.mark.parametrize("name", ["carol", "mallory", "root"])
def test_who_is_no_approver_decides_nothing(lab: Lab, name: str) -> None:
    request = lab.ask("alice")

    with pytest.raises(NotAllowed, match="Only the approvers"):
        lab.approve(request, name)
    assert lab.visit("alice").answer == "AccessDenied"


def test_an_approver_who_was_deactivated_decides_nothing(lab: Lab) -> None:
    request = lab.ask("alice")
    becomes(lab, "bob", deleted=True)

    with pytest.raises(NotAllowed, match="deactivated"):
        lab.approve(request, "bob")


def test_an_approval_of_other_terms_than_were_shown_counts_for_nothing(lab: Lab) -> None:
    request = lab.ask("alice")

    with pytest.raises(AlreadySettled, match="new card"), lab.database.write() as session:
        access.approve(
            session,
            lab.catalog,
            Click(request, "0" * 16),
            by=lab.person("bob"),
            requester=lab.person("alice"),
            now=lab.clock.now(),
        )


def test_a_catalog_that_changed_since_the_request_takes_no_approval(lab: Lab) -> None:
    request = lab.ask("alice")
    amend(lab, max_duration=timedelta(hours=2))

    with pytest.raises(NotAllowed, match="catalog changed"):
        lab.approve(request, "bob")


def test_with_two_needed_one_approval_opens_nothing_and_nobody_counts_twice(lab: Lab) -> None:
    amend(lab, approvals=2, approvers=(slack_id("bob"), slack_id("carol")))
    request = lab.ask("alice")

    lab.approve(request, "bob")
    assert lab.row(request).state is State.PENDING
    with pytest.raises(AlreadySettled, match="approved this already"):
        lab.approve(request, "bob")
    lab.approve(request, "carol")

    assert lab.row(request).state is State.ACTIVE


def test_one_denial_is_final(lab: Lab) -> None:
    request = lab.ask("alice")
    with lab.database.write() as session:
        access.deny(
            session,
            lab.catalog,
            access.Denial(request, "not today"),
            by=lab.person("bob"),
            requester=lab.person("alice"),
            now=lab.clock.now(),
        )

    with pytest.raises(AlreadySettled, match="denied"):
        lab.approve(request, "dora")


def test_a_request_nobody_decides_on_lapses(lab: Lab) -> None:
    request = lab.ask("alice")

    lab.pass_time(hours=4, minutes=1)

    assert lab.row(request).state is State.LAPSED
    with pytest.raises(AlreadySettled, match="lapsed"):
        lab.approve(request, "bob")


@pytest.mark.parametrize("session_end", [True, False])
def test_how_long_sessions_may_outlive_the_grant_is_decided_on_where_nothing_ends_them(
    lab: Lab, *, session_end: bool
) -> None:
    amend(lab, session_end=session_end)
    row = lab.row(lab.ask("alice"))
    assert row.longest_session == 4 * 3600

    row.longest_session = 12 * 3600

    assert (access.terms_of(row, lab.role) == row.terms) is session_end


# --- asked again at opening


def closed(lab: Lab, request: int) -> bool:
    row = lab.row(request)
    return row.state is State.ENDED and lab.visit("alice").answer == "AccessDenied"


def test_an_approval_whose_giver_lost_the_right_does_not_open(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    amend(lab, approvers=(slack_id("dora"),))

    lab.pay()

    assert closed(lab, request)
    assert lab.row(request).why is Why.CHANGED


def test_an_approval_whose_giver_was_deactivated_does_not_open(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    becomes(lab, "bob", deleted=True)

    lab.pay()

    assert closed(lab, request)


def test_a_requester_who_left_is_not_let_in(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    becomes(lab, "alice", deleted=True)

    lab.pay()

    assert closed(lab, request)


def test_a_role_that_left_the_catalog_is_not_opened(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    lab.world = replace(lab.world, catalog=replace(lab.catalog, roles=()))

    lab.pay()

    assert closed(lab, request)


def test_a_group_that_was_widened_since_the_look_is_not_joined(lab: Lab) -> None:
    request = lab.ask("alice")
    assert lab.role.group is not None
    lab.home.put_group_policy(
        GroupName=lab.role.group.name,
        PolicyName="more",
        PolicyDocument='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*",'
        '"Resource":"*"}]}',
    )
    lab.approve(request, "bob")

    assert closed(lab, request)
    assert "something else than sts:AssumeRole" in (lab.row(request).trouble or "")
    assert lab.groups_of("alice") == []


def test_a_user_made_anew_under_the_same_name_inherits_nothing(lab: Lab) -> None:
    request = lab.ask("alice")
    key = lab.furnished.users["alice"].access_key_id
    lab.home.delete_access_key(UserName="alice", AccessKeyId=key)
    lab.home.delete_user(UserName="alice")
    lab.home.create_user(UserName="alice")

    lab.approve(request, "bob")

    assert lab.row(request).state is State.ENDED
    assert "deleted and made anew" in (lab.row(request).trouble or "")
    assert lab.groups_of("alice") == []


def test_a_foreign_statement_that_admits_her_refuses_the_request_at_the_look(lab: Lab) -> None:
    sealed = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    root = f"arn:aws:iam::{lab.catalog.grantee.id}:root"
    theirs = {
        "Sid": "Old",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "sts:AssumeRole",
    }
    lab.write_trust({**sealed, "Statement": [*sealed["Statement"], theirs]})

    request = lab.ask("alice")

    assert lab.row(request).state is State.CANCELLED
    assert "could not end this access" in (lab.row(request).trouble or "")


def test_what_is_foreign_stays_where_it_is_through_a_whole_grant(lab: Lab) -> None:
    sealed = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    theirs = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = {**sealed, "Statement": [theirs, *sealed["Statement"]]}
    lab.write_trust(document)

    request = lab.lend("alice", minutes=30)
    assert lab.row(request).state is State.ACTIVE
    lab.pass_time(minutes=31)

    assert lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"] == document


def test_a_membership_she_had_before_stays_after_the_end(lab: Lab) -> None:
    assert lab.role.group is not None
    lab.home.add_user_to_group(GroupName=lab.role.group.name, UserName="alice")
    request = lab.lend("alice", minutes=30)
    assert "already" in " ".join(lab.row(request).findings)

    lab.pass_time(minutes=31)

    assert lab.row(request).state is State.ENDED
    assert lab.groups_of("alice") == [lab.role.group.name]
    assert lab.visit("alice").answer == "AccessDenied"


def test_what_a_human_takes_away_in_aws_ends_the_grant(lab: Lab) -> None:
    request = lab.lend("alice")
    lab.pass_time(minutes=2)  # until then a read that does not show her could be an old one
    sealed = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]["Statement"][
        0
    ]
    lab.write_trust({"Version": "2012-10-17", "Statement": [sealed]})
    other = lab.lend("carol")  # somebody looks at the role

    assert lab.row(request).state is State.ACTIVE  # one look may be stale
    lab.pass_time(seconds=61)

    assert lab.row(request).why is Why.REMOVED
    assert lab.row(request).state is State.ENDED
    assert lab.row(other).state is State.ACTIVE


# --- ending


@pytest.mark.parametrize("name", ["alice", "bob", "root"])
def test_requester_approver_and_admin_end_a_grant(lab: Lab, name: str) -> None:
    request = lab.lend("alice")

    lab.revoke(request, name)

    assert closed(lab, request)
    assert lab.row(request).why is (Why.GIVEN_BACK if name == "alice" else Why.REVOKED)


@pytest.mark.parametrize("name", ["carol", "mallory"])
def test_nobody_else_ends_a_grant(lab: Lab, name: str) -> None:
    request = lab.lend("alice")

    with pytest.raises(NotAllowed):
        lab.revoke(request, name)
    assert lab.row(request).state is State.ACTIVE


def test_a_revoke_ends_every_open_and_pending_request_of_the_pair(lab: Lab) -> None:
    first = lab.lend("alice")
    second = lab.ask("alice", minutes=120)

    lab.revoke(first, "alice")

    assert lab.row(first).state is State.ENDED
    assert lab.row(second).state is State.CANCELLED


def test_revoking_what_is_over_says_so(lab: Lab) -> None:
    request = lab.lend("alice")
    lab.revoke(request, "alice")

    with pytest.raises(NotFound, match="Nothing is open"):
        lab.revoke(request, "alice")


def test_an_end_in_time_of_one_grant_leaves_the_overlapping_one_open(lab: Lab) -> None:
    first = lab.lend("alice", minutes=30)
    second = lab.lend("alice", minutes=120)
    inside = lab.visit("alice").session

    lab.pass_time(minutes=31)

    assert lab.row(first).state is State.ENDED
    assert lab.row(second).state is State.ACTIVE
    assert lab.works(inside)
    assert lab.visit("alice").answer == "ok"
    lab.pass_time(minutes=91)
    assert closed(lab, second)
    assert not lab.works(inside)


def test_every_step_of_a_grant_is_in_the_audit_chain_and_the_chain_holds(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    lab.pass_time(minutes=31)

    with lab.database.read() as session:
        assert audit.verify(session, KEY).wrong is None
    *steps, one, other, last = lab.events(request)
    assert steps == [
        "requested",
        "looked",
        "approved",
        "noted",
        "role open",
        "membership open",
        "verified",
        "opened",
        "ending",
    ]
    assert {one, other} == {"role closed", "membership closed"}  # beside each other
    assert last == "ended"
