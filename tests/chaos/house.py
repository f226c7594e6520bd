"""A house: fresh accounts, a fresh database, and the bots that serve them, for a few runs."""

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from threading import Event
from time import monotonic
from typing import Final, Self, TypeVar

from sqlalchemy import text

from bot.wiring import SOCKETS
from db import audit, migrate
from db.session import Database
from demo.accounts import furnish, let_assume_anything
from demo.door import Door
from demo.stage import AUDIT_KEY, Stage
from tests.chaos import catalog
from tests.chaos.books import Books
from tests.chaos.bot import SAY_WHERE
from tests.chaos.humans import Humans
from tests.chaos.nursery import is_alive
from tests.chaos.referee import Bot
from tests.chaos.runs import Way
from tests.chaos.sandboxes import Sandboxes
from workflows.catalog.model import Role

T = TypeVar("T")

LEASE: Final = timedelta(seconds=125)
"""A fence is 90 s ahead at most and a lease outlives it by 30 s: after this both are over."""

LONGEST_RECOVERY: Final = timedelta(minutes=20)
"""Moved time in which all that was begun must be done or over: an opening is given up after 15."""

_STEP: Final = timedelta(seconds=10)
_STEP_EACH: Final = 0.5  # seconds of real time
_STEP_SURELY: Final = 2.0
_REST: Final = 0.15
_PAUSE: Final = 0.05
_REAL: Final = 60.0
_LAST_LINES: Final = 20
_SPEAKS: Final = 0.5  # seconds in which a bot that has begun to say where it stands has said it

_MOVED_CLOCK: Final = """
CREATE TABLE public.moved (seconds double precision NOT NULL);
INSERT INTO public.moved VALUES (0);
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
'SELECT pg_catalog.clock_timestamp() + make_interval(secs => (SELECT seconds FROM public.moved))';
"""
"""The database's own clock, moved with the sandboxes': found before PostgreSQL's own by name."""


class Stuck(AssertionError):  # noqa: N818  it says what happened
    """What had to come did not come in its time."""


