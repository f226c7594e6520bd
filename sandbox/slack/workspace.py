"""Who and what is in the workspace: people, channels, user groups, messages. State, no I/O."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

from sandbox.slack.mentions import called
from sandbox.slack.values import (
    APP,
    BOT,
    BOT_USER,
    GENERAL,
    OTHER_TEAM,
    TEAM,
    Json,
    Message,
    SlackError,
    Upload,
)


@dataclass(frozen=True)
class Person:
    """A user object's facts (docs.slack.dev/reference/objects/user-object), in Slack's words.

    `enterprise_id` is the organisation, `from_team` the workspace that payloads of this person's
    acts name as the one they come from: ours, unless a forgery is to name another.
    """

    id: str
    name: str
    real_name: str
    email: str | None
    tz: str = "Europe/Berlin"
    team_id: str = TEAM
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    is_email_confirmed: bool = True
    enterprise_id: str | None = None
    from_team: str | None = None

    @property
    def is_member_of_team(self) -> bool:
        """A full member, who is in #general without being invited."""
        return self.team_id == TEAM and not (
            self.is_bot or self.is_restricted or self.is_ultra_restricted
        )

    def json(self, *, with_email: bool = True) -> Json:
        """The `user` of users.info. A deleted user's answer has no zone and no e-mail flag."""
        profile: Json = {"real_name": self.real_name, "display_name": self.name}
        if with_email and self.email is not None:
            profile["email"] = self.email
        flags: Json = {
            flag: getattr(self, flag)
            for flag in ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
        }
        alive: Json = {"tz": self.tz, "is_email_confirmed": self.is_email_confirmed}
        who: Json = {"id": self.id, "team_id": self.team_id, "name": self.name}
        if self.enterprise_id:
            who["enterprise_user"] = {"id": self.id, "enterprise_id": self.enterprise_id}
        shown: Json = {**who, "real_name": self.real_name, "profile": profile, **flags}
        return shown if self.deleted else {**shown, **alive}


@dataclass(frozen=True)
class Channel:
    """A channel, or with `im_of` the direct messages of that person with the app."""

    id: str
    name: str
    members: frozenset[str] = frozenset()
    is_member: bool = True
    is_private: bool = False
    is_archived: bool = False
    is_ext_shared: bool = False
    is_pending_ext_shared: bool = False
    is_org_shared: bool = False
    is_frozen: bool = False
    im_of: str | None = None

    def json(self) -> Json:
        """The `channel` of conversations.info (docs: reference/objects/conversation-object).

        An invitation that another organisation has not taken yet is pending.
        """
        if self.im_of:
            return {"id": self.id, "is_im": True, "user": self.im_of, "is_archived": False}
        pending = [OTHER_TEAM] if self.is_pending_ext_shared else []
        return {
            "id": self.id,
            "name": self.name,
            "is_channel": not self.is_private,
            "is_group": self.is_private,
            "is_im": False,
            "is_private": self.is_private,
            "is_archived": self.is_archived,
            "is_member": self.is_member,
            "is_frozen": self.is_frozen,
            "is_shared": self.is_ext_shared or self.is_org_shared,
            "is_ext_shared": self.is_ext_shared,
            "is_org_shared": self.is_org_shared,
            "is_pending_ext_shared": self.is_pending_ext_shared,
            "pending_shared": pending,
            "pending_connected_team_ids": pending,
            "context_team_id": TEAM,
            "shared_team_ids": [TEAM, *([OTHER_TEAM] if self.is_ext_shared else [])],
            "num_members": len(self.members),
        }

    @property
    def read_scope(self) -> str:
        """The scope with which an app reads of it (conversations.info's page)."""
        if self.im_of:
            return "im:read"
        return "groups:read" if self.is_private else "channels:read"

    @property
    def payload_name(self) -> str:
        """The name that interaction payloads carry."""
        if self.im_of:
            return "directmessage"
        return "privategroup" if self.is_private else self.name


def message_json(message: Message) -> Json:
    """A message as the Web API and interaction payloads show it."""
    shown: Json = {
        "type": "message",
        "user": message.user,
        "team": TEAM,
        "ts": message.ts,
        "text": message.text,
        "blocks": message.blocks,
    }
    if message.user == BOT_USER:
        shown |= {"bot_id": BOT, "app_id": APP}
    if message.thread_ts:
        shown["thread_ts"] = message.thread_ts
    if message.metadata:
        shown["metadata"] = message.metadata
    return shown


