"""CloudFormation makes IAM's objects by IAM's rules, with the rights of whoever asked for it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from tests.sandbox.aws.conftest import NewAccount

NAMED = ["CAPABILITY_NAMED_IAM"]


def allowing(*actions: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def trusting(account: str) -> dict[str, Any]:
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def template(account: str) -> dict[str, Any]:
    """One of each kind: what it needs of each other is told by references."""
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": "visited",
                    "Path": "/xacct/",
                    "Description": "for a while",
                    "AssumeRolePolicyDocument": trusting(account),
                    "ManagedPolicyArns": [{"Ref": "Bounds"}],
                    "PermissionsBoundary": {"Ref": "Bounds"},
                    "MaxSessionDuration": 7200,
                    "Tags": [{"Key": "xacct:made-by", "Value": "setup"}],
                },
            },
            "Bounds": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": "bounds",
                    "Path": "/ctl/",
                    "Description": "at most",
                    "PolicyDocument": allowing("s3:ListAllMyBuckets"),
                    "Users": ["alice"],
                },
            },
            "Group": {
                "Type": "AWS::IAM::Group",
                "Properties": {
                    "GroupName": "kept-out",
                    "Path": "/xacct/",
                    "Policies": [{"PolicyName": "in", "PolicyDocument": allowing("iam:GetUser")}],
                },
            },
            "Member": {
                "Type": "AWS::IAM::UserToGroupAddition",
                "Properties": {"GroupName": {"Ref": "Group"}, "Users": ["alice"]},
            },
        }
    }


def status(cfn: Any, stack: str) -> str:
    """What became of it; each answer comes after some of the work."""
    told = ""
    for _ in range(100):
        told = str(cfn.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        if not told.endswith("IN_PROGRESS"):
            break
    return told


def reasons(cfn: Any, stack: str) -> str:
    events = cfn.describe_stack_events(StackName=stack)["StackEvents"]
    return "; ".join(event.get("ResourceStatusReason", "") for event in events)


@pytest.fixture
def account(aws: SandboxAws, new_account: NewAccount) -> str:
    account = new_account()
    aws.client("iam", aws.root(account)).create_user(UserName="alice")
    return account


def test_a_stack_makes_objects_as_their_properties_say(aws: SandboxAws, account: str) -> None:
    cfn, iam = (aws.client(name, aws.root(account)) for name in ("cloudformation", "iam"))
    body = json.dumps(template(account))
    made = cfn.create_stack(StackName="one", TemplateBody=body, Capabilities=NAMED)
    assert status(cfn, made["StackId"]) == "CREATE_COMPLETE"

    bounds = f"arn:aws:iam::{account}:policy/ctl/bounds"
    role = iam.get_role(RoleName="visited")["Role"]
    held = iam.list_attached_role_policies(RoleName="visited")["AttachedPolicies"]
    assert role["Arn"] == f"arn:aws:iam::{account}:role/xacct/visited"
    assert role["AssumeRolePolicyDocument"] == trusting(account)
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == bounds
    assert (role["Description"], role["MaxSessionDuration"]) == ("for a while", 7200)
    assert {"Key": "xacct:made-by", "Value": "setup"} in role["Tags"]
    assert [one["PolicyArn"] for one in held] == [bounds]

    members = iam.get_group(GroupName="kept-out")
    inline = iam.get_group_policy(GroupName="kept-out", PolicyName="in")["PolicyDocument"]
    users = iam.list_attached_user_policies(UserName="alice")["AttachedPolicies"]
    assert members["Group"]["Path"] == "/xacct/"
    assert [user["UserName"] for user in members["Users"]] == ["alice"]
    assert inline == allowing("iam:GetUser")
    assert [one["PolicyArn"] for one in users] == [bounds]


def test_a_stack_that_is_deleted_leaves_nothing(aws: SandboxAws, account: str) -> None:
    cfn, iam = (aws.client(name, aws.root(account)) for name in ("cloudformation", "iam"))
    body = json.dumps(template(account))
    stack = cfn.create_stack(StackName="one", TemplateBody=body, Capabilities=NAMED)["StackId"]
    cfn.delete_stack(StackName="one")
    assert status(cfn, stack) == "DELETE_COMPLETE"

    details = iam.get_account_authorization_details(
        Filter=["Role", "Group", "LocalManagedPolicy", "User"]
    )
    assert details["RoleDetailList"] == details["GroupDetailList"] == details["Policies"] == []
    assert [user["UserName"] for user in details["UserDetailList"]] == ["alice"]
    assert details["UserDetailList"][0]["AttachedManagedPolicies"] == []


def test_what_somebody_else_put_into_a_role_keeps_its_stack(aws: SandboxAws, account: str) -> None:
    cfn, iam = (aws.client(name, aws.root(account)) for name in ("cloudformation", "iam"))
    body = json.dumps(template(account))
    stack = cfn.create_stack(StackName="one", TemplateBody=body, Capabilities=NAMED)["StackId"]
    ends = json.dumps(allowing("s3:GetObject"))
    iam.put_role_policy(RoleName="visited", PolicyName="xacct-session-end", PolicyDocument=ends)
    cfn.delete_stack(StackName="one")

    assert status(cfn, stack) == "DELETE_FAILED"
    assert "policies first" in reasons(cfn, stack)


def test_what_iam_refuses_rolls_the_stack_back(aws: SandboxAws, account: str) -> None:
    cfn, iam = (aws.client(name, aws.root(account)) for name in ("cloudformation", "iam"))
    wrong = template(account)
    wrong["Resources"]["Member"]["Properties"]["Users"] = ["nobody"]
    stack = cfn.create_stack(StackName="one", TemplateBody=json.dumps(wrong), Capabilities=NAMED)[
        "StackId"
    ]

    assert status(cfn, stack) == "ROLLBACK_COMPLETE"
    assert "nobody" in reasons(cfn, stack)
    assert iam.list_groups()["Groups"] == iam.list_roles()["Roles"] == []


def test_a_stack_gives_nobody_more_rights_than_he_has(aws: SandboxAws, account: str) -> None:
    iam = aws.client("iam", aws.root(account))
    may = json.dumps(allowing("cloudformation:*", "iam:CreatePolicy"))
    iam.put_user_policy(UserName="alice", PolicyName="stacks", PolicyDocument=may)
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    alice = aws.client("cloudformation", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
    stack = alice.create_stack(
        StackName="one", TemplateBody=json.dumps(template(account)), Capabilities=NAMED
    )["StackId"]

    assert status(alice, stack).startswith("ROLLBACK")
    assert "not authorized to perform: iam:" in reasons(alice, stack)
    assert iam.list_roles()["Roles"] == iam.list_groups()["Groups"] == []


@pytest.mark.parametrize("kind", ["AWS::IAM::User", "AWS::S3::Bucket"])
def test_other_resources_are_refused_before_anything_is_made(
    aws: SandboxAws, account: str, kind: str
) -> None:
    cfn = aws.client("cloudformation", aws.root(account))
    body = json.dumps({"Resources": {"Other": {"Type": kind}}})
    with pytest.raises(ClientError, match="Unrecognized resource types"):
        cfn.create_stack(StackName="one", TemplateBody=body, Capabilities=NAMED)


def test_named_objects_need_the_word_of_whoever_asks(aws: SandboxAws, account: str) -> None:
    cfn = aws.client("cloudformation", aws.root(account))
    with pytest.raises(ClientError, match="CAPABILITY_NAMED_IAM"):
        cfn.create_stack(StackName="one", TemplateBody=json.dumps(template(account)))


def test_the_calls_of_a_stack_are_in_the_trail(aws: SandboxAws, account: str) -> None:
    cfn, trail = (aws.client(name, aws.root(account)) for name in ("cloudformation", "cloudtrail"))
    cfn.create_stack(
        StackName="one", TemplateBody=json.dumps(template(account)), Capabilities=NAMED
    )
    names = [event["EventName"] for event in trail.lookup_events()["Events"]]

    assert {"CreateStack", "CreateRole", "CreatePolicy", "AddUserToGroup"} <= set(names)


@pytest.mark.parametrize("here", [True, False])
def test_a_condition_knows_the_account(aws: SandboxAws, account: str, *, here: bool) -> None:
    cfn, iam = (aws.client(name, aws.root(account)) for name in ("cloudformation", "iam"))
    meant = account if here else "012345678901"
    body = template(account) | {
        "Conditions": {"Here": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, meant]}}
    }
    body["Resources"] = {
        name: one | {"Condition": "Here"} for name, one in body["Resources"].items()
    }
    stack = cfn.create_stack(StackName="one", TemplateBody=json.dumps(body), Capabilities=NAMED)

    assert status(cfn, stack["StackId"]) == "CREATE_COMPLETE"
    assert bool(iam.list_roles()["Roles"]) == here
