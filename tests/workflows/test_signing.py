"""One client for many sessions: who makes a call signs it, whoever else uses the client."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, account_id, some_catalog
from workflows.aws.errors import AwsRefused
from workflows.aws.fence import CONFIG
from workflows.aws.signing import Signed, Unsigned
from workflows.catalog.model import Mechanism

AT_ONCE, EACH = 6, 15


@pytest.fixture(name="client")
def one_client(aws: SandboxAws) -> Unsigned:
    assert aws.endpoint  # the environment says where it is
    return Unsigned("iam", region="us-east-1", config=CONFIG)


def signed(client: Unsigned, keys: Keys) -> Signed:
    return client.signed(
        {
            "AccessKeyId": keys.access_key_id,
            "SecretAccessKey": keys.secret_access_key,
            "SessionToken": keys.session_token or "",
        }
    )


def session_of(aws: SandboxAws, account: str, name: str, actions: str = "iam:*") -> Keys:
    """A session of a new role of the account."""
    root = aws.root(account)
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
        ],
    }
    rights = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    asks = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam = aws.client("iam", root)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [rights]})
    iam.put_role_policy(RoleName=name, PolicyName="rights", PolicyDocument=document)
    iam.create_user(UserName=f"{name}-visitor")
    document = json.dumps({"Version": "2012-10-17", "Statement": [asks]})
    visitor = {"UserName": f"{name}-visitor"}
    iam.put_user_policy(**visitor, PolicyName="asks", PolicyDocument=document)
    key = iam.create_access_key(**visitor)["AccessKey"]
    sts = aws.client("sts", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
    made = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="it")["Credentials"]
    return Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])


def test_calls_of_several_sessions_at_once_each_reach_their_own_account(
    aws: SandboxAws, client: Unsigned
) -> None:
    accounts = [account_id() for _ in range(AT_ONCE)]
    for account in accounts:
        aws.client("iam", aws.root(account)).create_user(UserName=f"of-{account}")
    sessions = [signed(client, session_of(aws, one, f"r-{one}")) for one in accounts]
    together = threading.Barrier(AT_ONCE)

    def seen(iam: Signed) -> set[str]:
        together.wait(timeout=30)
        found = {iam.get_role(RoleName=_any_role(iam))["Role"]["Arn"] for _ in range(EACH)}
        pages = iam.get_paginator("list_users").paginate()
        return found | {user["Arn"] for page in pages for user in page["Users"]}

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for account, arns in zip(accounts, pool.map(seen, sessions), strict=True):
            assert {arn.split(":")[4] for arn in arns} == {account}


def _any_role(iam: Signed) -> str:
    name: str = iam.list_roles()["Roles"][0]["RoleName"]
    return name


def test_pages_that_are_read_in_turn_are_each_signed_by_their_own_session(
    aws: SandboxAws, client: Unsigned
) -> None:
    mine, theirs = account_id(), account_id()
    for account in (mine, theirs):
        iam = aws.client("iam", aws.root(account))
        for number in range(4):
            iam.create_user(UserName=f"u{number}")
    turns: list[Iterator[Any]] = [
        signed(client, session_of(aws, account, "reader"))
        .get_paginator("list_users")
        .paginate(PaginationConfig={"PageSize": 1})
        for account in (mine, theirs)
    ]

    for one, other in zip(*turns, strict=True):
        assert {user["Arn"].split(":")[4] for user in one["Users"]} <= {mine}
        assert {user["Arn"].split(":")[4] for user in other["Users"]} <= {theirs}


def test_a_session_may_do_what_it_may_and_nothing_that_another_one_may(
    aws: SandboxAws, client: Unsigned
) -> None:
    account = account_id()
    may, may_not = (
        signed(client, session_of(aws, account, name, rights))
        for name, rights in (("may", "iam:*"), ("may-not", "s3:*"))
    )
    may.list_roles()

    with pytest.raises(ClientError, match="AccessDenied"):
        may_not.list_roles()

    may.list_roles()


def test_who_signs_nothing_calls_nothing(client: Unsigned) -> None:
    with pytest.raises(NoCredentialsError):
        client.client.list_roles()


def test_another_profile_is_another_clients_settings_and_not_the_first_ones(
    client: Unsigned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile far]\nregion = us-gov-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "far")

    other = Unsigned("iam", region=None, config=CONFIG)

    assert client.client.meta.partition == "aws"
    assert other.client.meta.partition == "aws-us-gov"


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice",))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def test_the_next_session_of_a_role_has_the_client_of_the_one_before_unless_aws_slowed_it(
    lab: Lab, aws: SandboxAws
) -> None:
    owner = lab.catalog.accounts[0]
    first = lab.world.managers.fenced(owner.manager_arn, owner.external_id)
    lab.pass_time(seconds=70)
    second = lab.world.managers.fenced(owner.manager_arn, owner.external_id)
    assert second.iam is not first.iam
    assert _client_of(second) is _client_of(first)

    aws.throttle(owner.id, calls_per_second=5)
    for _ in range(2):
        second.iam.role(lab.catalog.roles[0].name)
    aws.throttle(owner.id, calls_per_second=0)
    lab.pass_time(seconds=70)
    third = lab.world.managers.fenced(owner.manager_arn, owner.external_id)

    assert _client_of(third) is not _client_of(second)


def _client_of(fenced: Any) -> object:
    return fenced.iam._client._client


def test_a_session_that_was_replaced_still_signs_with_its_own_keys(lab: Lab) -> None:
    """What a worker that froze still does ends with its own fence, not with the next session's."""
    owner = lab.catalog.accounts[0]
    old = lab.world.managers.fenced(owner.manager_arn, owner.external_id)
    lab.pass_time(seconds=70)
    lab.world.managers.fenced(owner.manager_arn, owner.external_id).iam.role("admin")
    lab.pass_time(seconds=31)

    with pytest.raises(AwsRefused, match=r"explicit deny|not authorized"):
        old.iam.role("admin")
