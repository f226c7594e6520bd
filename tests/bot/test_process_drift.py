"""What xacct finds in AWS when it starts, and what `xacct drift` says of it in the terminal."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from demo.accounts import Furnished, furnish
from sandbox.aws.process import SandboxAws
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM
from tests.bot.test_process import Terminal
from tests.lab import account_id, slack_id
from tests.workflows.catalog import build
from workflows.catalog.load import load
from workflows.catalog.model import Catalog


@dataclass
class Place:
    """A terminal whose catalog stands in the sandbox AWS."""

    terminal: Terminal
    aws: SandboxAws
    catalog: Catalog
    furnished: Furnished

    @property
    def owner(self) -> Any:
        return self.aws.client("iam", self.aws.root(self.catalog.accounts[0].id))

    def add(self, **statement: Any) -> None:
        """Somebody of the owner account adds a statement to the role's trust policy."""
        held = self.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
        home = f"arn:aws:iam::{self.catalog.grantee.id}:root"
        made = {"Principal": {"AWS": home}, "Action": "sts:AssumeRole", **statement}
        document = json.dumps({**held, "Statement": [*held["Statement"], made]})
        self.owner.update_assume_role_policy(RoleName="admin", PolicyDocument=document)

    def rows(self, query: str) -> list[Any]:
        with sqlite3.connect(self.terminal.folder / "xacct.db") as database:
            return database.execute(query).fetchall()


@pytest.fixture
def place(slack: SandboxSlack, aws: SandboxAws, tmp_path: Path) -> Place:
    terminal = Terminal(slack, aws, tmp_path)
    text = build.text(
        installation="here",
        slack={"team": TEAM, "approvals_channel": terminal.channel},
        grantee_account={"id": account_id(), "name": "people"},
        defaults={
            "group": "/xacct/{effect}-{account}-{role}",
            "requesters": "everyone",
            "approvers": [slack_id("bob")],
        },
        accounts=[{"id": account_id(), "name": "prod-payments"}],
        people=[{"slack": slack_id("carol"), "iam_user": "carol"}],
        admins=[slack_id("root")],
    )
    (tmp_path / "xacct.yaml").write_text(text)
    catalog = load(text)
    assert isinstance(catalog, Catalog)
    furnished = furnish(aws, catalog, ["carol"])
    terminal.env |= {
        "AWS_ACCESS_KEY_ID": furnished.bot.access_key_id,
        "AWS_SECRET_ACCESS_KEY": furnished.bot.secret_access_key,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    return Place(terminal, aws, catalog, furnished)


# --- starting


def test_another_installations_seal_stops_the_start_with_a_sentence(place: Place) -> None:
    place.add(Sid="XacctSealthere", Effect="Deny")

    code, said = place.terminal.xacct("run")

    assert code == 2
    assert "Another installation of xacct" in said
    assert "prod-payments/admin is sealed by there; this one is here" in said
    assert "Traceback" not in said


def test_an_account_that_cannot_be_read_does_not_stop_the_start(place: Place) -> None:
    place.terminal.env |= {"AWS_SECRET_ACCESS_KEY": "wrong"}

    with place.terminal.running():
        slack, channel = place.terminal.slack, place.terminal.channel
        slack.until(lambda: slack.messages(channel), within=20, what="the alert")
        assert "does not let xacct read all of" in str(slack.messages(channel))


def test_the_first_look_alerts_what_it_finds(place: Place) -> None:
    place.aws.client("iam", place.aws.root(place.catalog.grantee.id)).add_user_to_group(
        GroupName="allow-prod-payments-admin", UserName="carol"
    )

    with place.terminal.running():
        slack = place.terminal.slack
        slack.until(
            lambda: "Members without" in str(slack.messages(place.terminal.channel)),
            within=20,
            what="the digest",
        )


# --- the terminal


def test_drift_says_that_nothing_differs_and_changes_nothing(place: Place) -> None:
    assert place.terminal.xacct("db", "upgrade")[0] == 0

    code, said = place.terminal.xacct("drift")

    assert (code, said.strip()) == (0, "Nothing differs.")
    for table in ("targets", "alerts", "audit"):
        assert place.rows(f"SELECT count(*) FROM {table}") == [(0,)]


def test_drift_shows_what_differs_as_a_table_and_for_programs(place: Place) -> None:
    place.terminal.xacct("db", "upgrade")
    place.add(Sid="XacctUforged", Effect="Allow")

    code, table = place.terminal.xacct("drift")
    as_json, text = place.terminal.xacct("drift", "--json")

    assert (code, as_json) == (1, 1)
    assert "prod-payments/admin" in table
    found = json.loads(text)
    assert [one["kind"] for one in found["findings"]] == ["own statement without a row"]
    assert found["findings"][0]["where"] == "prod-payments/admin"
    assert (found["holds"], found["unread"]) == ([], {})
    assert "XacctUforged" in str(
        place.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    )


def test_drift_that_could_not_read_everything_says_so(place: Place) -> None:
    place.terminal.xacct("db", "upgrade")
    place.terminal.env |= {"AWS_SECRET_ACCESS_KEY": "wrong"}

    code, said = place.terminal.xacct("drift")

    assert code == 2
    assert "Not read: prod-payments: prod-payments/admin" in said
    assert "Traceback" not in said


def test_a_restore_is_accepted_by_who_says_yes_and_recorded(place: Place) -> None:
    terminal = place.terminal
    terminal.xacct("db", "upgrade")
    assert terminal.xacct("db", "accept-restore")[1].startswith("Nothing is held")
    with sqlite3.connect(terminal.folder / "xacct.db") as database:
        database.execute(
            "INSERT INTO holds (kind, reason, since) VALUES ('restore', 'It is older.', ?)",
            ("2026-01-31 12:00:00",),
        )
    assert terminal.xacct("drift")[0] == 1

    code, said = terminal.xacct("db", "accept-restore")
    assert (code, "It is older." in said) == (1, True)  # nobody was there to say yes
    code, said = terminal.xacct("db", "accept-restore", "--yes")

    assert code == 0
    assert "user/xacct-bot" in said
    assert place.rows("SELECT count(*) FROM holds WHERE lifted_at IS NULL") == [(0,)]
    assert "user/xacct-bot" in str(place.rows("SELECT actor FROM audit"))
    assert terminal.xacct("drift")[0] == 0
