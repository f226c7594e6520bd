"""Simulations: nothing is known but what was said, and what has reached enforcement counts."""

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from tests.sandbox.aws.conftest import NewAccount

SECONDS = 0.6
ASSUME = "sts:AssumeRole"


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _allow(action: str = ASSUME, on: str = "*", **when: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": on}
    return statement | {"Condition": when} if when else statement


class Office:
    """An account with the user alice, and what is simulated of her."""

    def __init__(self, aws: SandboxAws, account: str) -> None:
        self.aws = aws
        self.account = account
        self.iam = aws.client("iam", aws.root(account))
        self.alice: str = self.iam.create_user(UserName="alice")["User"]["Arn"]

    def may(self, *statements: dict[str, Any]) -> None:
        self.iam.put_user_policy(
            UserName="alice", PolicyName="may", PolicyDocument=_document(*statements)
        )

    def simulated(self, **asked: Any) -> dict[str, Any]:
        asked = {"PolicySourceArn": self.alice, "ActionNames": [ASSUME], **asked}
        results: list[dict[str, Any]]
        results = self.iam.simulate_principal_policy(**asked)["EvaluationResults"]
        (result,) = results
        return result


@pytest.fixture
def office(aws: SandboxAws, new_account: NewAccount) -> Office:
    return Office(aws, new_account())


@pytest.fixture
def spread(aws: SandboxAws) -> Iterator[Callable[[float], None]]:
    """Switches the worker's sandbox to a spread; off again with the test."""
    yield aws.spread
    aws.spread(0)


def _entry(key: str, *values: str, kind: str = "string") -> dict[str, Any]:
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": list(values)}


@pytest.mark.parametrize(
    "when",
    [
        {"StringEquals": {"aws:userid": "x"}},
        {"StringEquals": {"aws:username": "alice"}},
        {"DateGreaterThan": {"aws:CurrentTime": "2000-01-01T00:00:00Z"}},
        {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"StringEquals": {"aws:RequestedRegion": "us-east-1"}},
    ],
)
def test_nothing_is_known_of_a_call_but_what_was_said(office: Office, when: Any) -> None:
    office.may(_allow(**when))
    result = office.simulated()
    (key,) = next(iter(when.values()))
    assert (result["EvalDecision"], result["MissingContextValues"]) == ("implicitDeny", [key])


def test_the_caller_is_known_by_his_arn(office: Office) -> None:
    office.may(_allow(ArnEquals={"aws:PrincipalArn": office.alice}))
    assert office.simulated()["EvalDecision"] == "allowed"
    other = office.alice.replace("alice", "bob")
    assert office.simulated(CallerArn=other)["EvalDecision"] == "implicitDeny"


def test_a_key_is_missing_only_where_it_could_change_the_verdict(office: Office) -> None:
    elsewhere = _allow("s3:*", StringEquals={"aws:SourceVpc": "vpc-1"})
    office.may(_allow(), elsewhere)
    assert office.simulated()["MissingContextValues"] == []
    result = office.simulated(ActionNames=["s3:GetObject"])
    assert result["MissingContextValues"] == ["aws:SourceVpc"]


def test_variables_ask_for_their_keys_too(office: Office) -> None:
    own = f"arn:aws:iam::{office.account}:user/${{aws:username}}"
    office.may(
        _allow("iam:GetUser", own),
        _allow(StringEquals={"sts:RoleSessionName": "${aws:username}"}),
    )
    asked = {"ActionNames": ["iam:GetUser"], "ResourceArns": [office.alice]}
    assert office.simulated(**asked)["MissingContextValues"] == ["aws:username"]
    named = [_entry("aws:username", "alice")]
    assert office.simulated(**asked, ContextEntries=named)["EvalDecision"] == "allowed"
    missing = office.simulated()["MissingContextValues"]
    assert missing == ["sts:RoleSessionName", "aws:username"]
    as_alice = [*named, _entry("sts:RoleSessionName", "alice")]
    assert office.simulated(ContextEntries=as_alice)["EvalDecision"] == "allowed"
    as_bob = [*named, _entry("sts:RoleSessionName", "bob")]
    assert office.simulated(ContextEntries=as_bob)["EvalDecision"] == "implicitDeny"


def test_every_statement_that_decides_is_named_and_no_other(office: Office) -> None:
    deny = _allow("sts:*") | {"Effect": "Deny"}
    office.may(_allow(), _allow("sts:*"), _allow("s3:*"))
    by = [each["SourcePolicyId"] for each in office.simulated()["MatchedStatements"]]
    assert by == ["user_alice_may", "user_alice_may"]
    added = office.simulated(PolicyInputList=[_document(_allow()), _document(deny)])
    assert added["MatchedStatements"] == [
        {"SourcePolicyId": "PolicyInputList.2", "SourcePolicyType": "IAM Policy"}
    ]


def test_results_come_page_by_page(office: Office) -> None:
    office.may(_allow("iam:*"))
    actions = [f"iam:Get{number}" for number in range(7)]
    pages = office.iam.get_paginator("simulate_principal_policy")
    asked = {"PolicySourceArn": office.alice, "ActionNames": actions}
    told = pages.paginate(**asked, PaginationConfig={"PageSize": 3})
    found = [[each["EvalActionName"] for each in page["EvaluationResults"]] for page in told]
    assert found == [actions[:3], actions[3:6], actions[6:]]


def test_the_resource_is_told_below_and_above_it_stands_what_kind_it_is(office: Office) -> None:
    role = f"arn:aws:iam::{office.account}:role/x"
    result = office.simulated(ResourceArns=[role])
    assert result["EvalResourceName"] == "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"
    assert [each["EvalResourceName"] for each in result["ResourceSpecificResults"]] == [role]
    everything = office.simulated()
    assert everything["EvalResourceName"] == "*"
    assert "ResourceSpecificResults" not in everything


@pytest.mark.parametrize(
    "entry",
    [
        _entry("aws:CurrentTime", "tomorrow", kind="date"),
        _entry("aws:MultiFactorAuthPresent", "yes", kind="boolean"),
        _entry("aws:SourceIp", "here", kind="ip"),
        _entry("aws:userid", "one", "two", kind="string"),
    ],
)
def test_an_entry_that_is_not_of_its_type_is_refused(office: Office, entry: Any) -> None:
    with pytest.raises(ClientError, match="InvalidInput"):
        office.simulated(ContextEntries=[entry])


@pytest.mark.parametrize(("other", "decision"), [("xacct-b", "allowed"), ("b", "implicitDeny")])
def test_a_list_of_values_meets_a_condition_on_sets(
    office: Office, other: str, decision: str
) -> None:
    tags = {"ForAllValues:StringLike": {"aws:TagKeys": "xacct-*"}}
    office.may(_allow() | {"Condition": tags})
    entries = [_entry("aws:TagKeys", "xacct-a", other, kind="stringList")]
    assert office.simulated(ContextEntries=entries)["EvalDecision"] == decision


def test_a_boundary_passed_along_takes_the_place_of_the_users(office: Office) -> None:
    office.may(_allow())
    kept = office.iam.create_policy(PolicyName="kept", PolicyDocument=_document(_allow("s3:*")))
    office.iam.put_user_permissions_boundary(
        UserName="alice", PermissionsBoundary=kept["Policy"]["Arn"]
    )
    assert office.simulated()["EvalDecision"] == "implicitDeny"
    wider = [_document(_allow("sts:*"))]
    result = office.simulated(PermissionsBoundaryPolicyInputList=wider)
    assert result["EvalDecision"] == "allowed"


def test_a_policy_source_moves_no_judgement_of_a_custom_simulation(office: Office) -> None:
    office.may(_allow("iam:*", office.alice))
    key = office.iam.create_access_key(UserName="alice")["AccessKey"]
    iam = office.aws.client("iam", Keys(key["AccessKeyId"], key["SecretAccessKey"]))

    def smuggle(params: dict[str, Any], **_: Any) -> None:
        params["body"]["PolicySourceArn"] = office.alice

    iam.meta.events.register("before-call.iam", smuggle)
    asked = {"PolicyInputList": [_document(_allow())], "ActionNames": [ASSUME]}
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.simulate_custom_policy(**asked)


def test_a_simulation_says_what_has_reached_enforcement(
    office: Office, spread: Callable[[float], None]
) -> None:
    trust = _document(_allow() | {"Principal": {"AWS": office.account}})
    trust = trust.replace(', "Resource": "*"', "")
    role = office.iam.create_role(RoleName="admin", AssumeRolePolicyDocument=trust)["Role"]
    key = office.iam.create_access_key(UserName="alice")["AccessKey"]
    sts = office.aws.client("sts", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
    spread(SECONDS)
    late = False
    for number in range(8):
        effect, wanted = (("Allow", "allowed"), ("Deny", "explicitDeny"))[number % 2]
        office.may(_allow() | {"Effect": effect})
        last = time.monotonic() + SECONDS + 5
        while office.simulated()["EvalDecision"] != wanted:
            late = True
            assert time.monotonic() < last
        refused = pytest.raises(ClientError, match="AccessDenied")
        with refused if effect == "Deny" else contextlib.nullcontext():
            sts.assume_role(RoleArn=role["Arn"], RoleSessionName="sess")
    assert late


def test_only_the_whole_arn_names_somebody(office: Office) -> None:
    office.may(_allow())
    elsewhere = f"{int(office.account) - 1}"
    for wrong in (
        office.alice.replace("user/", "user/team/"),
        office.alice.replace(office.account, elsewhere),
        office.alice.replace("arn:aws:", "arn:aws-cn:"),
        office.alice.replace("user/", "role/"),
    ):
        with pytest.raises(ClientError, match="NoSuchEntity"):
            office.simulated(PolicySourceArn=wrong)
