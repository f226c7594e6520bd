"""Enforcement, where real AWS cannot be asked: forged calls, stand-ins, what is not served."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from tests.sandbox.aws.conftest import NewAccount

HOUSE = Path(__file__).parents[3]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def _allow(action: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _user(iam: Any, name: str, action: str = "", resource: str = "*") -> Keys:
    iam.create_user(UserName=name)
    if action:
        iam.put_user_policy(
            UserName=name, PolicyName="may", PolicyDocument=_allow(action, resource)
        )
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def _post(aws: SandboxAws, keys: Keys, body: str, headers: dict[str, str] | None = None) -> int:
    """The HTTP status of a signed call of IAM, written by hand."""
    url = f"{aws.endpoint}/"
    request = AWSRequest("POST", url, data=body.encode(), headers=headers or FORM)
    credentials = Credentials(keys.access_key_id, keys.secret_access_key)
    SigV4Auth(credentials, "iam", "us-east-1").add_auth(request)
    made = urllib.request.Request(url, body.encode(), dict(request.headers))
    try:
        with urllib.request.urlopen(made, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_parameter_of_another_action_does_not_move_the_judgement(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    own = f"arn:aws:iam::{account}:role/own"
    keys = _user(iam, "mallory", "iam:*", own)
    iam.create_role(RoleName="own", AssumeRolePolicyDocument=_trust(account))
    policy = f"PolicyName=x&PolicyDocument={_allow('*')}"
    forged = f"Action=PutUserPolicy&UserName=mallory&RoleName=own&{policy}"
    assert _post(aws, keys, forged) == 403
    managed = f"arn:aws:iam::{account}:policy/p"
    forged = f"Action=CreatePolicyVersion&PolicyArn={managed}&RoleName=own&{policy}"
    assert _post(aws, keys, forged) == 403
    assert _post(aws, keys, f"Action=PutRolePolicy&RoleName=own&{policy}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "IAMService.ListUsers"},
    ],
)
def test_a_call_that_escapes_judgement_is_not_done(
    aws: SandboxAws, new_account: NewAccount, headers: dict[str, str]
) -> None:
    iam = aws.client("iam", aws.root(new_account()))
    keys = _user(iam, "mallory", "iam:ListUsers")
    iam.create_user(UserName="victim")
    assert _post(aws, keys, "Action=DeleteUser&UserName=victim", headers) >= 400
    iam.get_user(UserName="victim")


def test_a_bucket_is_not_listed_without_a_signature(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    account = new_account()
    aws.client("s3", aws.root(account)).create_bucket(Bucket=f"bucket-{account}")
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(f"{aws.endpoint}/bucket-{account}", timeout=10)
    refused.value.close()


def test_a_session_of_a_deleted_role_is_refused_even_when_a_namesake_is_there(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    keys = _user(iam, "alice", "sts:AssumeRole")

    def made() -> str:
        role = iam.create_role(RoleName="admin", AssumeRolePolicyDocument=_trust(account))["Role"]
        iam.put_role_policy(RoleName="admin", PolicyName="may", PolicyDocument=_allow("*"))
        return str(role["Arn"])

    asked = {"RoleArn": made(), "RoleSessionName": "sess"}
    session = aws.client("sts", keys).assume_role(**asked)["Credentials"]
    listing = aws.client(
        "iam",
        Keys(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"]),
    )
    listing.list_users()
    iam.delete_role_policy(RoleName="admin", PolicyName="may")
    iam.delete_role(RoleName="admin")
    made()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        listing.list_users()


def test_roles_of_identity_center_are_changed_by_the_stand_in_for_aws_only(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    keys = _user(iam, "admin", "iam:*")
    asked = {
        "RoleName": "AWSReservedSSO_Admin_0123456789abcdef",
        "Path": "/aws-reserved/sso.amazonaws.com/",
        "AssumeRolePolicyDocument": _trust(account),
    }
    admin = aws.client("iam", keys)
    with pytest.raises(ClientError, match="UnmodifiableEntity"):
        admin.create_role(**asked)
    iam.create_role(**asked)
    with pytest.raises(ClientError, match="UnmodifiableEntity"):
        admin.put_role_policy(
            RoleName=asked["RoleName"], PolicyName="x", PolicyDocument=_allow("*")
        )


def test_what_would_be_ignored_is_refused(aws: SandboxAws, new_account: NewAccount) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    _user(iam, "alice")
    arn = f"arn:aws:iam::{account}:user/alice"
    with pytest.raises(ClientError, match="NotServed"):
        iam.simulate_principal_policy(
            PolicySourceArn=arn, ActionNames=["sts:AssumeRole"], ResourcePolicy=_trust(account)
        )


def test_a_description_comes_back_as_it_was_written(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    asked = {"RoleName": "admin", "AssumeRolePolicyDocument": _trust(account)}
    iam.create_role(**asked, Description="R&D <prod>")
    assert iam.get_role(RoleName="admin")["Role"]["Description"] == "R&D <prod>"


def test_another_version_of_ministack_does_not_start(tmp_path: Path) -> None:
    other = tmp_path / "ministack-1.4.21.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: ministack\nVersion: 1.4.21\n")
    arguments = ("--clock", str(tmp_path / "clock"), "--root-secret", "s")
    ended = subprocess.run(
        (sys.executable, "-m", "sandbox.aws", *arguments),
        cwd=HOUSE,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "The sandbox AWS does not start: it needs ministack 1.5.33, found 1.4.21.\n"
    )
