"""Accounts that are filled like others: the same names and documents, and nothing shared."""

import json
import urllib.error
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from tests.sandbox.aws.conftest import NewAccount


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def furnish(aws: SandboxAws, home: str, owner: str) -> Keys:
    """alice of one account, who may enter a role of the other and list its bucket."""
    iam, theirs = (aws.client("iam", aws.root(one)) for one in (home, owner))
    iam.create_user(UserName="alice")
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    enter = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": f"arn:aws:iam::{owner}:role/r",
    }
    iam.put_user_policy(UserName="alice", PolicyName="p", PolicyDocument=document(enter))
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{home}:user/alice"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {"aws:userid": iam.get_user(UserName="alice")["User"]["UserId"]}
        },
    }
    theirs.create_role(RoleName="r", AssumeRolePolicyDocument=document(trust))
    listing = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    theirs.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=document(listing))
    s3 = aws.client("s3", aws.root(owner))
    s3.create_bucket(Bucket=f"b-{owner}")
    s3.put_object(Bucket=f"b-{owner}", Key="k", Body=b"what is in it")
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def read(aws: SandboxAws, keys: Keys, owner: str) -> bytes:
    """What alice reads in the owner's bucket, with a session of the role."""
    made = aws.client("sts", keys).assume_role(
        RoleArn=f"arn:aws:iam::{owner}:role/r", RoleSessionName="alice"
    )["Credentials"]
    session = Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    found: bytes = aws.client("s3", session).get_object(Bucket=f"b-{owner}", Key="k")["Body"].read()
    return found


def test_what_works_in_accounts_works_in_their_copies(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    home, owner, home_2, owner_2 = (new_account() for _ in range(4))
    keys = furnish(aws, home, owner)
    kept = aws.keep(home, owner)

    keys_2 = aws.copy(kept, {home: home_2, owner: owner_2})[keys.access_key_id]

    assert read(aws, keys, owner) == read(aws, keys_2, owner_2) == b"what is in it"
    for door, other in ((owner, keys_2), (owner_2, keys)):
        with pytest.raises(ClientError, match="AccessDenied"):
            read(aws, other, door)


def test_ids_and_keys_of_a_copy_are_its_own(aws: SandboxAws, new_account: NewAccount) -> None:
    home, owner, home_2, owner_2 = (new_account() for _ in range(4))
    keys = furnish(aws, home, owner)

    keys_2 = aws.copy(aws.keep(home, owner), {home: home_2, owner: owner_2})[keys.access_key_id]

    assert keys_2.access_key_id != keys.access_key_id
    assert keys_2.secret_access_key != keys.secret_access_key
    first, second = (
        aws.client("iam", aws.root(one)).get_user(UserName="alice")["User"]
        for one in (home, home_2)
    )
    assert first["UserId"] != second["UserId"]
    assert second["Arn"] == f"arn:aws:iam::{home_2}:user/alice"
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        aws.client("sts", Keys(keys_2.access_key_id, keys.secret_access_key)).get_caller_identity()


def test_a_copy_is_of_what_was_kept_and_not_of_what_came_later(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    account, copy, another = new_account(), new_account(), new_account()
    iam = aws.client("iam", aws.root(account))
    iam.create_group(GroupName="before")
    kept = aws.keep(account)
    iam.create_group(GroupName="later")

    aws.copy(kept, {account: copy})
    aws.client("iam", aws.root(copy)).delete_group(GroupName="before")
    aws.copy(kept, {account: another})

    names = {one: _groups(aws, one) for one in (account, copy, another)}
    assert names == {account: ["before", "later"], copy: [], another: ["before"]}


def test_an_account_is_emptied_and_its_neighbours_are_not(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    home, owner, neighbour = (new_account() for _ in range(3))
    keys = furnish(aws, home, owner)
    aws.client("iam", aws.root(neighbour)).create_group(GroupName="readers")

    aws.empty(home, owner)

    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        read(aws, keys, owner)
    assert aws.client("iam", aws.root(owner)).list_roles()["Roles"] == []
    assert aws.client("s3", aws.root(owner)).list_buckets()["Buckets"] == []
    assert _groups(aws, neighbour) == ["readers"]


def test_a_number_that_was_not_given_is_refused(aws: SandboxAws) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400"):
        aws.copy(10**6, {})


def _groups(aws: SandboxAws, account: str) -> list[str]:
    found = aws.client("iam", aws.root(account)).list_groups()["Groups"]
    return sorted(one["GroupName"] for one in found)
