"""A house that is as it must be, for a test to plant a fault in, and the doctor who looks at it."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from bot.__main__ import main
from db.session import Database
from db.store import holds
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM
from tests import databases, furniture
from tests.bot.office import channel_with_everybody
from tests.lab import KEY, account_id, slack_id
from tests.workflows.catalog import build
from workflows.catalog.model import Catalog
from workflows.clock import Clock

PAYMENTS, SEARCH = "prod-payments", "prod-search"
PASSWORD = "hunter2-of-the-database"
LIST_S3 = {"statements": [{"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": "*"}]}


def parts(channel: str) -> dict[str, Any]:
    """Of a catalog in which each mechanism is used."""
    home = account_id()
    return {
        "installation": "lab",
        "bot": f"arn:aws:iam::{home}:user/xacct-bot",
        "slack": {"team": TEAM, "approvals_channel": channel, "audit_channel": channel},
        "grantee_account": {
            "id": home,
            "name": "people",
            "external_id": "home-4be01d77",
            "vendor": {"role": "/xacct-ctl/xacct-vendor", "external_id": "vend-7f3a91c2"},
        },
        "defaults": {
            "group": "/xacct/{effect}-{account}-{role}",
            "external_id": "owners-1c2d3e4f",
            "path": "/xacct/",
            "requesters": "everyone",
            "approvers": [slack_id("alice"), slack_id("bob"), slack_id("dora")],
        },
        "accounts": [
            {"id": account_id(), "name": PAYMENTS},
            {"id": account_id(), "name": SEARCH},
        ],
        "roles": [
            {"accounts": "*", "name": "admin", "permissions": LIST_S3},
            {
                "accounts": "*",
                "name": "deploy",
                "mechanism": "deny-group",
                "group": "/xacct/deny-all",
                "permissions": LIST_S3,
            },
            {
                "accounts": SEARCH,
                "name": "try",
                "mechanism": "trust-policy",
                "kinds": ["user", "machine"],
                "delivery": "credentials",
                "permissions": LIST_S3,
            },
        ],
        "people": [
            {"slack": slack_id("alice"), "iam_user": "alice"},
            {"slack": slack_id("carol"), "iam_user": "carol"},
        ],
        "machines": [
            {
                "name": "ci",
                "role": f"arn:aws:iam::{home}:role/ci",
                "owners": [slack_id("alice")],
            }
        ],
        "admins": [slack_id("root")],
    }


class Patient:
    """The house and its settings. `says` writes the catalog anew."""

    def __init__(
        self, slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, folder: Path
    ) -> None:
        self.slack, self.aws, self.clock, self.folder = slack, aws, clock, folder
        self.channel = channel_with_everybody(slack)
        self.parts = parts(self.channel)
        self.file, self.database = folder / "xacct.yaml", folder / "xacct.db"
        self.catalog: Catalog = build.catalog(**self.parts)
        self.says()
        furnished = furniture.furnished(aws, self.catalog, ("alice", "carol"))
        with self._opened() as database:
            databases.upgrade(database)
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("XACCT_", "SLACK_"))},
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "XACCT_AUDIT_KEY": KEY.secret.decode(),
            "XACCT_CATALOG": str(self.file),
            "XACCT_DATABASE_URL": f"sqlite:///{self.database}",
            "AWS_ACCESS_KEY_ID": furnished.bot.access_key_id,
            "AWS_SECRET_ACCESS_KEY": furnished.bot.secret_access_key,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def says(self, **changed: Any) -> None:
        """The catalog is so from now on."""
        self.file.write_text(build.text(**(self.parts | changed)))

    @property
    def home(self) -> Any:
        return self._iam(self.catalog.grantee.id)

    @property
    def payments(self) -> Any:
        return self.iam(0)

    def iam(self, owner: int) -> Any:
        """IAM of an owner account, with the keys of its root."""
        return self._iam(self.catalog.accounts[owner].id)

    def _iam(self, account: str) -> Any:
        return self.aws.client("iam", self.aws.root(account))

    # --- the database

    def freezes(self, reason: str) -> None:
        """An administrator has frozen everything."""
        with self._opened() as database, database.write() as session:
            holds.freeze(session, by=slack_id("root"), reason=reason, at=self.clock.now())

    @contextmanager
    def _opened(self) -> Iterator[Database]:
        database = Database(f"sqlite:///{self.database}", key=KEY, now=self.clock.now)
        try:
            yield database
        finally:
            database.close()

    # --- the doctor

    def types(self, *words: str, clock: Clock | None = None, **env: str) -> tuple[int, str, str]:
        """The exit code, what stands in standard output, and in standard error."""
        out, err = io.StringIO(), io.StringIO()
        before = dict(os.environ)
        with redirect_stdout(out), redirect_stderr(err):
            os.environ.clear()
            os.environ.update(self.env | env)
            try:
                code = main(["doctor", *words], clock=clock or self.clock)
            finally:
                os.environ.clear()
                os.environ.update(before)
        return code, out.getvalue(), err.getvalue()

    def told(self, clock: Clock | None = None, **env: str) -> "Told":
        code, out, err = self.types("--json", clock=clock, **env)
        return Told(code, json.loads(out), out + err)


class Told:
    """What the doctor told, as a program reads it."""

    def __init__(self, code: int, plain: dict[str, Any], text: str) -> None:
        self.code, self.plain, self.text = code, plain, text

    @property
    def findings(self) -> list[dict[str, str]]:
        return [one for section in self.plain["sections"] for one in section["findings"]]

    @property
    def checks(self) -> set[tuple[str, str]]:
        """What was found, and of what."""
        return {(one["check"], one["about"]) for one in self.findings}

    @property
    def kinds(self) -> set[str]:
        return {one["check"] for one in self.findings}

    def one(self, check: str, about: str | None = None) -> dict[str, str]:
        """The one finding of that kind."""
        found = [
            one for one in self.findings if one["check"] == check and about in (None, one["about"])
        ]
        assert len(found) == 1, self.findings
        return found[0]
