"""The stage: both sandboxes furnished from one catalog, and the bot as a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self, TypeVar

from bot.channels import channels_of
from bot.wiring import SOCKETS
from db import audit
from db.session import Database
from demo.accounts import Furnished, furnish
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from workflows.catalog.load import load
from workflows.catalog.model import Catalog

T = TypeVar("T")

AUDIT_KEY: Final = "an audit key that nobody needs to keep secret"

_HOUSE: Final = Path(__file__).parents[1]
_STARTING: Final = 30.0
_STOPPING: Final = 20.0
_OURS: Final = ("AWS_", "SLACK_", "XACCT_")
_LAST_LINES: Final = 25


class Broken(Exception):  # noqa: N818  it says what happened
    """The stage itself does not stand: a wrong catalog, or a bot that ended by itself."""


@dataclass
class Stage:
    """Made by `set_up`. The bot runs only between `start_bot` and `stop_bot` or `kill_bot`."""

    folder: Path
    clock: SharedClock
    aws: SandboxAws
    slack: SandboxSlack
    catalog: Catalog
    furnished: Furnished
    database_url: str
    _bot: subprocess.Popen[bytes] | None = None

    @classmethod
    @contextmanager
    def set_up(cls, catalog: str, *, database_url: str | None = None) -> Iterator[Self]:
        """Everything but the bot, from the text of a catalog; stopped and removed afterwards.

        `database_url` is an SQLite file in a temporary folder unless one is given; it must be of
        the schema that this version needs. Raises Broken when the catalog has mistakes.
        """
        told = load(catalog)
        if not isinstance(told, Catalog):
            raise Broken("\n".join(map(str, told)))
        with ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="xacct-")))
            (folder / "xacct.yaml").write_text(catalog)
            clock = stack.enter_context(SharedClock(folder / "clock"))
            aws = stack.enter_context(SandboxAws.start(clock))
            slack = stack.enter_context(SandboxSlack.start(clock))
            furnished = furnish(aws, told, _iam_users(told))
            _fill(slack, told)
            url = database_url or f"sqlite:///{folder / 'xacct.db'}"
            stage = cls(folder, clock, aws, slack, told, furnished, url)
            stack.callback(stage.stop_bot)
            yield stage

    # --- the bot

    def start_bot(self) -> None:
        """Starts it and returns once it listens to Slack. Raises Broken when it ends instead."""
        assert self._bot is None, "it runs already"
        with self.log.open("ab") as log:
            self._bot = subprocess.Popen(  # noqa: S603  our own module
                (sys.executable, "-m", "demo.bot", str(self.clock.path)),
                cwd=_HOUSE,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is ours: we stop it in order
            )
        self.until(
            lambda: self.slack.connected() >= SOCKETS,
            within=_STARTING,
            what="the bot listens to Slack",
        )

    def kill_bot(self) -> None:
        """SIGKILL: it has no moment left to do anything."""
        self._end_bot(signal.SIGKILL)
        self.until(lambda: self.slack.connected() == 0, what="the dead bot's sockets are gone")

    def stop_bot(self) -> int | None:
        """SIGTERM; its exit code, or None if it was not running."""
        return self._end_bot(signal.SIGTERM)

    def _end_bot(self, number: signal.Signals) -> int | None:
        bot, self._bot = self._bot, None
        if bot is None:
            return None
        bot.send_signal(number)
        try:
            return bot.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            bot.kill()
            return bot.wait()

    @property
    def bot_pid(self) -> int | None:
        """The process id of the bot while it runs."""
        return None if self._bot is None else self._bot.pid

    @property
    def log(self) -> Path:
        """The file that the bot's output goes to."""
        return self.folder / "bot.log"

    def last_lines(self) -> str:
        """The end of the bot's log."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return "\n".join(lines[-_LAST_LINES:])

    def _environment(self) -> dict[str, str]:
        """What the bot is told; of our own environment nothing that it, or boto3, would obey."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_OURS) and not name.lower().endswith("_proxy")
        }
        keys = self.furnished.bot
        return kept | {
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "XACCT_AUDIT_KEY": AUDIT_KEY,
            "XACCT_CATALOG": str(self.folder / "xacct.yaml"),
            "XACCT_DATABASE_URL": self.database_url,
        }

    def terminal(self, *words: str) -> str:
        """What `xacct …` says in the terminal, beside the bot that runs. Raises Broken."""
        done = subprocess.run(  # noqa: S603  our own module
            (sys.executable, "-m", "bot", *words, "--json"),
            cwd=_HOUSE,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Broken(f"xacct {' '.join(words)}: {done.stderr}")
        return done.stdout

    # --- what is beside it

    @contextmanager
    def database(self) -> Iterator[Database]:
        """The bot's database, for reading."""
        key = audit.Key(AUDIT_KEY.encode())
        database = Database(self.database_url, key=key, now=self.clock.now)
        try:
            yield database
        finally:
            database.close()

    def until(self, condition: Callable[[], T | None], *, what: str, within: float = 20.0) -> T:
        """The condition's first value that is true.

        Raises NeverSeen after `within` seconds, and Broken at once when the bot has ended.
        """

        def found() -> T | None:
            if self._bot is not None and (code := self._bot.poll()) is not None:
                raise Broken(f"The bot ended by itself, with exit code {code}.")
            return condition()

        return self.slack.until(found, within=within, what=what)


def _iam_users(catalog: Catalog) -> list[str]:
    return [one.iam_user.rpartition("/")[2] for one in catalog.engineers if one.iam_user]


def handle(slack_id: str) -> str:
    """What a person of the stage is called in Slack: U0ALICE is @alice."""
    return slack_id.removeprefix("U0").lower()


def _fill(slack: SandboxSlack, catalog: Catalog) -> None:
    """Everybody whom the catalog names is in the workspace and in the channels it names."""
    people = {one.slack for one in catalog.engineers} | {*catalog.admins, *catalog.auditors}
    for role in catalog.roles:
        people.update(role.approvers)
    for person in sorted(people):
        slack.add_user(person, name=handle(person))
    for channel in sorted(channels_of(catalog)):
        slack.add_channel(channel, channel.removeprefix("C0").lower(), members=sorted(people))
