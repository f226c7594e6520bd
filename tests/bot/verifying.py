"""Accounts that are set up, with the keys of xacct and of grantees as profiles of ~/.aws."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.process import Keys, SandboxAws
from tests.bot.administrator import Office, at_work
from tests.workflows.setup.deploying import allow, arn, document

BOT = "xacct-bot"
Finding = dict[str, Any]


def lets_in(sid: str, principal: str) -> dict[str, Any]:
    let = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {"Sid": sid, **let}


def trusts(owner: Any, role: str, *statements: dict[str, Any]) -> None:
    owner.update_assume_role_policy(RoleName=role, PolicyDocument=document(*statements))


class Verifying:
    """An office, and profiles that may be named."""

    def __init__(self, office: Office, aws: SandboxAws, profiles: Path) -> None:
        self.office, self._aws, self._profiles = office, aws, profiles
        self._bot()
        self._session("ci", office.place.ids.home, "/build/", "run-7")
        for name in ("alice", "bob"):
            key = office.iam(office.place.ids.home).create_access_key(UserName=name)["AccessKey"]
            self.profile(name, Keys(key["AccessKeyId"], key["SecretAccessKey"]))

    def profile(self, name: str, keys: Keys) -> None:
        lines = [f"[{name}]", f"aws_access_key_id = {keys.access_key_id}"]
        lines.append(f"aws_secret_access_key = {keys.secret_access_key}")
        if keys.session_token:
            lines.append(f"aws_session_token = {keys.session_token}")
        with self._profiles.open("a") as file:
            file.write("\n".join([*lines, "", ""]))

    def run(self, *words: str) -> tuple[int, str]:
        return self.office.run("verify", "--bot-profile", BOT, *words)

    def findings(self, *words: str, bot: bool = True) -> tuple[int, list[Finding]]:
        """The exit code, and what is said to programs; with or without xacct's own keys."""
        whose = ("--bot-profile", BOT) if bot else ()
        code, said = self.office.run("verify", "--json", *whose, *words)
        found: list[Finding] = json.loads(said)["findings"]
        return code, found

    def owner(self, number: int = 0) -> Any:
        """IAM of one of the owner accounts, with its root's keys."""
        return self.office.iam(self.office.place.ids.owners[number])

    @property
    def home(self) -> Any:
        return self.office.iam(self.office.place.ids.home)

    def _bot(self) -> None:
        """A session of the bot's role, as a machine that runs it has one."""
        ids = self.office.place.ids
        self._session(BOT, ids.tools, "/xacct-ctl/", "here")
        enters = document(allow("sts:AssumeRole", arn("*", "role/xacct-ctl/*")))
        iam = self.office.iam(ids.tools)
        iam.put_role_policy(RoleName=BOT, PolicyName="work", PolicyDocument=enters)

    def _session(self, role: str, account: str, path: str, name: str) -> None:
        """A profile with a session of a role, which a user of its account takes on."""
        iam, user = self.office.iam(account), f"{role}-host"
        host = iam.create_user(UserName=user)["User"]["Arn"]
        trusts(iam, role, lets_in("Host", host))
        key = iam.create_access_key(UserName=user)["AccessKey"]
        sts = self._aws.client("sts", Keys(key["AccessKeyId"], key["SecretAccessKey"]))
        asked = {"RoleArn": arn(account, f"role{path}{role}"), "RoleSessionName": name}
        keys = sts.assume_role(**asked)["Credentials"]
        held = Keys(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        self.profile(role, held)


@contextmanager
def verifying(aws: SandboxAws, folder: Path) -> Iterator[Verifying]:
    """All that setup makes is there."""
    profiles = folder / "credentials"
    with at_work(aws, folder) as office, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profiles))
        environment.setenv("COLUMNS", "240")
        assert office.run("apply", "--yes")[0] == 0
        yield Verifying(office, aws, profiles)
