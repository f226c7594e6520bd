"""The payer of what Slack is owed: each request's card, and what its requester is told."""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from sqlalchemy.orm import Session

from bot.cards import Drawing, card
from bot.headlines import Facts
from bot.notices import notice
from bot.slack import code_of, retry_after
from db.lifecycle import State, Why
from db.models import Request
from db.store import history, requests, targets
from workflows import access
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)

_LOST: Final = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "channel_not_found",
        "is_inactive",
    }
)
"""The card cannot be redrawn any more (chat.update, "Errors"): a new one is posted."""

_CLOSED: Final = frozenset(
    {"channel_not_found", "is_archived", "not_in_channel", "is_inactive", "restricted_action"}
)
"""Nothing can be posted there (chat.postMessage, "Errors")."""

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


class Later(Exception):  # noqa: N818  an answer: it stays owed
    """Slack did not take it; try again after `pause`, or after a growing one."""

    def __init__(self, what: str, pause: timedelta | None = None) -> None:
        super().__init__(what)
        self.pause = pause


class Draw:
    """Draws requests. `client` must not repeat a call by itself: an answer can be lost."""

    def __init__(self, world: World, client: WebClient) -> None:
        self._world = world
        self._client = client

    def debt(self) -> Debt:
        """Requests whose card shows an older state."""
        return Debt("draw", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "draw") for key in requests.due_drawings(session, now)]

    def pay(self, request_id: int) -> None:
        """Draws one request's card and tells its requester, or puts it off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            row = requests.claim_drawing(session, request_id, now)
        if row is None:
            return
        facts = self._facts(row)
        troubles = [one for one in (self._card(row, facts), self._tell(row, facts)) if one]
        with self._world.database.write() as session:
            if not troubles:
                requests.drew(session, row.id, row.changed)
                return
            log.warning("request %s is not drawn: %s", row.id, "; ".join(map(str, troubles)))
            pauses = [one.pause for one in troubles if one.pause is not None]
            pause = max(pauses, default=wait(row.draw_attempts))
            requests.draw_later(session, row.id, now + pause)

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
            if row.card_ts is None or not self._redraw(row, drawing):
                self._post_card(row, drawing)
        except Later as later:
            return later
        return None

    def _redraw(self, row: Request, drawing: Drawing) -> bool:
        """Whether the card that is there shows the drawing now; False when it is lost."""
        try:
            self._call("chat.update", channel=row.card_channel, ts=row.card_ts, drawing=drawing)
        except SlackApiError as error:
            if code_of(error) in _LOST:
                return False
            raise Later(f"chat.update: {code_of(error)}") from None
        return True

    def _post_card(self, row: Request, drawing: Drawing) -> None:
        """Posts the card where the role's approvers are, or else where all approvals are."""
        posted = self._post(row.channel, drawing)
        other = self._world.catalog.approvals_channel
        if posted is None and other != row.channel:
            log.error("channel %s takes no cards; using the approvals channel", row.channel)
            posted = self._post(other, drawing)
        if posted is None:
            raise Later(f"no channel takes the card; invite the bot to {row.channel}")
        self._remember(row, card_channel=posted["channel"], card_ts=posted["ts"])

    def _post(self, channel: str, drawing: Drawing) -> dict[str, Any] | None:
        try:
            return self._call("chat.postMessage", channel=channel, drawing=drawing)
        except SlackApiError as error:
            if code_of(error) in _CLOSED:
                return None
            raise Later(f"chat.postMessage: {code_of(error)}") from None

    # --- what the requester is told

    def _tell(self, row: Request, facts: Facts) -> Later | None:
        found = notice(row, facts)
        if found is None:
            return None
        try:
            self._call("chat.postMessage", channel=row.requester, drawing=found.drawing)
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
            requests.remember_drawing(session, row.id, **columns)

    def _call(self, method: str, *, drawing: Drawing, **where: Any) -> dict[str, Any]:
        """One call. Raises SlackApiError for what is final, Later for what is not."""
        unfurl = {"unfurl_links": False, "unfurl_media": False}
        try:
            answer = self._client.api_call(
                method,
                json={**where, "text": drawing.text, "blocks": drawing.blocks, **unfurl},
            )
        except SlackApiError as error:
            if code_of(error) == "ratelimited":
                asked = timedelta(seconds=retry_after(error.response.headers))
                raise Later(f"{method}: ratelimited", asked) from None
            raise
        except Exception as error:  # noqa: BLE001  the network: nobody knows if it was done
            raise Later(f"{method}: {type(error).__name__}") from None
        return {"channel": answer["channel"], "ts": answer["ts"]}
