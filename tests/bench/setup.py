"""How long setup takes, and how many calls of AWS, for one grantee and many owner accounts."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, Final

from rich.console import Console

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.bench.figures import machine, table
from tests.workflows.setup.deploying import (
    ADMIN,
    KEEPS_OUT,
    allow,
    an_administrator,
    arn,
    document,
)

ACCOUNTS: Final = (1, 10, 20, 50)
STEPS: Final = {
    "plan": ("plan", 2),
    "apply": ("apply", 0),
    "plan again": ("plan", 0),
    "apply again": ("apply", 0),
    "verify": ("verify", 0),
    "destroy": ("destroy", 0),
}
"""In this order, each with its verb and the exit code that is right: 2 stands for changes."""

COUNTED: Final = ("plan", "apply", "verify", "destroy")
"""The steps whose calls are shown: what the others call, the first plan called, too."""

_HOME: Final = "111122223333"
_GROUP: Final = "/xacct/{effect}-{account}-{role}"


def measure(console: Console) -> None:
    seconds = table(
        "setup: xacct's own process from its start to its end, seconds", "owner accounts", *STEPS
    )
    calls = table("setup: AWS calls an owner account", "owner accounts", *COUNTED)
    for many in ACCOUNTS:
        lasted, made = _round(many)
        seconds.add_row(str(many), *(f"{one:.1f} s" for one in lasted.values()))
        calls.add_row(str(many), *(f"{made[name] / many:.1f}" for name in COUNTED))
    console.print(seconds)
    console.print(calls)
    console.print(
        "Each account has three roles, one of each mechanism, with permissions, a boundary, groups "
        "and a manager role;\nthe second plan was empty, verify proved all, and nothing was left "
        f"after destroy. The grantee account's calls are counted, too.\n{machine()}\n"
    )


def _round(many: int) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds and calls of each step, with that many owner accounts. Raises AssertionError where
    one did not come to what it must.
    """
    owners = [f"{2 * 10**11 + number}" for number in range(many)]
    with (
        TemporaryDirectory() as folder,
        SharedClock(Path(folder) / "clock") as clock,
        SandboxAws.start(clock) as aws,
    ):

        def client(service: str, account: str) -> Any:
            return aws.client(service, aws.root(account))

        keys = an_administrator(client, _HOME, owners)
        client("iam", _HOME).create_user(UserName="alice")
        profiles = Path(folder) / "credentials"
        profiles.write_text(_bot(client("iam", _HOME)))
        file = Path(folder) / "xacct.yaml"
        file.write_text(_catalog(owners))
        before = _held(aws, owners)
        environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": aws.endpoint}
        environment["AWS_SHARED_CREDENTIALS_FILE"] = str(profiles)
        seconds, calls = {}, {}
        for name, (verb, right) in STEPS.items():
            aws.forget_calls()
            began = monotonic()
            _run(verb, file, environment, right)
            seconds[name] = monotonic() - began
            calls[name] = len(aws.calls())
        assert _held(aws, owners) == before, "destroy left something"
        return seconds, calls


_MORE: Final = {"plan": (), "verify": ("--bot-profile", "xacct-bot")}


def _bot(home: Any) -> str:
    """xacct's own identity with the one right that it has; its keys as a profile."""
    home.create_user(UserName="xacct-bot")
    enters = document(allow("sts:AssumeRole", arn("*", "role/xacct-ctl/*")))
    home.put_user_policy(UserName="xacct-bot", PolicyName="work", PolicyDocument=enters)
    key = home.create_access_key(UserName="xacct-bot")["AccessKey"]
    return (
        f"[xacct-bot]\naws_access_key_id = {key['AccessKeyId']}\n"
        f"aws_secret_access_key = {key['SecretAccessKey']}\n"
    )


def _run(verb: str, file: Path, environment: dict[str, str], right: int) -> None:
    command = [sys.executable, "-m", "bot", "setup", verb, "--catalog", str(file)]
    done = subprocess.run(
        [*command, *_MORE.get(verb, ("--yes",))],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == right, done.stdout + done.stderr


def _held(aws: SandboxAws, owners: Sequence[str]) -> dict[str, list[str]]:
    """The ARNs of all roles, groups and policies of each account."""
    found = {}
    for account in (_HOME, *owners):
        iam = aws.client("iam", aws.root(account))
        found[account] = [
            *(one["Arn"] for one in iam.list_roles()["Roles"]),
            *(one["Arn"] for one in iam.list_groups()["Groups"]),
            *(one["Arn"] for one in iam.list_policies(Scope="Local")["Policies"]),
        ]
    return found


def _catalog(owners: Sequence[str]) -> str:
    mine = {"statements": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}
    return json.dumps(
        {
            "version": 1,
            "installation": "bench",
            "bot": arn(_HOME, "user/xacct-bot"),
            "slack": {"team": "T0SANDBOX", "approvals_channel": "C0APPROVALS"},
            "grantee_account": {"id": _HOME, "name": "workforce", "external_id": "workforce-7f3a"},
            "defaults": {"requesters": "everyone", "approvers": ["U0BOB"]},
            "accounts": [
                {"id": one, "name": f"prod-{number}", "external_id": "owners-4be01d77"}
                for number, one in enumerate(owners)
            ],
            "roles": [
                {"accounts": "*", "name": "readonly", "permissions": mine, "group": _GROUP},
                {"accounts": "*", "name": "admin", "permissions": {"managed": [ADMIN]}} | KEEPS_OUT,
                {
                    "accounts": "*",
                    "name": "deploy",
                    "permissions": mine,
                    "mechanism": "trust-policy",
                },
            ],
            "people": [{"slack": "U0ALICE", "iam_user": "alice"}],
        }
    )
