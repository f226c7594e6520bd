"""The payer of what the channel of a break-glass use is owed: at once, at the end, and until
somebody has signed its review.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bot import blocks
from bot.blocks import escaped, moment, user, users
from bot.cards import Drawing
from bot.channels import Channels, Fault
from bot.headlines import REASON_SHOWN, because, lapsed, lasted
from bot.notices import moved
from bot.posting import Later, Posting
from db.lifecycle import FINAL, State
from db.models import Request, Review
from db.store import requests, reviews
from workflows.durations import duration_text
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)

SELDOM: Final = timedelta(days=1)
"""The longest pause between two reminders: they become seldom and never stop."""


class Reviews:
    """Tells it, where outsiders cannot read it."""

    def __init__(self, world: World, posting: Posting, channels: Channels) -> None:
        self._world, self._slack, self._channels = world, posting, channels

    def debt(self) -> Debt:
        """Reviews whose channel is owed a word."""
        return Debt("review", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "review") for key in reviews.due(session, now)]

    def pay(self, request_id: int) -> None:
        """Says what is owed of one use, and when it is due again; or puts it off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            claimed = reviews.claim(session, request_id, now)
            row = requests.get(session, request_id)
        if claimed is None or row is None:
            return
        next_at, attempts = None, 0
        try:
            next_at = self._say(row, claimed, now)
        except Later as later:
            log.warning("the review of request %s is not said: %s", request_id, later)
            attempts = claimed.attempts + 1
            next_at = now + (later.pause if later.pause is not None else wait(claimed.attempts))
        with self._world.database.write() as session:
            reviews.paid(session, claimed, next_at=next_at, attempts=attempts)

    def _say(self, row: Request, review: Review, now: datetime) -> datetime | None:
        """Returns when it is due again; while the use lasts its end says so."""
        asked = self._signers(row)
        if review.said_ts is None:
            posted = self._post(row, review, filed(row, asked))
            self._remember(row, said_channel=posted["channel"], said_ts=posted["ts"])
        self._empty(row, review)
        if row.state not in FINAL:
            return None
        if review.signed_by is None:
            return self._ask(row, review, asked, now)
        shown = card(row, review, asked)
        if not self._redraw(review, shown):
            posted = self._post(row, review, shown)
            self._remember(row, card_channel=posted["channel"], card_ts=posted["ts"])
        return None

    def _ask(self, row: Request, review: Review, asked: Sequence[str], now: datetime) -> datetime:
        """The card; posted anew as a reminder, for a redrawn one reaches nobody."""
        posted = self._post(row, review, card(row, review, asked))
        number = review.reminded + 1
        self._remember(row, card_channel=posted["channel"], card_ts=posted["ts"], reminded=number)
        self._redraw(review, replaced(row))
        pause: timedelta = self._world.catalog.remind_after * 2 ** min(review.reminded, 20)
        return now + min(pause, SELDOM)

    def _signers(self, row: Request) -> Sequence[str]:
        """Who is asked to sign: the approvers who were told, or else the administrators."""
        return row.asked_of or [one for one in self._world.catalog.admins if one != row.requester]

    def _post(self, row: Request, review: Review, drawing: Drawing) -> dict[str, Any]:
        """Where the catalog wants it, or else where alerts are, or approvals, or else in the direct
        messages of all who could look into it. Raises Later.
        """
        catalog = self._world.catalog
        wanted = (review.channel, catalog.alerts_channel, catalog.approvals_channel)
        posted = self._channels.post(self._slack, drawing, *wanted)
        if posted is not None:
            return posted
        told = [self._slack.tell(one, drawing) for one in self._others(row)]
        if reached := next((one for one in told if one is not None), None):
            return reached
        raise Later(f"no channel takes it; invite the bot to {review.channel}")

    def _others(self, row: Request) -> list[str]:
        """Everybody who could look into it: never only the one who did it."""
        asked = dict.fromkeys((*row.asked_of, *self._world.catalog.admins))
        return [one for one in asked if one != row.requester]

    def _redraw(self, review: Review, drawing: Drawing) -> bool:
        """Whether the card that stands shows the drawing now. Raises Later."""
        if review.card_channel is None or review.card_ts is None:
            return False
        if (
            _is_channel(review.card_channel)
            and self._channels.fault(review.card_channel) is not None
        ):
            return False
        return self._slack.redraw(review.card_channel, review.card_ts, drawing)

    def _empty(self, row: Request, review: Review) -> None:
        """What stands in a channel that outsiders can read now says nothing any more."""
        for name in ("said", "card"):
            channel, ts = getattr(review, f"{name}_channel"), getattr(review, f"{name}_ts")
            if _is_channel(channel) and self._channels.fault(channel) is Fault.SHARED:
                self._slack.redraw(channel, ts, moved(row))
                self._remember(row, **{f"{name}_channel": None})

    def _remember(self, row: Request, **columns: Any) -> None:
        with self._world.database.write() as session:
            reviews.remember(session, row.id, **columns)


