"""The payer of alerts: a finding is one message, posted anew when it changes, green when over."""

import json
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from bot import anchors, blocks, channels
from bot.blocks import Json, code, escaped, moment, user, users
from bot.cards import Drawing
from bot.channels import Channels
from bot.posting import Later, Posting
from db.models import Alert
from db.store import alerts
from workflows import edits
from workflows.drift import compare, lost, places, record, strangers, verbs
from workflows.settle import alarm
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

log = logging.getLogger(__name__)

MEMBERS_SHOWN: Final = 40
"""A message has at most 50 blocks (docs.slack.dev/reference/block-kit/blocks)."""

STATEMENTS_SHOWN: Final = 2500

_HEADLINES: Final = {
    strangers.KIND: "Members without a request",
    edits.WIDENED: "A trust policy lets more in",
    edits.UNSEALED: "A role is not sealed any more",
    compare.OWN: "Access without a grant",
    compare.SESSION_END: "A session end was gone or weakened",
    compare.OTHER_SEAL: "Another installation of xacct governs the same role",
    compare.GROUP: "A governed group is not as it must be",
    places.PLACE: "A place in a group was not given back",
    lost.KIND: "An edit of a trust policy was lost",
    record.UNREAD: "An account cannot be read",
    record.CREDENTIALS: "AWS does not take xacct's credentials",
    alarm.RELOCK: "A deny cannot be put back",
    alarm.UNCLOSED: "Access cannot be closed",
    alarm.LEFT: "What is over cannot be cleared away",
    channels.KIND: "A channel takes no cards",
    anchors.KIND: "The audit log's head cannot be kept",
    "frozen": "Frozen: nothing is opened",
    "restored": "The database was restored: nothing is opened",
    "clock": "The clock is wrong: nothing is opened",
}

RED: Final = frozenset(
    {
        edits.WIDENED,
        edits.UNSEALED,
        compare.OWN,
        compare.SESSION_END,
        compare.GROUP,
        places.PLACE,
        alarm.RELOCK,
        alarm.UNCLOSED,
        "restored",
    }
)
"""Kinds with which access may be open."""


