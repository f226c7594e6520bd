"""A running xacct: what begins in which order, and how it ends without losing anything."""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Final

from slack_bolt import App
from slack_bolt.error import BoltError
from slack_sdk.errors import SlackApiError

from bot import wiring
from bot.settings import Settings
from bot.slack import code_of
from bot.sockets import Socket
from bot.told import Mistakes
from bot.wiring import Parts
from db.store import targets
from workflows.aws.fence import FENCE

PAUSE: Final = 3.0
"""Seconds between two tries to reach Slack at the start."""

FIRST_LOOK: Final = 20.0
"""Seconds for the first look at AWS: openings, and Slack, wait so long for it at most. An account
that does not answer does not stop the start.
"""

LAST_WORDS: Final = 10.0
"""Seconds for the answers that are still to be sent when xacct stops."""

_BAD_TOKEN: Final = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)
"""What no waiting mends (auth.test and apps.connections.open, "Errors")."""

log = logging.getLogger(__name__)


class Running:
    """Starts paying what is owed before Slack is there: closing must not wait for Slack."""

    def __init__(self, settings: Settings, made: Parts) -> None:
        self._settings = settings
        self._made = made
        self._sockets: list[Socket] = []

    def start(self, stopping: threading.Event) -> None:
        """Returns when Slack is connected, or `stopping` was set. Raises Mistakes."""
        self._free_leases()
        self._made.scheduler.start()
        self._made.sweep.wake()
        self._look_first(stopping)
        while not stopping.is_set() and not self._connected():
            stopping.wait(PAUSE)

    def _free_leases(self) -> None:
        """The one process on an SQLite file knows that leases of other runs are of dead ones."""
        world = self._made.world
        if not world.database.is_sqlite:
            return
        with world.database.write() as session:
            until = world.database.now(session) + FENCE + timedelta(seconds=2)
            targets.shorten_dead_leases(session, run=world.run, fence_over=until)

    def _look_first(self, stopping: threading.Event) -> None:
        """Compares AWS with the rows before anything is opened.

        Raises Mistakes where another installation has sealed a role: two cannot govern it.
        """
        made, until = self._made, time.monotonic() + FIRST_LOOK
        outcome, looking = made.drift.begin()
        while not (looking.done() or stopping.is_set()) and time.monotonic() < until:
            wait([looking], timeout=0.1)
        if outcome.seals:
            lines = sorted(
                f"{one.facts['role']} is sealed by {', '.join(one.facts['installations'])}; "
                f"this one is {made.world.catalog.installation}"
                for one in outcome.seals
            )
            raise Mistakes("Another installation of xacct governs roles of this catalog:", lines)
        _say_how_it_went(looking)
        made.world.looked.set()
        made.sweep.wake()

    def _connected(self) -> bool:
        """Whether Slack took us; what was begun and failed is closed again."""
        try:
            self._check_team()
            bolt: App = wiring.app(self._made)
            self._sockets = wiring.sockets(self._settings, self._made, bolt)
            for socket in self._sockets:
                socket.connect()
        except Mistakes:
            raise
        except (SlackApiError, BoltError, OSError) as error:
            if isinstance(error, SlackApiError) and code_of(error) in _BAD_TOKEN:
                raise Mistakes("Slack does not take the tokens:", [code_of(error)]) from None
            log.warning("Slack cannot be reached yet: %s", type(error).__name__)
            self._close_sockets()
            return False
        log.info("connected to Slack")
        return True

    def _check_team(self) -> None:
        token, catalog = self._made.slack.steady.auth_test(), self._made.world.catalog
        if (theirs := token["team_id"]) != catalog.team:
            line = f"the catalog is for {catalog.team}, the bot token is of {theirs}"
            raise Mistakes("The catalog is for another Slack workspace:", [line])
        if (grid := token.get("enterprise_id")) != catalog.enterprise:
            line = (
                f"the bot token is of {grid}: add `enterprise: {grid}` under `slack`"
                if grid
                else f"the catalog says {catalog.enterprise}, the bot token is of none"
            )
            raise Mistakes("The catalog is for another organisation in Slack:", [line])

    def _close_sockets(self) -> None:
        """Beside each other: each waits up to three seconds for its socket to fall silent."""
        if self._sockets:
            with ThreadPoolExecutor(len(self._sockets)) as closing:
                list(closing.map(Socket.close, self._sockets))
        self._sockets = []

    def stop(self) -> None:
        """Takes nothing new, finishes what was taken, closes everything."""
        made = self._made
        for socket in self._sockets:
            socket.leave()
        if made.scheduler.running:
            made.scheduler.shutdown(wait=False)
        made.workers.shutdown(wait=True)
        self._close_sockets()
        made.writer.stop()
        made.drift.stop()
        made.sweep.stop()
        self._last_words()
        made.world.asking.shutdown(wait=True)
        made.world.database.close()

    def _last_words(self) -> None:
        """What people are owed to hear is still sent, for LAST_WORDS at most."""
        asides = self._made.asides
        try:
            asides.submit(lambda: None).result(timeout=LAST_WORDS)
        except TimeoutError:
            log.warning("Slack is slow: some answers were not sent")
        asides.shutdown(wait=True, cancel_futures=True)


def _say_how_it_went(looking: Future[None]) -> None:
    if not looking.done():
        log.warning("AWS is slow: the first drift goes on beside the rest")
    elif (error := looking.exception()) is not None:
        log.error("the first drift broke: %s", type(error).__name__, exc_info=error)
