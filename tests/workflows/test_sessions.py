"""Sessions share what is the same in all, and nothing else."""

import json
from typing import Any

import botocore.session

from sandbox.aws.process import SandboxAws
from tests.lab import account_id
from workflows.aws.sessions import core_session


def client(core: botocore.session.Session, aws: SandboxAws, service: str) -> Any:
    """Of the root of a new account."""
    root = aws.root(account_id())
    return core.create_client(
        service,
        region_name="us-east-1",
        aws_access_key_id=root.access_key_id,
        aws_secret_access_key=root.secret_access_key,
    )


def test_sessions_have_the_hooks_that_botocore_comes_with(aws: SandboxAws) -> None:
    nobody = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [nobody]}
    for iam in (client(core_session(), aws, "iam") for _ in range(2)):
        iam.create_role(RoleName="here", AssumeRolePolicyDocument=json.dumps(trust))

        found = iam.get_role(RoleName="here")["Role"]["AssumeRolePolicyDocument"]

        assert found == trust  # AWS sends text: it is one of those hooks that reads it


def test_what_is_registered_with_one_session_is_not_with_the_next(aws: SandboxAws) -> None:
    called: list[str] = []
    first, second = core_session(), core_session()
    first.register("before-call.sts", lambda **told: called.append(told["model"].name))

    client(second, aws, "sts").get_caller_identity()
    assert not called
    client(first, aws, "sts").get_caller_identity()
    assert called == ["GetCallerIdentity"]
