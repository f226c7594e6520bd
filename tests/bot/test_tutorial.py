"""`docs/tutorial.md` as a reader plays it: every line of it, in turn, with both sandboxes."""

import io
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from bot.__main__ import main
from sandbox.aws.process import Keys, SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM
from tests.lab import account_id, slack_id
from tests.workflows.setup.deploying import allow, document

HOUSE: Final = Path(__file__).parents[2]
PAGE: Final = HOUSE / "docs" / "tutorial.md"
ALICE, BOB = slack_id("alice"), slack_id("bob")
INSTALLING: Final = ("python3 -m venv", ".venv/bin/pip")

EXPECTED: Final = [
    ("catalog check", 0, "right"),
    ("setup plan", 2, "readonly"),
    ("setup apply", 0, ""),
    ("setup verify", 0, "refuses"),
    ("doctor", 0, "database"),
    ("audit", 0, "requested"),
    ("audit verify", 0, ""),
    ("setup destroy", 0, ""),
]
"""Each command of xacct that the page shows, in turn: its exit code, and a word that it says."""


class Reader:
    """Somebody with two accounts, a workspace and this page."""

    def __init__(
        self, aws: SandboxAws, slack: SandboxSlack, clock: SharedClock, folder: Path
    ) -> None:
        self._aws, self._slack, self._clock, self._folder = aws, slack, clock, folder
        self.people, self.visited = account_id(), account_id()
        self.channel, self.alerts = "C0TUTORIAL", "C0TUTALERTS"
        for channel in (self.channel, self.alerts):
            slack.add_channel(channel, channel.lower(), members=[ALICE, BOB])
        self._profiles = folder / "credentials"
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("XACCT_", "SLACK_"))},
            "AWS_SHARED_CREDENTIALS_FILE": str(self._profiles),
            "PYTHONPATH": str(HOUSE),
            "SLACK_API_URL": slack.api_url,  # the sandbox is this reader's Slack
            "COLUMNS": "200",
        }
        self.did: list[tuple[str, int, str]] = []
        self.answers: list[str] = []
        for profile, account in (("people", self.people), ("visited", self.visited)):
            iam = aws.client("iam", aws.root(account))
            iam.create_user(UserName="root-like")
            everything = document(allow("*", "*"))
            iam.put_user_policy(UserName="root-like", PolicyName="all", PolicyDocument=everything)
            self.profile(profile, iam.create_access_key(UserName="root-like")["AccessKey"])

    def profile(self, name: str, key: dict[str, str]) -> None:
        lines = [f"[{name}]", f"aws_access_key_id = {key['AccessKeyId']}"]
        lines.append(f"aws_secret_access_key = {key['SecretAccessKey']}")
        with self._profiles.open("a") as file:
            file.write("\n".join([*lines, "", ""]))

    def own(self, text: str) -> str:
        """The page's ids and tokens, with the reader's own for them."""
        mine = {
            "111122223333": self.people,
            "444455556666": self.visited,
            "T012ABCDE": TEAM,
            "C012APPROVE": self.channel,
            "C012ALERTS": self.alerts,
            "U012ALICE": ALICE,
            "U012BOB": BOB,
            "xoxb-…": self._slack.bot_token,
            "xapp-…": self._slack.app_token,
            "$(python3 -c 'import secrets; print(secrets.token_hex(32))')": "0f" * 32,
        }
        for theirs, ours in mine.items():
            text = text.replace(theirs, ours)
        return text

    def types(self, line: str) -> None:
        """One line of a terminal."""
        if line.startswith(INSTALLING):
            return
        words = shlex.split(self.own(line))
        if words[0] == "export":
            told = dict(word.split("=", 1) for word in words[1:])
            self.env |= {name: value for name, value in told.items() if name != "PATH"}
        elif words[0] == "unset":
            for name in words[1:]:
                self.env.pop(name)
        elif words[0] == "aws":
            self._aws_says(words[1], words[2], words[3:])
        else:
            assert words[0] == "xacct", line
            self._xacct(words[1:])

    def _xacct(self, words: list[str]) -> None:
        said, before, keyboard = io.StringIO(), dict(os.environ), sys.stdin
        with redirect_stdout(said), redirect_stderr(said), chdir(self._folder):
            os.environ.clear()
            os.environ.update(self.env)
            sys.stdin = io.StringIO("yes\nyes\n")
            try:
                code = main(words, clock=self._clock)
            finally:
                sys.stdin = keyboard
                os.environ.clear()
                os.environ.update(before)
        verb = " ".join(word for word in words if not word.startswith("-"))
        self.did.append((verb, code, said.getvalue()))

    def _aws_says(self, service: str, operation: str, words: list[str]) -> None:
        """A line of AWS's command line, which names what the API takes."""
        options = dict(zip(words[::2], words[1::2], strict=True))
        client = self._aws.client(service, self._keys(options.pop("--profile")))
        asked = {
            "".join(part.capitalize() for part in name.removeprefix("--").split("-")): value
            for name, value in options.items()
        }
        if "AccessKeyId" in asked:  # the page cannot know it
            asked["AccessKeyId"] = self._keys("xacct-bot").access_key_id
        method = getattr(client, xform_name(operation.replace("-", "_")))
        try:
            reply = method(**asked)
        except ClientError as error:
            self.answers.append(str(error.response["Error"]["Code"]))
            return
        self.answers.append("ok")
        if operation == "create-access-key":
            self.profile(asked["UserName"], reply["AccessKey"])

    def _keys(self, profile: str) -> Keys:
        held = self._profiles.read_text().partition(f"[{profile}]")[2].split()
        return Keys(held[2], held[5])

    @contextmanager
    def running(self) -> Iterator[None]:
        bot = subprocess.Popen(
            [sys.executable, "-m", "demo.bot", str(self._clock.path)],
            cwd=self._folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        try:
            self._slack.until(lambda: self._slack.connected() == 2, within=30, what="the sockets")
            yield
        finally:
            bot.terminate()
            bot.communicate(timeout=30)
            self._slack.until(lambda: self._slack.connected() == 0, what="the sockets' end")

    def says(self, line: str) -> None:
        assert self._slack.command(ALICE, line.removeprefix("/xacct ")).acked

    def sees(self, words: str) -> Any:
        def card() -> Any:
            found = self._slack.messages(self.channel)
            return next((one for one in found if words in str(one.blocks)), None)

        return self._slack.until(card, within=20, what=f"a card that says {words!r}")

    def hears(self, words: str) -> None:
        def told() -> bool:
            return any(words in one.text for one in self._slack.ephemerals(ALICE))

        self._slack.until(told, within=20, what=f"Alice is told {words!r}")

    def approves(self) -> None:
        assert self._slack.click(BOB, self.sees("Waiting for approval"), "approve").acked


def blocks(kind: str, text: str) -> list[list[str]]:
    found = re.findall(rf"^```{kind}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [[line.removeprefix("$ ") for line in one.splitlines()] for one in found]


@pytest.fixture
def reader(aws: SandboxAws, slack: SandboxSlack, clock: SharedClock, tmp_path: Path) -> Reader:
    clock.move(timedelta(hours=5))  # the reader's clock and AWS's agree; this machine's does not
    return Reader(aws, slack, clock, tmp_path)


def test_every_line_of_the_tutorial_does_what_the_page_says(reader: Reader, tmp_path: Path) -> None:
    page = PAGE.read_text()
    (catalog,) = blocks("yaml", page)
    (tmp_path / "xacct.yaml").write_text(reader.own("\n".join(catalog)))
    terminal, slack = blocks("console", page), blocks("text", page)
    (asks,), (who, asks_more, gives_back) = slack
    at = next(number for number, one in enumerate(terminal) if one == ["xacct run"])
    before, (enters, again, audits, taking_away) = terminal[:at], terminal[at + 1 :]

    for line in (line for block in before for line in block):
        reader.types(line)
    assert set(reader.answers) == {"ok"}
    with reader.running():
        reader.says(asks)
        reader.approves()
        reader.sees("Active until")
        for line in enters:
            reader.types(line)
        reader.says(who)
        reader.hears("alice")
        reader.says(asks_more)
        reader.hears("Request #2 is filed")
        reader.says(gives_back)
        reader.sees("AWS was read back closed")
        for line in again:
            reader.types(line)
    assert reader.answers[-2:] == ["ok", "AccessDenied"]
    for line in [*audits, *taking_away]:
        reader.types(line)

    assert set(reader.answers[-3:]) == {"ok"}
    for (verb, code, said), (expected, ends, word) in zip(reader.did, EXPECTED, strict=True):
        assert (verb.startswith(expected), code, word in said) == (True, ends, True), (verb, said)
