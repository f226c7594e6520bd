"""Channels: whether anything of xacct's may be posted there, as Slack says, a minute old at most.

A channel that others than this workspace can read gets no card: what is asked for, and by whom,
is nobody's business outside (docs.slack.dev/apis/slack-connect).
"""

import logging
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.cards import Drawing
from bot.posting import Later, Posting
from bot.slack import code_of, retry_after
from db.store import alerts
from db.store.alerts import Finding
from workflows.catalog.model import Catalog
from workflows.directory import is_fresh
from workflows.world import World

log = logging.getLogger(__name__)

KIND: Final = "channel"
_PREFIX: Final = "channel:"


class Fault(StrEnum):
    """Why nothing is posted in a channel."""

    SHARED = "shared"
    ARCHIVED = "archived"
    ABSENT = "absent"
    GONE = "gone"
    CLOSED = "closed"
    UNASKED = "unasked"


SENTENCES: Final = {
    Fault.SHARED: (
        "is shared with another organisation (Slack Connect), or an invitation to one is pending.",
        "Stop sharing it, or name another channel in the catalog.",
    ),
    Fault.ARCHIVED: ("is archived.", "Bring it back, or name another channel in the catalog."),
    Fault.ABSENT: ("does not have xacct in it.", "Write `/invite @xacct` there."),
    Fault.GONE: (
        "is not there for xacct: it was deleted, or is private and xacct is not in it.",
        "Write `/invite @xacct` there, or name another channel in the catalog.",
    ),
    Fault.CLOSED: ("takes no messages of xacct.", "Look at who may post in it."),
    Fault.UNASKED: (
        "cannot be asked about: the Slack app lacks the scopes channels:read and groups:read.",
        "Install it anew from the manifest.",
    ),
}
"""What is wrong, after the channel's id, and how it is mended."""

_SAYS: Final = {"channel_not_found": Fault.GONE, "missing_scope": Fault.UNASKED}


class Channels:
    """What Slack says of channels. Whatever is wrong with one is an alert until it is mended."""

    def __init__(self, world: World, client: WebClient) -> None:
        self._world, self._client = world, client
        self._known: dict[str, tuple[Fault | None, datetime]] = {}
        self._locks: dict[str, threading.Lock] = {}  # one question at a time about one channel

    def fault(self, channel: str) -> Fault | None:
        """Why nothing may be posted there; None: it may. Raises Later when Slack does not say."""
        with self._locks.setdefault(channel, threading.Lock()):
            known = self._known.get(channel)
            if known is not None and is_fresh(known[1], self._world.clock.now()):
                return known[0]
            return self._learn(channel, ask(self._client, channel))

    def first(self, *channels: str) -> str | None:
        """The first of these that something may be posted in. Raises Later."""
        return next((one for one in dict.fromkeys(channels) if self.fault(one) is None), None)

    def refused(self, channel: str) -> None:
        """Slack took no message there although nothing was known against it: asked anew, it may say
        why. Raises Later.
        """
        with self._locks.setdefault(channel, threading.Lock()):
            self._learn(channel, ask(self._client, channel) or Fault.CLOSED)

    def post(self, slack: Posting, drawing: Drawing, *channels: str) -> dict[str, Any] | None:
        """Posts in the first of these that takes it: where it stands (`channel`, `ts`); None where
        none does. Raises Later.
        """
        for channel in dict.fromkeys(channels):
            if self.fault(channel) is not None:
                continue
            posted = slack.post(channel, drawing)
            if posted is not None:
                return posted
            self.refused(channel)
        return None

    def look(self, *, everywhere: bool = False) -> None:
        """Asks anew about channels that something is wrong with, or about all of the catalog, so
        that an alert is over when it is mended. Whatever Slack does not say stays as it is.
        """
        with self._world.database.read() as session:
            wrong = [one.key.removeprefix(_PREFIX) for one in alerts.standing(session, _PREFIX)]
        named = channels_of(self._world.catalog)
        for channel in sorted(named if everywhere else named.intersection(wrong)):
            try:
                self.fault(channel)
            except Later as later:
                log.warning("Slack does not say whether %s takes cards: %s", channel, later)
        self._forget(one for one in wrong if one not in named)

    def _learn(self, channel: str, fault: Fault | None) -> Fault | None:
        """Remembers what Slack said, and tells the administrators what is new in it."""
        now, key = self._world.clock.now(), f"{_PREFIX}{channel}"
        self._known[channel] = fault, now
        with self._world.database.read() as session:
            alert = alerts.named(session, key)
        stands = alert is not None and alert.over_at is None
        if fault is None and not stands:
            return None
        with self._world.database.write() as session:
            if fault is None:
                alerts.over(session, key, at=now)
            else:
                alerts.found(session, _finding(channel, fault), at=now)
        return fault

    def _forget(self, channels: Iterable[str]) -> None:
        """What the catalog names no more needs nobody."""
        with self._world.database.write() as session:
            for channel in channels:
                alerts.over(session, f"{_PREFIX}{channel}", at=self._world.clock.now())


def ask(client: WebClient, channel: str) -> Fault | None:
    """What is wrong with a channel now, by conversations.info. Raises Later when Slack does not
    say.
    """
    try:
        answer = client.conversations_info(channel=channel)
    except SlackApiError as error:
        if (said := _SAYS.get(code_of(error))) is not None:
            return said
        limited = code_of(error) == "ratelimited"
        pause = timedelta(seconds=retry_after(error.response.headers)) if limited else None
        raise Later(f"conversations.info: {code_of(error)}", pause) from None
    except Exception as error:  # noqa: BLE001  the network
        raise Later(f"conversations.info: {type(error).__name__}") from None
    return fault_of(answer["channel"])


def channels_of(catalog: Catalog) -> frozenset[str]:
    """Every channel that the catalog names."""
    of_roles = {role.channel for role in catalog.roles}
    loud = {role.break_glass.channel for role in catalog.roles if role.break_glass is not None}
    outside = catalog.outside.channel
    named = {catalog.approvals_channel, catalog.alerts_channel, outside, *of_roles, *loud}
    return frozenset(one for one in named if one)


def fault_of(channel: dict[str, Any]) -> Fault | None:
    """What is wrong with a channel (docs.slack.dev/reference/objects/conversation-object).

    Raises Later where Slack does not say whether it is shared. Shared within one organisation
    (`is_org_shared`) is not outside: who clicks is asked about, and has to be of the workspace.
    """
    if "is_ext_shared" not in channel:
        raise Later("conversations.info: it does not say whether the channel is shared")
    outside = ("is_ext_shared", "is_pending_ext_shared", "pending_shared", "connected_team_ids")
    invited = channel.get("pending_connected_team_ids")
    elsewhere = channel.get("is_shared") and not channel.get("is_org_shared")
    if any(channel.get(one) for one in outside) or invited or elsewhere:
        return Fault.SHARED
    if channel.get("is_archived") or channel.get("is_frozen"):
        return Fault.ARCHIVED
    return None if channel.get("is_member") else Fault.ABSENT


def _finding(channel: str, fault: Fault) -> Finding:
    wrong, mended = SENTENCES[fault]
    sentence = (
        f"The channel {channel} {wrong} {mended} Until then cards go to another channel of the "
        "catalog, or to those who are asked, in direct messages."
    )
    facts = {"channel": channel, "fault": str(fault)}
    return Finding(f"{_PREFIX}{channel}", KIND, sentence, facts)