class Workspace:
    """One team; people of other teams may be in it as strangers. `time` is the shared clock's."""

    def __init__(self, time: Callable[[], float]) -> None:
        self._time = time
        self._ids = count(1)
        self._stamps: set[str] = set()
        bot = Person(BOT_USER, "xacct", "xacct", None, is_bot=True)
        self.people: dict[str, Person] = {BOT_USER: bot}
        self.channels = {GENERAL: Channel(GENERAL, "general", is_member=False)}
        self.usergroups: dict[str, tuple[str, ...]] = {}
        self.enterprise_id: str | None = None  # of its Enterprise Grid
        self.messages: dict[tuple[str, str], Message] = {}
        self.uploads: dict[str, Upload] = {}  # by the key of their address
        self._notified: list[tuple[str, Message]] = []

    def stamp(self) -> str:
        """A new ts: the shared clock's seconds, with microseconds that make it the only one."""
        micros = int(self._time() * 1_000_000)
        while (ts := f"{micros // 1_000_000}.{micros % 1_000_000:06d}") in self._stamps:
            micros += 1
        self._stamps.add(ts)
        return ts

    def add(self, person: Person) -> None:
        """Full members join #general, as in Slack."""
        self.people[person.id] = person
        if person.is_member_of_team:
            general = self.channels[GENERAL]
            self.channels[GENERAL] = replace(general, members=general.members | {person.id})

    def dm(self, user: str) -> Channel:
        """The direct messages of a person with the app; opened if they were not."""
        opened = Channel(self.dm_id(user), "", frozenset({user}), im_of=user)
        return self.channels.setdefault(opened.id, opened)

    def dm_id(self, user: str) -> str:
        """The channel id of those direct messages, opened or not."""
        return f"D{self.people[user].id[1:]}"

    def has_dm(self, user: str) -> bool:
        """Whether those direct messages were ever opened."""
        return self.dm_id(user) in self.channels

    def writable(self, channel_id: str) -> Channel:
        """The channel, if the app may post in it; else Slack's reason (chat.postMessage's page)."""
        channel = self.readable(channel_id)
        if channel.is_archived:
            raise SlackError("is_archived")
        if not channel.is_member:
            raise SlackError("not_in_channel")
        return channel

    def readable(self, channel_id: str) -> Channel:
        """The channel, if the app can know of it; a private one only from within."""
        channel = self.channels.get(channel_id)
        if channel is None or (channel.is_private and not channel.is_member):
            raise SlackError("channel_not_found")
        return channel

    def sees(self, user: str, message: Message) -> bool:
        """Whether it is on this person's screen."""
        if message.only_for:
            return message.only_for == user
        return user in self.channels[message.channel].members

    def put(self, message: Message) -> Message:
        """Stores a new message or its newer state."""
        self.messages[message.channel, message.ts] = message
        return message

    def post(self, message: Message) -> Message:
        """Stores a new message and notifies whom it calls; an edit or an ephemeral calls nobody.

        In direct messages that is the person; those who are not in the channel hear nothing.
        """
        if message.only_for:
            return self.put(message)
        channel = self.channels[message.channel]
        whom = called(message, channel.members, self.usergroups)
        if channel.im_of and message.user != channel.im_of:
            whom.add(channel.im_of)
        self._notified += [(user, message) for user in whom if not self.people[user].deleted]
        return self.put(message)

    def notifications(self, user: str) -> list[Message]:
        """What somebody was notified of, as it was posted, oldest first."""
        known = self.people[user].id
        return [message for whom, message in self._notified if whom == known]

    def lasting(self, channel_id: str, ts: str) -> Message:
        """A message by its place; an ephemeral one has none (chat.postEphemeral's page)."""
        message = self.messages.get((channel_id, ts))
        if message is None or message.only_for:
            raise SlackError("message_not_found")
        return message

    def remove(self, message: Message) -> None:
        """Takes a message away for good."""
        del self.messages[message.channel, message.ts]

    def in_channel(self, channel: str) -> list[Message]:
        """What lasts in a channel, threads included, oldest first; nothing in unopened messages."""
        if channel not in {*self.channels, *map(self.dm_id, self.people)}:
            raise KeyError(channel)
        said = (m for m in self.messages.values() if m.channel == channel and not m.only_for)
        return sorted(said, key=lambda m: m.ts)

    def with_ids(self, blocks: list[Json]) -> list[Json]:
        """The blocks as Slack keeps them: a block or element that came without an id gets one."""
        return [self._with_ids(block) for block in blocks]

    def _with_ids(self, block: Json) -> Json:
        kept = {"block_id": f"b{next(self._ids)}", **block}
        if block["type"] == "actions":
            kept["elements"] = [self._with_action_id(e) for e in block["elements"]]
        for place in ("accessory", "element"):
            if place in block:
                kept[place] = self._with_action_id(block[place])
        return kept

    def _with_action_id(self, element: Json) -> Json:
        if element["type"] == "image":
            return element
        return {"action_id": f"a{next(self._ids)}", **element}
