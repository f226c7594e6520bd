"""The referee: every AWS call and every commit of a bot asks him whether it may go on.

He counts, and at one place that he was told of he does what he was told to do there. Kills,
freezes and false answers all come from here, so there is one way in which each place is found.
"""

import asyncio
import os
import signal
import threading
from collections import Counter
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from tests.chaos.runs import Place, What, When, is_read

_REST: Final = 0.15  # seconds without a call or commit
_NO_REST: Final = 3.0  # seconds after which it is stopped all the same


class Gone(Exception):  # noqa: N818  an answer: there is nobody to answer to
    """The bot that asked is dead: nothing more is done for it."""


@dataclass
class Bot:
    """One process, as the referee knows it. Its pid is set as soon as it is known."""

    pid: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    under_way: int = 0  # calls that were begun and not answered
    seen: float = 0.0  # when it last came to a call or commit, or left one
    frozen: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    forgotten: bool = False


@dataclass(frozen=True)
class Order:
    """What is to happen to whom, and where."""

    bot: Bot
    what: What
    place: Place


class Referee:
    """`armed` and read by the run's thread; asked by the wires' loop, one question at a time."""

    def __init__(self) -> None:
        self.bots: dict[int, Bot] = {}
        self.reached = threading.Event()
        self.last_call = self.last_write = monotonic()
        self._order: Order | None = None
        self._deciding = threading.Lock()
        self._struck = False  # the order is being carried out, or was

    # --- what the run says

    def watch(self, bot: Bot) -> None:
        """From now on this bot's calls and commits are counted, from one."""
        bot.passed = Counter()

    def arm(self, order: Order) -> None:
        """Counts from one, and lets it happen once."""
        self.reached.clear()
        self.watch(order.bot)
        with self._deciding:
            self._order, self._struck = order, False

    def disarm(self) -> bool:
        """Nothing happens any more; returns whether it has. A freeze that has begun is waited for:
        its bot goes on for a moment, and may be done with everything before it stands still.
        """
        with self._deciding:
            self._order = None
        return self._struck and self.reached.wait(timeout=2 * _NO_REST)

    def wake(self, bot: Bot) -> None:
        """Called in the loop: a frozen bot goes on, and so does what it was in."""
        bot.frozen = False
        os.kill(bot.pid, signal.SIGCONT)
        bot.woken.set()

    def forget(self, bot: Bot) -> None:
        """Called in the loop: the bot is dead, and whatever it was in comes to nothing."""
        self.bots.pop(bot.pid, None)
        bot.forgotten = True
        bot.woken.set()

    def rested_for(self) -> float:
        """Seconds since a bot that is not frozen came to a call or commit, or left one."""
        if self.quiet_for() == 0.0:
            return 0.0
        return monotonic() - max((b.seen for b in self.bots.values() if not b.frozen), default=0.0)

    def quiet_for(self) -> float:
        """Seconds since the last call ended; 0 while one is under way. Frozen bots are left out."""
        if any(bot.under_way and not bot.frozen for bot in self.bots.values()):
            return 0.0
        return monotonic() - self.last_call

    # --- what the wires ask

    def comes_to(self, bot: Bot, label: str) -> int:
        """Counts one more call or commit; returns which it is."""
        bot.seen = monotonic()
        bot.passed[label] += 1
        return bot.passed[label]

    async def may_pass(self, bot: Bot, place: Place) -> None:
        """Returns when the bot may go on. Raises Gone when it is killed here."""
        bot.seen = monotonic()
        what = self._order_at(bot, place)
        if what is None:
            return
        if what is What.FREEZE:
            await self._freeze(bot)
            return
        self.reached.set()  # first: nobody takes it for a bot that ended by itself
        os.kill(bot.pid, signal.SIGKILL)
        raise Gone

    async def _freeze(self, bot: Bot) -> None:
        """Stops it here until it is woken. Its other threads first come to a rest of their own:
        one that stood still in the middle of a transaction would keep everybody else waiting.
        """
        begun = monotonic()
        while monotonic() - bot.seen < _REST and monotonic() - begun < _NO_REST:  # noqa: ASYNC110
            await asyncio.sleep(_REST / 5)
        bot.frozen = True
        os.kill(bot.pid, signal.SIGSTOP)
        self.reached.set()
        await bot.woken.wait()
        if bot.forgotten:
            raise Gone

    def answer_instead(self, bot: Bot, label: str, number: int) -> What | None:
        """What AWS, or the network, answers to this call in place of the truth; None: the truth."""
        what = self._order_at(bot, Place(When.INSTEAD, label, number))
        if what is not None:
            self.reached.set()
        return what

    def _order_at(self, bot: Bot, place: Place) -> What | None:
        """What is to happen here, once."""
        with self._deciding:
            order = self._order
            if order is None or order.bot is not bot or order.place != place:
                return None
            self._order, self._struck = None, True
            return order.what

    def began(self, bot: Bot) -> None:
        bot.under_way += 1

    def ended(self, bot: Bot, label: str) -> None:
        bot.under_way -= 1
        self.last_call = monotonic()
        if not is_read(label):
            self.last_write = self.last_call