def _is_channel(place: str | None) -> bool:
    """Whether more than one person reads it."""
    return place is not None and place.startswith(("C", "G"))


# --- what it looks like


def filed(row: Request, asked: Sequence[str]) -> Drawing:
    """What the channel hears at once."""
    text = (
        f"Break-glass #{row.id}: {user(row.requester)} opens {escaped(row.role, 150)} for "
        f"{escaped(row.grantee_name, 128)} without an approver, for {duration_text(row.length)}: "
        f"{escaped(row.reason, REASON_SHOWN)}"
    )
    tell = f"{users(asked)}: `/xacct revoke #{row.id}` ends it at once."
    return Drawing(
        blocks.cut(f"{text} {tell}", blocks.FALLBACK),
        [
            blocks.section(f":rotating_light: *{text}*"),
            blocks.section(tell),
            blocks.context("its review has to be signed by another person when it is over"),
        ],
    )


def card(row: Request, review: Review, asked: Sequence[str]) -> Drawing:
    """The review of a use that is over: open until it is signed."""
    what = f"{escaped(row.role, 150)} for {escaped(row.grantee_name, 128)}"
    signed = review.signed_by is not None and review.signed_at is not None
    head = f"Break-glass #{row.id}, {'review signed' if signed else 'review needed'}: {what}"
    asks = f"{users(asked)}: look into it, and sign its review."
    done = f"Signed by {user(review.signed_by or '')}: {escaped(review.note or '', REASON_SHOWN)}"
    said = [
        f"{user(row.requester)}: {lasted(row)}. {_how_it_ended(row)}",
        f"Reason: {escaped(row.reason, REASON_SHOWN)}",
        done if signed else asks,
    ]
    when = [f"asked {moment(row.asked_at)}"]
    when += [f"signed {moment(review.signed_at)}"] if review.signed_at is not None else []
    button = blocks.button("sign", "Sign Review", str(row.id), style="primary")
    mark = ":large_green_circle:" if signed else ":rotating_light:"
    return Drawing(
        blocks.cut(f"{head}. {' '.join(said)}", blocks.FALLBACK),
        [
            blocks.section(f"{mark} *{head}*"),
            *(blocks.section(one) for one in said),
            blocks.context(*when),
            *blocks.actions(f"review:{row.id}:{review.reminded}", [] if signed else [button]),
        ],
    )


def _how_it_ended(row: Request) -> str:
    if row.state is State.LAPSED:
        return f"It lapsed: {lapsed(row)}."
    return "Denied." if row.state is State.DENIED else because(row.why)


def replaced(row: Request) -> Drawing:
    """An older card of a review that still waits."""
    words = f"Break-glass #{row.id}: asked again below."
    return Drawing(words, [blocks.section(f":arrow_down: {words}")])
