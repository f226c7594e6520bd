"""The payer of what Slack is owed: each request's card, and what its requester is told."""

import logging
from datetime import datetime
from typing import Any

from bot import blocks, thread
from bot.cards import Drawing, card
from bot.facts import facts_of
from bot.headlines import Facts
from bot.notices import notice, over
from bot.posting import Later, Posting
from bot.showing import Showing
from db.lifecycle import UNDECIDED_OR_OPEN
from db.models import Request
from db.store import drawings
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)


class Draw:
    """Draws requests, each as it stands when its turn comes: what lay between is not drawn."""

    def __init__(self, world: World, posting: Posting, showing: Showing) -> None:
        self._world, self._slack, self._showing = world, posting, showing

    def debt(self) -> Debt:
        """Requests whose card shows an older state."""
        return Debt("draw", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, channel) for key, channel in drawings.due(session, now)]

    def pay(self, request_id: int) -> None:
        """Draws one request's card and tells its requester, or puts it off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            row = drawings.claim(session, request_id, now)
        if row is None:
            return
        facts = self._facts(row)
        paid = (self._card(row, facts), self._tell(row, facts), self._take_back(row))
        troubles = [one for one in (*paid, self._say_history(row, facts)) if one]
        with self._world.database.write() as session:
            self._world.directory.keep(session)
            if not troubles:
                drawings.drew(session, row.id, row.changed, at=self._world.clock.now())
                return
            log.warning("request %s is not drawn: %s", row.id, "; ".join(map(str, troubles)))
            pauses = [one.pause for one in troubles if one.pause is not None]
            pause = max(pauses, default=wait(row.draw_attempts))
            drawings.later(session, row.id, now + pause)

    def _facts(self, row: Request) -> Facts:
        with self._world.database.read() as session:
            return facts_of(session, self._world.catalog, row, now=self._world.clock.now())

    # --- the card

    def _card(self, row: Request, facts: Facts) -> Later | None:
        try:
            self._showing.show(row, card(row, facts))
        except Later as later:
            return later
        return None

    # --- what the requester is told

    def _tell(self, row: Request, facts: Facts) -> Later | None:
        found = notice(row, facts)
        if found is None:
            return None
        where: dict[str, Any] = {}
        try:
            sent = self._slack.tell(row.requester, found.drawing)
        except Later as later:
            return later
        if sent is None:
            log.warning("request %s: its requester cannot be told", row.id)
        elif found.turn == "active":
            where = {"told_channel": sent["channel"], "told_ts": sent["ts"]}
        self._remember(row, told=found.turn, **where)
        return None

    def _take_back(self, row: Request) -> Later | None:
        """When a grant is over the buttons in its requester's messages go."""
        if row.state in UNDECIDED_OR_OPEN or row.told_channel is None:
            return None
        try:
            for ts in (row.told_ts, row.warned_ts):
                if ts is not None:
                    self._slack.redraw(row.told_channel, ts, over(row))
        except Later as later:
            return later
        self._remember(row, told_ts=None, warned_ts=None)
        return None

    # --- the thread

    def _say_history(self, row: Request, facts: Facts) -> Later | None:
        """What happened since it was last told: one reply below the card, however much it is."""
        told = thread.lines(row, facts)
        if len(told) <= row.history_told:
            return None
        text = "\n".join(told[row.history_told :])
        drawing = Drawing(blocks.cut(text, blocks.FALLBACK), [blocks.section(text)])
        try:
            if not self._showing.below(row.id, drawing):
                return None
        except Later as later:
            return later
        self._remember(row, history_told=len(told))
        return None

    def _remember(self, row: Request, **columns: Any) -> None:
        """At once, so that what was posted is not posted again when the rest fails."""
        with self._world.database.write() as session:
            drawings.remember(session, row.id, **columns)
