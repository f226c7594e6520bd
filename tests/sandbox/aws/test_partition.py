"""Partitions: every ARN is of the server's own, and nobody comes in from another."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.aws.partition import PARTITIONS
from sandbox.aws.process import Keys, SandboxAws, StartError
from sandbox.clock import SharedClock
from tests.sandbox.aws.conftest import NewAccount


@pytest.fixture(scope="module", params=["aws-cn", "aws-us-gov"])
def elsewhere(request: pytest.FixtureRequest, clock: SharedClock) -> Iterator[SandboxAws]:
    """A sandbox in another partition than the worker's."""
    with SandboxAws.start(clock, partition=request.param) as aws:
        yield aws


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def _trust(principal: str) -> str:
    return _document(Principal={"AWS": principal}, Action="sts:AssumeRole")


def _keys(made: dict[str, str]) -> Keys:
    return Keys(made["AccessKeyId"], made["SecretAccessKey"], made.get("SessionToken"))


def test_every_arn_is_of_the_partition(elsewhere: SandboxAws, new_account: NewAccount) -> None:
    account, partition = new_account(), elsewhere.partition
    iam = elsewhere.client("iam", elsewhere.root(account))
    trust = _trust(account)
    arns = {
        "user/alice": iam.create_user(UserName="alice")["User"]["Arn"],
        "group/all": iam.create_group(GroupName="all")["Group"]["Arn"],
        "role/x/admin": iam.create_role(
            RoleName="admin", Path="/x/", AssumeRolePolicyDocument=trust
        )["Role"]["Arn"],
        "policy/p": iam.create_policy(
            PolicyName="p", PolicyDocument=_document(Action="*", Resource="*")
        )["Policy"]["Arn"],
    }
    serial, _ = elsewhere.mfa(account, "alice")
    arns[serial.rpartition(":")[2]] = serial
    iam.update_user(UserName="alice", NewUserName="ann")
    arns["user/ann"] = iam.get_user(UserName="ann")["User"]["Arn"]
    sts = elsewhere.client("sts", elsewhere.root(account))
    arns["root"] = sts.get_caller_identity()["Arn"]
    assert arns == {name: partition.arn("iam", account, name) for name in arns}
    administrator = partition.arn("iam", "aws", "policy/AdministratorAccess")
    iam.attach_role_policy(RoleName="admin", PolicyArn=administrator)


def test_a_session_of_the_partition_is_called_so_and_may_what_its_policies_say(
    elsewhere: SandboxAws, new_account: NewAccount
) -> None:
    account, partition = new_account(), elsewhere.partition
    iam = elsewhere.client("iam", elsewhere.root(account))
    iam.create_user(UserName="alice")
    keys = _keys(iam.create_access_key(UserName="alice")["AccessKey"])
    role = iam.create_role(
        RoleName="admin", AssumeRolePolicyDocument=_trust(partition.arn("iam", account, "root"))
    )["Role"]["Arn"]
    may_enter = _document(Action="sts:AssumeRole", Resource=role)
    iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=may_enter)
    bucket = partition.arn("s3", "", f"bucket-{account}")
    document = _document(Action="s3:*", Resource=[bucket, f"{bucket}/*"])
    iam.put_role_policy(RoleName="admin", PolicyName="may", PolicyDocument=document)
    sts = elsewhere.client("sts", keys)
    made = sts.assume_role(RoleArn=role, RoleSessionName="sess")
    session = partition.arn("sts", account, "assumed-role/admin/sess")
    assert made["AssumedRoleUser"]["Arn"] == session
    s3 = elsewhere.client("s3", _keys(made["Credentials"]))
    place = {"LocationConstraint": partition.region}
    s3.create_bucket(Bucket=f"bucket-{account}", CreateBucketConfiguration=place)
    s3.put_object(Bucket=f"bucket-{account}", Key="report", Body=b"x")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.list_buckets()


def test_a_role_arn_and_a_managed_policy_of_another_partition_are_none(
    elsewhere: SandboxAws, new_account: NewAccount
) -> None:
    account = new_account()
    iam = elsewhere.client("iam", elsewhere.root(account))
    iam.create_user(UserName="alice")
    keys = _keys(iam.create_access_key(UserName="alice")["AccessKey"])
    document = _document(Action="*", Resource="*")
    iam.put_user_policy(UserName="alice", PolicyName="may", PolicyDocument=document)
    iam.create_role(RoleName="admin", AssumeRolePolicyDocument=_trust(account))
    sts = elsewhere.client("sts", keys)
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=f"arn:aws:iam::{account}:role/admin", RoleSessionName="sess")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(
            RoleName="admin", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )


def test_only_the_partition_s_own_name_is_that_of_the_account(
    elsewhere: SandboxAws, aws: SandboxAws, new_account: NewAccount
) -> None:
    for server in (elsewhere, aws):
        account = new_account()
        iam = server.client("iam", server.root(account))
        iam.create_user(UserName="alice")
        for number, (name, partition) in enumerate(PARTITIONS.items()):
            for who in ("root", "user/alice"):
                principal = partition.arn("iam", account, who)
                asked = {
                    "RoleName": f"{who.replace('/', '-')}-{number}",
                    "AssumeRolePolicyDocument": _trust(principal),
                }
                if name == server.partition.name:
                    iam.create_role(**asked)
                    continue
                with pytest.raises(ClientError, match="Invalid principal in policy"):
                    iam.create_role(**asked)


def test_a_call_signed_for_a_region_of_another_partition_is_refused(
    elsewhere: SandboxAws, aws: SandboxAws, new_account: NewAccount
) -> None:
    for server, region in ((elsewhere, "us-east-1"), (aws, "cn-north-1"), (aws, "us-gov-west-1")):
        session = server.session(server.root(new_account()))
        iam = session.client(
            "iam",
            region_name=region,
            endpoint_url=server.endpoint,
            config=Config(proxies={}),
        )
        with pytest.raises(ClientError, match="scoped to a valid region"):
            iam.list_users()


def test_clients_and_events_are_of_the_partition_s_region(
    elsewhere: SandboxAws, new_account: NewAccount
) -> None:
    root = elsewhere.root(new_account())
    iam = elsewhere.client("iam", root)
    iam.list_users()
    (event,) = elsewhere.client("cloudtrail", root).lookup_events()["Events"]
    regions = {iam.meta.region_name, json.loads(event["CloudTrailEvent"])["awsRegion"]}
    assert regions == {elsewhere.session(root).region_name} == {elsewhere.partition.region}


def test_a_partition_that_is_none_does_not_start(clock: SharedClock) -> None:
    with pytest.raises(StartError, match="invalid choice: 'azure'"):
        SandboxAws.start(clock, partition="azure")
