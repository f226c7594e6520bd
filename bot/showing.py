"""Where the card of a request stands: in a channel, or else with each who is asked."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.cards import Drawing
from bot.channels import Channels, Fault
from bot.notices import asked_directly, moved
from bot.posting import Later, Posting
from db.lifecycle import UNDECIDED_OR_OPEN
from db.models import Request
from db.store import drawings, requests
from workflows.world import World

log = logging.getLogger(__name__)


class Showing:
    """Posts and redraws cards: in the channel of the role, else in that of all approvals, else in
    the direct messages of those who are asked, where a request stays until it is over.
    """

    def __init__(self, world: World, posting: Posting, channels: Channels) -> None:
        self._world, self._slack, self._channels = world, posting, channels

    def show(self, row: Request, drawing: Drawing) -> None:
        """The card shows the drawing, wherever it stands. Raises Later."""
        if row.copies:
            self._show_directly(row, drawing)
        elif self._redrawn(row, drawing) or self._posted(row, drawing):
            return
        elif _is_open(row):
            self._show_directly(row, drawing)

    def below(self, request_id: int, drawing: Drawing) -> bool:
        """Replies to the card wherever it stands; whether it stands anywhere. Raises Later."""
        places = self._places(request_id)
        for channel, ts in places:
            self._slack.reply(channel, ts, drawing)
        return bool(places)

    def below_once(self, request_id: int, drawing: Drawing) -> None:
        """Replies to the card wherever it stands, never twice in one place: what somebody may have
        read is not repeated. Raises Later where nobody can have read it anywhere.
        """
        troubles, read = [], False
        for channel, ts in self._places(request_id):
            try:
                self._slack.reply(channel, ts, drawing)
                read = True
            except Later as later:
                log.warning("a reply to request %s is left out: %s", request_id, later)
                troubles.append(later)
                read = read or later.lost
        if troubles and not read:
            raise max(troubles, key=lambda one: one.pause or timedelta())

    def _places(self, request_id: int) -> list[Sequence[str]]:
        """Where its card stands and takes replies (channel, `ts`). Raises Later."""
        with self._world.database.read() as session:
            row = requests.get(session, request_id)
        if row is None:
            return []
        places: list[Sequence[str]] = list(row.copies.values())
        channel, ts = row.card_channel, row.card_ts
        if channel is not None and ts is not None and self._channels.fault(channel) is None:
            places.append((channel, ts))
        return places

    def _redrawn(self, row: Request, drawing: Drawing) -> bool:
        """Whether the card in its channel shows the drawing; one that outsiders can read now says
        nothing any more.
        """
        if row.card_channel is None or row.card_ts is None:
            return False
        fault = self._channels.fault(row.card_channel)
        if fault is None and self._slack.redraw(row.card_channel, row.card_ts, drawing):
            return True
        if fault is Fault.SHARED:
            self._slack.redraw(row.card_channel, row.card_ts, moved(row))
        self._remember(row, card_channel=None, card_ts=None)
        return False

    def _posted(self, row: Request, drawing: Drawing) -> bool:
        """Posts it where the role's approvers are, or else where all approvals are."""
        wanted = (row.channel, self._world.catalog.approvals_channel)
        posted = self._channels.post(self._slack, drawing, *wanted)
        if posted is not None:
            self._remember(row, card_channel=posted["channel"], card_ts=posted["ts"])
        return posted is not None

    def _show_directly(self, row: Request, drawing: Drawing) -> None:
        """Redraws each copy; who is asked and has none gets one. One that waits stops no other."""
        copies, troubles = dict(row.copies), []
        asked = (row.asked_of or self._world.catalog.admins) if _is_open(row) else ()
        for user in dict.fromkeys([*row.copies, *asked]):
            try:
                place = self._copy(copies.pop(user, None), user if user in asked else None, drawing)
            except Later as later:
                troubles.append(later)
                place = row.copies.get(user)
            if place is not None:
                copies[user] = place
            self._remember(row, copies=dict(copies))
        if troubles:
            raise max(troubles, key=lambda one: one.pause or timedelta())
        if not copies and _is_open(row):
            raise Later(f"no channel takes the card; invite the bot to {row.channel}")
        if not row.copies and row.told is None and _is_open(row):
            self._slack.tell(row.requester, asked_directly(row, sorted(copies)))

    def _copy(
        self, place: Sequence[str] | None, user: str | None, drawing: Drawing
    ) -> list[str] | None:
        """Where the card stands in these messages now; None where it cannot. Raises Later."""
        if place is not None and self._slack.redraw(place[0], place[1], drawing):
            return list(place)
        sent = self._slack.tell(user, drawing) if user is not None else None
        return [sent["channel"], sent["ts"]] if sent is not None else None

    def _remember(self, row: Request, **columns: Any) -> None:
        """At once, so that what was posted is not posted again when the rest fails."""
        with self._world.database.write() as session:
            drawings.remember(session, row.id, **columns)


def _is_open(row: Request) -> bool:
    return row.state in UNDECIDED_OR_OPEN
