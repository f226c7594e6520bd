"""The payer of reminders: approvers hear again of what waits, requesters of what ends soon."""

import logging
from datetime import datetime

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import blocks
from bot.blocks import escaped, moment, users
from bot.cards import Drawing
from bot.draw import UNREACHABLE
from bot.facts import facts_of
from bot.notices import warning
from bot.posting import Later, Posting
from bot.slack import code_of
from db.lifecycle import State
from db.models import Request
from db.store import reminders
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)


class Remind:
    """Reminds. `client` must not repeat a call by itself: an answer can be lost."""

    def __init__(self, world: World, client: WebClient) -> None:
        self._world = world
        self._slack = Posting(client)

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
        """In the thread of the card, where a mention reaches them; ever more seldom."""
        if row.terms is not None and row.card_channel is not None and row.card_ts is not None:
            with self._world.database.read() as session:
                asked = facts_of(session, self._world.catalog, row, now=now).approvers
            text = (
                f"{users(asked)}: #{row.id} {escaped(row.role, 150)} for "
                f"{escaped(row.grantee_name, 128)} still waits for a decision. It lapses "
                f"{moment(row.lapses_at)}."
            )
            drawing = Drawing(text, [blocks.section(text)])
            self._slack.reply(row.card_channel, row.card_ts, drawing)
        again = self._world.catalog.remind_after * 2 ** (row.reminded + 1)
        next_at = now + again if now + again < row.lapses_at else None
        with self._world.database.write() as session:
            reminders.reminded(session, row, number=row.reminded + 1, next_at=next_at)

    def _requester(self, row: Request, now: datetime) -> None:
        """Warns that the access ends soon, unless it goes on by another grant."""
        with self._world.database.read() as session:
            goes_on = facts_of(session, self._world.catalog, row, now=now).goes_on
        warned_ts = None
        if goes_on is None:
            try:
                drawing = warning(row).drawing
                sent = self._slack.call("chat.postMessage", channel=row.requester, drawing=drawing)
                warned_ts = sent["ts"]
            except SlackApiError as error:
                if code_of(error) not in UNREACHABLE:
                    raise Later(f"direct message: {code_of(error)}") from None
        with self._world.database.write() as session:
            reminders.reminded(session, row, number=row.reminded, next_at=None, ts=warned_ts)
