"""The payer of anchors: the head of the audit log goes to its channel, and into its bucket."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from bot import blocks
from bot.blocks import code, escaped, moment
from bot.cards import Drawing
from bot.channels import Channels
from bot.posting import Later, Posting
from db.models import Anchor
from db.store import alerts, anchors
from db.store.alerts import Finding
from workflows.anchors import SHORT, store
from workflows.aws.objects import Objects
from workflows.errors import Trouble
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)

KIND: Final = "anchor"
EVENT: Final = "xacct_anchor"
"""The `event_type` of the metadata of an anchor's message."""

TRIES: Final = 3
"""After so many tries a place that still takes none is an alert."""


class Anchors:
    """Puts each anchor wherever the catalog says: each place on its own, again until it is there.

    Where it is was written down at once. A crash between the two puts it a second time: a message
    twice in the channel, and into the bucket nothing, for it is there.
    """

    def __init__(
        self, world: World, posting: Posting, channels: Channels, objects: Objects | None
    ) -> None:
        self._world, self._slack, self._channels = world, posting, channels
        self._objects = objects

    def debt(self) -> Debt:
        """Anchors that are not wherever they are to be."""
        return Debt("anchor", self._due, self.pay, makes=("alert",))

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "anchor") for key in anchors.due(session, now)]

    def pay(self, anchor_id: int) -> None:
        """Puts one anchor where it is not yet, or puts that off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            made = anchors.claim(session, anchor_id, now)
        if made is None:
            return
        pauses = [
            pause
            for place, put in (("channel", self._post), ("bucket", self._store))
            if (pause := self._try(made, place, put)) is not None
        ]
        with self._world.database.write() as session:
            again = now + max(pauses) if pauses else None
            anchors.remember(session, anchor_id, draw_at=again)
            self._mended(session)

    def _mended(self, session: Session) -> None:
        """An alert is over when no anchor that made it is still on its way there."""
        outside, at = self._world.catalog.outside, self._world.clock.now()
        for place, column, is_named in (
            ("channel", "ts", outside.channel is not None),
            ("bucket", "stored", outside.bucket is not None),
        ):
            if not (is_named and anchors.is_stuck(session, column, TRIES)):
                alerts.over(session, f"anchor:{place}", at=at)

    def _try(self, made: Anchor, place: str, put: Callable[[Anchor], None]) -> timedelta | None:
        """How long until that place is tried again; None where nothing is left to do there."""
        try:
            put(made)
        except Later as later:
            pause = later.pause if later.pause is not None else wait(made.attempts)
            return self._failed(made, place, str(later), pause)
        except Trouble as trouble:
            log.warning("anchor %s: %s", made.number, trouble)
            return self._failed(made, place, trouble.plain, wait(made.attempts))
        return None

    def _failed(self, made: Anchor, place: str, words: str, pause: timedelta) -> timedelta:
        log.warning("anchor %s is not in its %s: %s", made.number, place, words)
        if made.attempts >= TRIES:
            with self._world.database.write() as session:
                self._alert(session, place, words)
        return pause

    def _alert(self, session: Session, place: str, words: str) -> None:
        """Once: that other words were said of it since is nothing new."""
        finding = _finding(place, words)
        standing = alerts.named(session, finding.key)
        if standing is None or standing.over_at is not None:
            alerts.found(session, finding, at=self._world.clock.now())

    def _post(self, made: Anchor) -> None:
        """Raises Later."""
        channel = self._world.catalog.outside.channel
        if channel is None or made.ts is not None:
            return
        sent = self._channels.post(self._slack, drawn(made), channel)
        if sent is None:
            raise Later(f"the channel {channel} takes no message")
        self._remember(made, channel=sent["channel"], ts=sent["ts"])

    def _store(self, made: Anchor) -> None:
        """Raises Trouble."""
        if self._objects is None or made.stored is not None:
            return
        stored = store(self._objects, made, self._world.catalog.installation)
        self._remember(made, stored=stored)

    def _remember(self, made: Anchor, **columns: str) -> None:
        """At once, so that it is not put there again when the other place fails."""
        with self._world.database.write() as session:
            anchors.remember(session, made.id, **columns)


def _finding(place: str, words: str) -> Finding:
    how = {
        "channel": "Look at `slack.audit_channel` in the catalog, and whether xacct is in it.",
        "bucket": "Look at `audit.s3` in the catalog, and at the rights of xacct's own identity.",
    }[place]
    sentence = (
        f"The head of the audit log does not get into its {place}: whoever changed the log now "
        f"would be found out by older anchors only. xacct tries on. {how} It was said: {words}"
    )
    return Finding(f"anchor:{place}", KIND, sentence, {})


def drawn(made: Anchor) -> Drawing:
    """The message of an anchor: for people, and in its metadata for programs."""
    why = "made each day" if made.by == anchors.XACCT else f"asked for by {_who(made.by)}"
    return Drawing(
        text=f"The audit log has come to row {made.number}, whose hash begins {made.hash[:SHORT]}.",
        blocks=[
            blocks.section(f":anchor: *audit {made.number}*\n{code(made.hash, 64)}"),
            blocks.context(
                why,
                moment(made.made_at),
                f"`xacct audit verify --anchor {made.number}:{made.hash[:SHORT]}` compares the log",
            ),
        ],
        metadata={
            "event_type": EVENT,
            "event_payload": {
                "number": made.number,
                "hash": made.hash,
                "at": made.made_at.astimezone(UTC).isoformat(timespec="seconds"),
            },
        },
    )


def _who(by: str) -> str:
    return blocks.user(by) if blocks.is_slack_id(by) else escaped(by, 128)
