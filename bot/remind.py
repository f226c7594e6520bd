"""The payer of reminders: approvers hear again of what waits, requesters of what ends soon."""

import logging
from datetime import datetime

from bot.cards import Drawing
from bot.facts import facts_of
from bot.notices import asked_now, waits, warning
from bot.posting import Later, Posting
from bot.showing import Showing
from db.lifecycle import State
from db.models import Request
from db.store import reminders
from db.store.reminders import Asked
from workflows import access, summon
from workflows.directory import Unreachable
from workflows.panel import Panel
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)


class Remind:
    """Reminds, below the card and in direct messages."""

    def __init__(self, world: World, posting: Posting, showing: Showing) -> None:
        self._world, self._slack, self._showing = world, posting, showing

    def debt(self) -> Debt:
        """Requests of which somebody is to be reminded."""
        return Debt("remind", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "remind") for key in reminders.due(session, now)]

    def pay(self, request_id: int) -> None:
        """Reminds of one request, and says when it is due again."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            row = reminders.claim(session, request_id, now)
        if row is None:
            return
        try:
            if row.state is State.PENDING:
                self._approvers(row, now)
            elif row.state is State.ACTIVE:
                self._requester(row, now)
        except Later as later:
            log.warning("request %s is not reminded of: %s", request_id, later)
            pause = later.pause if later.pause is not None else wait(row.reminded)
            with self._world.database.write() as session:
                reminders.later(session, row, now + pause)

    def _approvers(self, row: Request, now: datetime) -> None:
        """In the thread of the card, where a mention reaches them; ever more seldom. Who is on duty
        is looked up anew, and more are asked when it is time; the requester hears who is asked now.

        The mention comes last, and is written down as soon as somebody may have read it: whatever
        fails before is done again, and mentions nobody a second time.
        """
        asked = self._asked(row, now)
        if asked.escalates or asked.of != row.asked_of:
            self._tell(row, asked_now(row, asked))
        with self._world.database.write() as session:
            reminders.asks(session, row, asked, at=now)
        if row.terms is not None:
            self._showing.below_once(row.id, waits(row, asked))
        again = now + self._world.catalog.remind_after * 2 ** (row.reminded + 1)
        coming = [again] if again < row.lapses_at else []
        if row.escalate_at is not None and now < row.escalate_at < row.lapses_at:
            coming.append(row.escalate_at)
        with self._world.database.write() as session:
            next_at = min(coming, default=None)
            reminders.reminded(session, row, number=row.reminded + 1, next_at=next_at)

    def _panel(self, row: Request, now: datetime) -> Panel | None:
        """Who may decide, of those whom Slack can reach; None where nobody can say."""
        try:
            requester = self._world.directory.person(row.requester, now=now)
        except Unreachable:
            return None
        found = summon.panel_for(self._world, row, requester=requester)
        if found is None:
            return None
        grantee = access.grantee_of(self._world.catalog, row)
        return summon.reachable(self._world, found, requester=requester, grantee=grantee)

    def _asked(self, row: Request, now: datetime) -> Asked:
        panel = self._panel(row, now)
        if panel is None:
            return Asked(row.asked_of, row.asked_because, escalates=False)
        escalates = access.is_escalated(row, now) and row.escalated_at is None
        of = access.asked_of(panel, row, self._world.catalog)
        return Asked(of, panel.because, escalates)

    def _tell(self, row: Request, drawing: Drawing) -> str | None:
        """Tells the requester; the message's `ts`, or None where he cannot be told anything."""
        sent = self._slack.tell(row.requester, drawing)
        return str(sent["ts"]) if sent is not None else None

    def _requester(self, row: Request, now: datetime) -> None:
        """Warns that the access ends soon, unless it goes on by another grant."""
        with self._world.database.read() as session:
            goes_on = facts_of(session, self._world.catalog, row, now=now).goes_on
        warned_ts = None
        if goes_on is None:
            warned_ts = self._tell(row, warning(row).drawing)
        with self._world.database.write() as session:
            reminders.reminded(session, row, number=row.reminded, next_at=None, ts=warned_ts)