class House:
    """A context manager. `bot` is the process that serves now; others may stand frozen beside it.

    Time passes by `jump` and `until`; both keep what AWS promises: a write is seen everywhere
    within a minute. It spreads in real time, so a jump waits until it has.
    """

    def __init__(self, sandboxes: Sandboxes, way: Way, *, postgres: bool, spread: float) -> None:
        self.way, self.sandboxes, self.slack = way, sandboxes, sandboxes.slack
        self.referee = sandboxes.wires.referee
        self.postgres, self._spread = postgres, spread
        self._stack = ExitStack()
        self._pause = Event()
        self._bots: list[Bot] = []
        self._folder = Path(mkdtemp(dir=sandboxes.folder))
        self.log = self._folder / "bot.log"
        self._clock, aws = sandboxes.clock, sandboxes.aws
        aws.spread(0)
        told = self._told = catalog.written(way, sandboxes.new_channel())
        self.catalog = catalog.loaded(told)
        (self._folder / "xacct.yaml").write_text(told)
        users = (*catalog.ENGINEERS, catalog.NEIGHBOUR)
        furnished = furnish(aws, self.catalog, users)
        if way in (Way.DENY, Way.TRUST):
            for user in users:
                let_assume_anything(aws, self.catalog, user)
        self.humans = Humans(aws, self.catalog)
        self.humans.move_in(users)
        url = sandboxes.new_postgres() if postgres else f"sqlite:///{self._folder / 'xacct.db'}"
        self._stage = Stage(
            self._folder, self._clock, aws, sandboxes.slack, self.catalog, furnished, url
        )
        self.door = Door(self._stage)
        self.database = self._new_database(url)
        self.books = Books(self.database)
        self.background = self._stack.enter_context(ThreadPoolExecutor(4))
        aws.spread(spread)

    def _new_database(self, url: str) -> Database:
        key = audit.Key(AUDIT_KEY.encode())
        database = Database(url, key=key, now=self._clock.now)
        migrate.upgrade(database)
        if self.postgres:
            with database.engine.begin() as connection:
                connection.execute(text(_MOVED_CLOCK))
                name = database.url.database
                connection.execute(text(f"ALTER DATABASE {name} SET search_path=public,pg_catalog"))
            database.close()  # what connects from now on finds the moved clock
            self._database_follows(database)
        self._stack.callback(database.close)
        return database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for bot in tuple(self._bots):
            self.kill(bot)
        self._stack.close()

    @property
    def role(self) -> Role:
        """The one role that is lent."""
        return self.catalog.roles[0]

    # --- the bots

    @property
    def bot(self) -> Bot:
        """The process that was started last."""
        return self._bots[-1]

    def start(self) -> Bot:
        """Forks one more bot; it may not listen to Slack yet."""
        bot, wires = Bot(), self.sandboxes.wires
        environment = self._environment(wires.lay(bot))
        wires.know(bot, self.sandboxes.nursery.fork(environment, self.log))
        self._bots.append(bot)
        return bot

    def kill(self, bot: Bot) -> None:
        """SIGKILL, if it is not dead yet; forgotten when it is gone."""
        with suppress(ProcessLookupError):  # the referee kills, too
            os.kill(bot.pid, signal.SIGKILL)
        self.poll(lambda: not is_alive(bot.pid) or None, what="a killed bot is gone")
        self._bots.remove(bot)
        self.sandboxes.wires.cut(bot)

    def listens(self) -> None:
        """Waits until all bots that are not frozen listen to Slack, and nobody else."""
        wanted = SOCKETS * sum(not bot.frozen for bot in self._bots)
        try:
            self.poll(lambda: self.slack.connected() == wanted or None, what="the bot's sockets")
        except Stuck as stuck:
            there = self.slack.connected()
            raise Stuck(f"{stuck}; of {wanted} sockets there are {there}") from None

    def replace(self, bot: Bot) -> None:
        """A frozen one's sockets are given up, as Slack does, and another process begins."""
        assert bot.frozen
        self.slack.disconnect_sockets(None)
        self.poll(lambda: self.slack.connected() == 0 or None, what="the sockets are cut")
        self.start()

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Nothing of ours moves meanwhile: what happens, AWS does by itself."""
        for bot in self._bots:
            os.kill(bot.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for bot in self._bots:
                os.kill(bot.pid, signal.SIGCONT)

    def last_lines(self) -> str:
        """The end of what the bots said, and where the threads of those stand that still live."""
        said = self._said()
        for bot in self._bots:
            if not bot.frozen and is_alive(bot.pid):
                with suppress(ProcessLookupError):  # it ends just now
                    os.kill(bot.pid, SAY_WHERE)
        with suppress(Stuck):
            self.poll(lambda: len(self._said()) > len(said) or None, what="it says where", within=2)
            self._pause.wait(_SPEAKS)
        lines = self._said()
        return "\n".join(lines[max(0, len(said) - _LAST_LINES) :])

    def _said(self) -> list[str]:
        return self.log.read_text(errors="replace").splitlines() if self.log.exists() else []

    def _environment(self, aws_endpoint: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        keys = self._stage.furnished.bot
        return kept | {
            "AWS_ACCESS_KEY_ID": keys.access_key_id,
            "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": aws_endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "SSL_CERT_FILE": os.devnull,  # nothing here is encrypted, and reading them is slow
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "XACCT_AUDIT_KEY": AUDIT_KEY,
            "XACCT_CATALOG": str(self._folder / "xacct.yaml"),
            "XACCT_DATABASE_URL": self.database.url.render_as_string(hide_password=False),
        }

    # --- time

    def now(self) -> datetime:
        return self._clock.now()

    def settled(self) -> None:
        """Waits until every write that bots made has reached all of IAM, and no call is under way.

        What a bot that stands still or is dead had under way is not waited for.
        """
        self.poll(lambda: self._has_spread() or None, what="no call is under way")

    def _has_spread(self) -> bool:
        since = monotonic() - self.referee.last_write
        return self.referee.quiet_for() > 0 and since > self._spread

    def jump(self, by: timedelta) -> None:
        """Time passes, for AWS, Slack, the bots and the database."""
        self.settled()
        self._move(by)

    def jump_to(self, moment: datetime) -> None:
        """The same, up to a moment."""
        self.settled()
        self._move(moment - self.now())

    def _move(self, by: timedelta) -> None:
        self._clock.move(by)
        if self.postgres:
            self._database_follows(self.database)

    def _database_follows(self, database: Database) -> None:
        with database.engine.begin() as connection:
            connection.execute(text("UPDATE moved SET seconds = :s"), {"s": self._clock.offset})

    def until(
        self,
        condition: Callable[[], T | None],
        *,
        what: str,
        moved: timedelta = LONGEST_RECOVERY,
    ) -> T:
        """The condition's first value that is true, while time passes quickly.

        A step of time is made where the bots rest; a write has spread after half a minute of it
        at most. Raises Stuck after `moved` of that time.
        """
        latest, stepped = self.now() + moved, monotonic()
        living = self._all_live()  # before the condition: what the referee kills, he tells first
        while not (found := condition()):
            if self.now() > latest:
                raise Stuck(f"not within {moved}: {what}; owed: {self._owed()}")
            if not living:
                raise Stuck("a bot ended by itself")
            if self._may_step(monotonic() - stepped):
                self._move(_STEP)
                stepped = monotonic()
            self._pause.wait(_PAUSE)
            living = self._all_live()
        return found

    def _may_step(self, since: float) -> bool:
        """Not in the middle of what a bot is doing: on a busy machine that takes its time, and the
        bot's session would be over before it is done. But a lease may be a dead bot's.
        """
        if since < _STEP_EACH:
            return False
        return since > _STEP_SURELY or (
            self.referee.rested_for() > _REST and not self.books.is_leased()
        )

    def poll(self, condition: Callable[[], T | None], *, what: str, within: float = _REAL) -> T:
        """The same in real time only: no clock is moved."""
        deadline = monotonic() + within
        while not (found := condition()):
            if monotonic() > deadline:
                raise Stuck(f"not within {within} s: {what}; owed: {self._owed()}")
            self._pause.wait(_PAUSE)
        return found

    def _all_live(self) -> bool:
        return all(is_alive(bot.pid) for bot in self._bots)

    def calm(self) -> None:
        """Lets time pass until nobody is owed anything now."""
        self.until(lambda: self.is_calm() or None, what="nothing is owed any more")

    def is_calm(self) -> bool:
        """Whether nothing must be done now."""
        return self.books.is_calm(self.now())

    def _owed(self) -> str:
        return "; ".join(self.books.owed(self.now())) or "nothing"
