"""What was done with a grant, from CloudTrail: all of it, nobody else's, and what is not known."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from db.lifecycle import State
from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests import usage
from tests.lab import Lab, some_catalog
from workflows import access, retrace
from workflows.activity.events import Reading, Trace
from workflows.activity.summary import Count, Summary
from workflows.aws.activity import EventHistory
from workflows.aws.lookup import Lookup
from workflows.catalog.model import Delivery, Mechanism
from workflows.retrace import Told


@pytest.fixture
def labs(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    made: list[Lab] = []

    def lab(mechanism: Mechanism = Mechanism.ALLOW_GROUP, **role: object) -> Lab:
        users = ("alice", "bob", "carol")
        catalog = some_catalog(mechanism=mechanism, users=users, permissions=usage.MAY, **role)
        made.append(Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog))
        return made[-1]

    yield lab
    for one in made:
        one.close()


@pytest.fixture
def lab(labs: Callable[..., Lab]) -> Lab:
    return labs()


def trace(lab: Lab, request_id: int) -> Trace:
    with lab.database.read() as session:
        found = retrace.trace(session, lab.catalog, lab.row(request_id))
    assert found is not None
    return found


def ask(lab: Lab, request_id: int, source: EventHistory | None = None) -> Told:
    return retrace.ask(source or usage.history(lab), trace(lab, request_id), now=lab.clock.now())


def done(lab: Lab, request_id: int) -> Summary:
    found = ask(lab, request_id).found
    assert found is not None
    return found[1]


def reading(lab: Lab, request_id: int, source: EventHistory | None = None) -> Reading:
    told = ask(lab, request_id, source)
    assert told.found is not None, told.why
    return told.found[0]


def over(lab: Lab, request_id: int) -> None:
    lab.pass_time(hours=1, minutes=1)
    assert lab.row(request_id).state is State.ENDED


def test_what_a_session_did_is_told_with_its_writes_its_reads_and_what_it_was_refused(
    lab: Lab,
) -> None:
    request = lab.lend("alice")
    usage.works(lab, lab.visit("alice"), "one", "two")
    over(lab, request)

    told = done(lab, request)

    assert told.writes == (Count("iam", "CreateGroup", 2),)
    assert told.reads == (Count("iam", "ListGroups", 1),)
    assert told.refused == (Count("iam", "CreateUser: AccessDenied", 1),)
    assert told.entered == 1


def test_a_grant_that_nobody_used_is_told_so_with_the_regions_that_were_asked(lab: Lab) -> None:
    request = lab.lend("alice")
    over(lab, request)
    lab.clock.move(timedelta(minutes=20))

    found = ask(lab, request).found

    assert found is not None
    assert found[1].is_empty
    assert found[0].regions == ("us-east-1",)
    assert lab.clock.now() - timedelta(minutes=16) < found[0].up_to < lab.clock.now()


def test_what_somebody_else_did_with_the_same_role_at_the_same_time_is_not_told(lab: Lab) -> None:
    first, second = lab.lend("alice"), lab.lend("carol")
    usage.works(lab, lab.visit("carol"), "hers")
    lab.visit("alice")

    assert done(lab, first).writes == ()
    assert done(lab, first).entered == 1
    assert done(lab, second).writes == (Count("iam", "CreateGroup", 1),)


def test_what_somebody_else_did_under_the_same_session_name_is_not_told(lab: Lab) -> None:
    """Somebody of the owner account enters the role by a statement of his own, as `alice`."""
    request = lab.lend("alice")
    lab.owner.create_user(UserName="mallory")
    key = lab.owner.create_access_key(UserName="mallory")["AccessKey"]
    mallory = Keys(key["AccessKeyId"], key["SecretAccessKey"])
    may = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [may]}
    lab.owner.put_user_policy(UserName="mallory", PolicyName="p", PolicyDocument=json.dumps(policy))
    document = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    account = lab.catalog.accounts[0].id
    door = {
        "Sid": "Door",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:user/mallory"},
        "Action": "sts:AssumeRole",
    }
    kept = [one for one in document["Statement"] if not one["Sid"].startswith("XacctSeal")]
    lab.write_trust({**document, "Statement": [*kept, door]})
    theirs = lab.knock(mallory, "alice")
    usage.works(lab, theirs, "theirs")
    usage.client(lab, lab.visit("alice"), "iam").list_users()

    told = done(lab, request)

    assert (told.writes, told.refused) == ((), ())
    assert told.reads == (Count("iam", "ListUsers", 1),)
    assert told.entered == 1


def test_credentials_that_were_handed_out_are_told_with_the_grant(
    labs: Callable[..., Lab],
) -> None:
    lab = labs(delivery=Delivery.CREDENTIALS)
    request = lab.lend("alice")
    usage.works(lab, lab.mint(request, "alice"), "one")

    told = done(lab, request)

    assert told.writes == (Count("iam", "CreateGroup", 1),)
    assert (told.entered, told.delivered) == (1, 3)


def test_what_a_machine_did_is_told(labs: Callable[..., Lab]) -> None:
    lab = labs(Mechanism.TRUST_POLICY)
    request = lab.lend("alice", machine="ci")
    usage.works(lab, lab.knock(lab.machine_keys(), "xacct-ci"), "one")

    told = done(lab, request)

    assert (told.writes, told.entered) == ((Count("iam", "CreateGroup", 1),), 1)


def test_going_on_into_another_role_is_told_by_its_arn(lab: Lab) -> None:
    request = lab.lend("alice")
    account = lab.catalog.accounts[0].id
    door = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    made = lab.owner.create_role(
        RoleName="onward",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [door]}),
    )["Role"]
    sts = usage.client(lab, lab.visit("alice"), "sts")
    sts.assume_role(RoleArn=made["Arn"], RoleSessionName="anything")

    assert done(lab, request).onward == (Count("sts", made["Arn"], 1),)


def test_of_two_grants_one_after_the_other_each_is_told_its_own(lab: Lab) -> None:
    first = lab.lend("alice")
    usage.works(lab, lab.visit("alice"), "first")
    over(lab, first)
    lab.clock.move(timedelta(minutes=5))
    second = lab.lend("alice")
    usage.client(lab, lab.visit("alice"), "iam").list_users()

    assert done(lab, first).writes == (Count("iam", "CreateGroup", 1),)
    assert done(lab, second).writes == ()
    assert Count("iam", "ListUsers", 1) not in done(lab, first).reads
    assert done(lab, second).reads == (Count("iam", "ListUsers", 1),)


def test_what_a_session_tried_after_the_end_is_told_as_refused(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    visit = lab.visit("alice")
    lab.pass_time(minutes=32)
    with pytest.raises(lab.owner.exceptions.ClientError):
        usage.client(lab, visit, "iam").list_users()

    assert done(lab, request).refused == (Count("iam", "ListUsers: AccessDenied", 1),)


def test_each_region_that_the_catalog_names_is_asked_and_the_first_of_all(lab: Lab) -> None:
    request = lab.lend("alice")
    found = usage.client(lab, lab.visit("alice"), "iam")
    found.list_users()
    looked_for = replace(trace(lab, request), regions=("eu-west-1", "us-east-1"))

    told = usage.history(lab).events(looked_for, now=lab.clock.now())

    assert told.regions == ("us-east-1", "eu-west-1")
    assert [one.name for one in told.events].count("ListUsers") == 1


def test_without_any_named_the_region_of_xaccts_environment_is_asked_too(lab: Lab) -> None:
    request = lab.lend("alice")
    keys = lab.furnished.bot
    session = boto3.Session(
        keys.access_key_id, keys.secret_access_key, region_name="ap-southeast-2"
    )

    told = reading(lab, request, EventHistory(Lookup(session, run="lab", apart=0)))

    assert told.regions == ("us-east-1", "ap-southeast-2")


def test_a_region_that_cannot_be_read_is_named_and_the_others_are_told(lab: Lab) -> None:
    request = lab.lend("alice")
    usage.works(lab, lab.visit("alice"), "one")
    looked_for = replace(trace(lab, request), regions=("cn-north-1",))

    told = retrace.ask(usage.history(lab), looked_for, now=lab.clock.now())

    assert not told.is_whole
    assert told.found is not None
    assert told.found[0].regions == ("us-east-1",)
    assert set(told.found[0].unread) == {"cn-north-1"}
    assert "cloudtrail:LookupEvents" in told.found[0].unread["cn-north-1"]
    assert told.found[1].writes == (Count("iam", "CreateGroup", 1),)


def test_of_more_calls_than_are_read_the_newest_count_and_that_there_were_more_is_said(
    lab: Lab,
) -> None:
    request = lab.lend("alice")
    iam = usage.client(lab, lab.visit("alice"), "iam")
    for _ in range(60):
        iam.list_groups()
    source = EventHistory(Lookup(lab.session(), run="lab", apart=0), pages=1)

    told = ask(lab, request, source).found

    assert told is not None
    assert told[1].reads == (Count("iam", "ListGroups", 50),)
    assert told[0].cut_at is not None
    assert reading(lab, request).cut_at is None
    assert done(lab, request).reads == (Count("iam", "ListGroups", 60),)


def test_what_is_older_than_the_history_goes_back_is_not_taken_for_nothing(lab: Lab) -> None:
    request = lab.lend("alice")
    usage.works(lab, lab.visit("alice"), "one")
    over(lab, request)
    assert reading(lab, request).kept_since is None
    lab.clock.move(timedelta(days=91))

    told = reading(lab, request)

    assert told.kept_since is not None
    assert trace(lab, request).until < told.kept_since


def test_of_an_extension_each_grant_is_told_its_own_time_although_one_session_goes_on(
    lab: Lab,
) -> None:
    first = lab.lend("alice", minutes=30)
    iam = usage.client(lab, lab.visit("alice"), "iam")
    iam.create_group(GroupName="first")
    with lab.database.write() as session:
        by = lab.person("alice")
        length = timedelta(minutes=30)
        more = access.extend(
            session, lab.catalog, access.More(first, length, "why"), by=by, now=lab.clock.now()
        )
    lab.pay()
    lab.approve(more.id, "bob")
    lab.pass_time(minutes=32)
    assert lab.row(first).state is State.ENDED
    iam.create_group(GroupName="second")
    iam.list_users()

    assert done(lab, first).writes == (Count("iam", "CreateGroup", 1),)
    assert done(lab, first).reads == ()
    assert done(lab, more.id).writes == (Count("iam", "CreateGroup", 1),)
    assert done(lab, more.id).reads == (Count("iam", "ListUsers", 1),)


def test_an_event_that_is_not_as_aws_describes_it_is_said_and_breaks_nothing(lab: Lab) -> None:
    request = lab.lend("alice")
    session = lab.session()

    def garbled(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Events"] = [{"EventId": "1", "CloudTrailEvent": "[]"}]

    session.events.register("after-call.cloudtrail.LookupEvents", garbled)

    told = ask(lab, request, EventHistory(Lookup(session, run="lab", apart=0)))

    assert told.found is None
    assert told.why.endswith("an event is not as AWS describes it")


def test_an_account_that_does_not_let_xacct_in_is_said_with_awss_own_words(lab: Lab) -> None:
    request = lab.lend("alice")
    lab.bar("owner-manager")

    told = ask(lab, request)

    assert told.found is None
    assert "sts:AssumeRole: AccessDenied" in told.why


def test_a_missing_right_is_said_with_awss_own_words(lab: Lab) -> None:
    request = lab.lend("alice")
    for policy in lab.owner.list_role_policies(RoleName="owner-manager")["PolicyNames"]:
        lab.owner.delete_role_policy(RoleName="owner-manager", PolicyName=policy)
    for one in lab.owner.list_attached_role_policies(RoleName="owner-manager")["AttachedPolicies"]:
        lab.owner.detach_role_policy(RoleName="owner-manager", PolicyArn=one["PolicyArn"])

    told = ask(lab, request)

    assert told.found is None
    assert told.why.startswith("cloudtrail:LookupEvents: AccessDenied")


def test_an_unused_grant_costs_one_session_and_two_calls_a_region(lab: Lab) -> None:
    request = lab.lend("alice")
    over(lab, request)
    lab.aws.forget_calls()

    ask(lab, request)

    mine = [one.action for one in lab.aws.calls() if one.account_id != lab.catalog.grantee.id]
    assert mine.count("cloudtrail:LookupEvents") == 2
    asked = [one.action for one in lab.aws.calls()]
    assert asked.count("sts:AssumeRole") == 1


def test_nothing_is_looked_for_where_nothing_was_opened(lab: Lab) -> None:
    request = lab.ask("alice")

    with lab.database.read() as session:
        assert retrace.trace(session, lab.catalog, lab.row(request)) is None
