"""The payer of what Slack is owed: each request's card, and what its requester is told."""

import logging
from datetime import datetime
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy.orm import Session

from bot.cards import Drawing, card
from bot.headlines import Facts
from bot.notices import notice
from bot.posting import Later, Posting
from bot.slack import code_of
from db.lifecycle import State, Why
from db.models import Request
from db.store import drawings, history, requests, targets
from workflows import access
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)

_UNREACHABLE: Final = frozenset(
    {
        "user_disabled",
        "user_not_found",
        "user_not_visible",
        "cannot_dm_bot",
        "messages_tab_disabled",
        "channel_not_found",
    }
)
"""This person cannot be told anything, now or later."""


class Draw:
    """Draws requests. `client` must not repeat a call by itself: an answer can be lost."""

    def __init__(self, world: World, client: WebClient) -> None:
        self._world = world
        self._slack = Posting(client)

    def debt(self) -> Debt:
        """Requests whose card shows an older state."""
        return Debt("draw", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "draw") for key in drawings.due(session, now)]

    def pay(self, request_id: int) -> None:
        """Draws one request's card and tells its requester, or puts it off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            row = drawings.claim(session, request_id, now)
        if row is None:
            return
        facts = self._facts(row)
        troubles = [one for one in (self._card(row, facts), self._tell(row, facts)) if one]
        with self._world.database.write() as session:
            if not troubles:
                drawings.drew(session, row.id, row.changed, at=self._world.clock.now())
                return
            log.warning("request %s is not drawn: %s", row.id, "; ".join(map(str, troubles)))
            pauses = [one.pause for one in troubles if one.pause is not None]
            pause = max(pauses, default=wait(row.draw_attempts))
            drawings.later(session, row.id, now + pause)

    def _facts(self, row: Request) -> Facts:
        role = self._world.catalog.role(row.role)
        own = {row.requester, *access.owners_of(self._world.catalog, row)}
        with self._world.database.read() as session:
            ids = [row.role_target_id, row.member_target_id]
            said = [targets.get(session, one).trouble for one in ids if one is not None]
            by_person = row.why in (Why.REVOKED, Why.GIVEN_BACK)
            ended_by = history.who_ended(session, row.id) if by_person else None
            extended = requests.get(session, row.extends) if row.extends is not None else None
            goes_on = self._goes_on(session, row)
        return Facts(
            approvers=[one for one in role.approvers if one not in own] if role else [],
            trouble=next((one for one in said if one and one != "spreading"), None),
            ended_by=ended_by,
            extended_end=extended.ends_at if extended is not None else None,
            goes_on=goes_on,
        )

    def _goes_on(self, session: Session, row: Request) -> tuple[int, datetime] | None:
        """The open grant of the pair that ends last, if it ends after a grant that ends in time."""
        if row.ends_at is None or (row.state is not State.ACTIVE and row.why is not Why.TIME):
            return None
        pair = requests.of_pair(
            session,
            role_target_id=row.role_target_id,
            kind=row.grantee_kind,
            name=row.grantee_name,
            states=[State.ACTIVE],
        )
        after = max(row.ends_at, self._world.clock.now())
        later = [(one.ends_at, one.id) for one in pair if one.ends_at and one.ends_at > after]
        return (max(later)[1], max(later)[0]) if later else None

    # --- the card

    def _card(self, row: Request, facts: Facts) -> Later | None:
        drawing = card(row, facts)
        try:
            there = row.card_channel, row.card_ts
            if row.card_ts is None or not self._slack.redraw(*there, drawing):
                self._post_card(row, drawing)
        except Later as later:
            return later
        return None

    def _post_card(self, row: Request, drawing: Drawing) -> None:
        """Posts the card where the role's approvers are, or else where all approvals are."""
        posted = self._slack.post(row.channel, drawing)
        other = self._world.catalog.approvals_channel
        if posted is None and other != row.channel:
            log.error("channel %s takes no cards; using the approvals channel", row.channel)
            posted = self._slack.post(other, drawing)
        if posted is None:
            raise Later(f"no channel takes the card; invite the bot to {row.channel}")
        self._remember(row, card_channel=posted["channel"], card_ts=posted["ts"])

    # --- what the requester is told

    def _tell(self, row: Request, facts: Facts) -> Later | None:
        found = notice(row, facts)
        if found is None:
            return None
        try:
            self._slack.call("chat.postMessage", channel=row.requester, drawing=found.drawing)
        except Later as later:
            return later
        except SlackApiError as error:
            if code_of(error) not in _UNREACHABLE:
                return Later(f"direct message: {code_of(error)}")
            log.warning("request %s: its requester cannot be told: %s", row.id, code_of(error))
        self._remember(row, told=found.turn)
        return None

    def _remember(self, row: Request, **columns: Any) -> None:
        """At once, so that what was posted is not posted again when the rest fails."""
        with self._world.database.write() as session:
            drawings.remember(session, row.id, **columns)
