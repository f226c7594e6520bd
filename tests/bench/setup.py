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
from tests.workflows.setup.deploying import ADMIN, KEEPS_OUT, an_administrator, arn

ACCOUNTS: Final = (1, 10, 20, 50)
VERBS: Final = (("plan", 2), ("apply", 0), ("plan", 0), ("apply", 0), ("destroy", 0))
"""In this order, each with the exit code that is right: 2 stands for changes."""

_HOME: Final = "111122223333"
_GROUP: Final = "/xacct/{effect}-{account}-{role}"
_NAMES: Final = ("plan", "apply", "plan again", "apply again", "destroy")


def measure(console: Console) -> None:
    shown = table(
        "setup: xacct's own process from its start to its end, seconds; AWS calls an owner account",
        "owner accounts",
        *_NAMES,
        "calls: plan",
        "apply",
        "destroy",
    )
    for many in ACCOUNTS:
        seconds, calls = _round(many)
        each = [f"{calls[n] / many:.1f}" for n in (0, 1, 4)]
        shown.add_row(str(many), *(f"{one:.1f} s" for one in seconds), *each)
    console.print(shown)
    console.print(
        "Each account has three roles, one of each mechanism, with permissions, a boundary, groups "
        "and a manager role;\nthe second plan was empty, and nothing was left after destroy. The "
        f"grantee account's calls are counted, too.\n{machine()}\n"
    )


def _round(many: int) -> tuple[list[float], list[int]]:
    """What each verb took, with that many owner accounts, and what was called; raises
    AssertionError where a verb did not come to what it must.
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
        client("iam", _HOME).create_user(UserName="xacct-bot")
        file = Path(folder) / "xacct.yaml"
        file.write_text(_catalog(owners))
        before = _held(aws, owners)
        environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": aws.endpoint}
        seconds, calls = [], []
        for verb, right in VERBS:
            aws.forget_calls()
            began = monotonic()
            _run(verb, file, environment, right)
            seconds.append(monotonic() - began)
            calls.append(len(aws.calls()))
        assert _held(aws, owners) == before, "destroy left something"
        return seconds, calls


def _run(verb: str, file: Path, environment: dict[str, str], right: int) -> None:
    command = [sys.executable, "-m", "bot", "setup", verb, "--catalog", str(file)]
    done = subprocess.run(
        [*command, *(["--yes"] if verb != "plan" else [])],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == right, done.stdout + done.stderr


def _held(aws: SandboxAws, owners: Sequence[str]) -> dict[str, list[str]]:
    """The names of all roles, groups and policies of each account."""
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