class Alerts:
    """Draws alerts where the catalog wants them, else where all approvals are, else in the
    administrators' direct messages.
    """

    def __init__(self, world: World, posting: Posting, channels: Channels) -> None:
        self._world, self._slack, self._channels = world, posting, channels

    def debt(self) -> Debt:
        """Alerts whose message shows an older state."""
        return Debt("alert", self._due, self.pay)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            return [Due(key, "alert") for key in alerts.due(session, now)]

    def pay(self, alert_id: int) -> None:
        """Draws one alert, or puts it off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            alert = alerts.claim(session, alert_id, now)
        if alert is None:
            return
        try:
            self._show(alert)
        except Later as later:
            log.warning("alert %s is not drawn: %s", alert_id, later)
            pause = later.pause if later.pause is not None else wait(alert.draw_attempts)
            with self._world.database.write() as session:
                alerts.draw_later(session, alert_id, now + pause)
            return
        with self._world.database.write() as session:
            alerts.drew(session, alert_id, alert.changed, at=self._world.clock.now())

    def _show(self, alert: Alert) -> None:
        places = _places(alert)
        if alert.over_at is not None:
            for place in places:
                self._slack.redraw(*place, over(alert))
        elif not places or alert.drawn != alert.changed:
            self._say(alert)

    def _say(self, alert: Alert) -> None:
        """A new message, for a redrawn one reaches nobody; the older one says that it is old."""
        drawing = standing(alert, self._world.catalog.admins)
        posted = self._post(drawing)
        copies = {} if posted is not None else self._tell_directly(drawing)
        if posted is None and not copies:
            where = self._world.catalog.alerts_channel
            raise Later(f"no channel takes the alert; invite the bot to {where}")
        with self._world.database.write() as session:
            alerts.remember_drawing(
                session,
                alert.id,
                channel=posted["channel"] if posted is not None else None,
                ts=posted["ts"] if posted is not None else None,
                copies=copies,
                drawn=alert.changed,
            )
        self._replace(alert)

    def _post(self, drawing: Drawing) -> dict[str, Any] | None:
        told = self._world.catalog
        return self._channels.post(
            self._slack, drawing, told.alerts_channel, told.approvals_channel
        )

    def _tell_directly(self, drawing: Drawing) -> dict[str, list[str]]:
        told = {one: self._slack.tell(one, drawing) for one in self._world.catalog.admins}
        return {one: [sent["channel"], sent["ts"]] for one, sent in told.items() if sent}

    def _replace(self, alert: Alert) -> None:
        for place in _places(alert):
            try:
                self._slack.redraw(*place, replaced(alert))
            except Later as later:
                log.warning("an older message of alert %s stays as it is: %s", alert.id, later)


def _places(alert: Alert) -> list[tuple[str, str]]:
    """Where its messages stand: the channel and `ts` of each."""
    places = [(channel, ts) for channel, ts in alert.copies.values()]
    if alert.channel is not None and alert.ts is not None:
        places.append((alert.channel, alert.ts))
    return places


# --- what an alert looks like


def headline(kind: str) -> str:
    """What an alert of this kind is called."""
    return _HEADLINES.get(kind, kind.capitalize())


def standing(alert: Alert, admins: Sequence[str]) -> Drawing:
    """An alert that is not over: what and where, what to do, and the buttons for it."""
    red = alert.kind in RED
    text = f"{'Alert, access may be open' if red else 'Alert'}: {headline(alert.kind)}. "
    mark = ":red_circle:" if red else ":warning:"
    return Drawing(
        text=blocks.cut(f"{text}{escaped(alert.sentence, blocks.FALLBACK)}", blocks.FALLBACK),
        blocks=[
            blocks.section(f"{mark} *{headline(alert.kind)}*\n{escaped(alert.sentence, 2500)}"),
            *_members(alert),
            *_statements(alert.facts.get("statements", [])),
            blocks.context(
                f"found {moment(alert.since)}", f"for the administrators: {users(admins)}"
            ),
            *blocks.actions(f"alert:{alert.id}:{alert.changed}", _buttons(alert)),
        ],
    )


def _members(alert: Alert) -> list[Json]:
    members = alert.facts.get("members", [])
    shown = [
        {
            **blocks.section(f"{code(one['user'], 64)} in {code(one['group'], 128)}"),
            "accessory": _remove(alert, one),
        }
        for one in members[:MEMBERS_SHOWN]
    ]
    more = len(members) - MEMBERS_SHOWN
    return [*shown, blocks.context(f"and {more} more: `xacct drift`")] if more > 0 else shown


def _remove(alert: Alert, member: dict[str, Any]) -> Json:
    ask = blocks.confirm(
        "Remove from the group?",
        f"{member['user']} leaves {member['group']}. xacct does not put anybody back.",
        yes="Remove",
        no="Keep",
    )
    mark = places.Stranger(member["group"], member["user"], member["id"]).mark
    return blocks.button("remove", "Remove", f"{alert.id}:{mark}", style="danger", confirm=ask)


def _statements(statements: Sequence[Json]) -> list[Json]:
    if not statements:
        return []
    text = "\n".join(json.dumps(one, indent=1) for one in statements)
    return [blocks.quoted(blocks.cut(blocks.clean(text), STATEMENTS_SHOWN))]


def _buttons(alert: Alert) -> list[Json]:
    if alert.kind not in verbs.LEAVABLE:
        return []
    label = "Leave All as They Are" if alert.key == strangers.KEY else "Leave as It Is"
    ask = blocks.confirm(
        "Leave it as it is?",
        "The alert is over, and is said again only when something else changes.",
        yes="Leave",
        no="Cancel",
    )
    return [blocks.button("leave", label, str(alert.id), confirm=ask)]


def over(alert: Alert) -> Drawing:
    """An alert that is over: struck through, green, and since when."""
    by = alert.facts.get("left_by")
    how = f"left as it is by {user(by)}" if by else "over"
    at = alert.over_at or alert.since
    name = headline(alert.kind)
    struck = escaped(" ".join(alert.sentence.replace("~", "-").split()), 2500)
    return Drawing(
        text=f"Over: {name}.",
        blocks=[
            blocks.section(f":large_green_circle: *Over: {name}*\n~{struck}~"),
            blocks.context(f"found {moment(alert.since)}", f"{how} {moment(at)}"),
        ],
    )


def replaced(alert: Alert) -> Drawing:
    """An older message of an alert that says something else by now."""
    name = headline(alert.kind)
    words = f"{name}: replaced by a newer message."
    return Drawing(
        text=words, blocks=[blocks.section(f":arrow_down: ~{name}~ Replaced by a newer message.")]
    )
