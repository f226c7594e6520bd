"""What the people of the workspace change in it, and the events that tell the app of it.

Source: docs.slack.dev/reference/events and there user_change, subteam_members_changed,
channel_shared. Events are sent while the verb that caused them has long returned.
"""

from dataclasses import replace
from typing import Any

from sandbox.slack.core import Slack
from sandbox.slack.values import OTHER_TEAM, TEAM, Json, Message
from sandbox.slack.workspace import Channel, Person


class Changes:
    """The control verbs that change the workspace; a newcomer is told to nobody."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack
        self._updated: dict[str, int] = {}

    def join_enterprise(self, enterprise_id: str | None) -> None:
        """Makes the workspace part of an Enterprise Grid, or of none."""
        self._slack.workspace.enterprise_id = enterprise_id

    def add_user(self, user_id: str, **facts: Any) -> None:
        """Facts are the fields of `Person`; names and e-mail have defaults made of the id."""
        name = facts.setdefault("name", user_id.lower())
        facts.setdefault("real_name", name.capitalize())
        facts.setdefault("email", f"{name}@corp.example")
        self._slack.workspace.add(Person(id=user_id, **facts))

    def change_user(self, user_id: str, **facts: Any) -> None:
        """Gives a person other facts; being deactivated takes nothing else away."""
        people = self._slack.workspace.people
        before = people[user_id]
        people[user_id] = after = replace(before, **facts)
        if after != before:
            user = self._slack.user_json(after)
            self._tell("users:read", type="user_change", user=user, cache_ts=self._now())

    def add_channel(self, channel_id: str, name: str, members: list[str], **facts: Any) -> None:
        """Facts are the fields of `Channel`. Members must be there; the app is in it by default."""
        known = frozenset(members)
        if strange := known - self._slack.workspace.people.keys():
            raise ValueError(f"there is nobody called {', '.join(sorted(strange))}")
        channel = Channel(id=channel_id, name=name, members=known, **facts)
        self._slack.workspace.channels[channel_id] = channel

    def change_channel(self, channel_id: str, **facts: Any) -> None:
        """Gives a channel other facts; `members` replaces them all."""
        if "members" in facts:
            facts["members"] = frozenset(facts["members"])
        channels = self._slack.workspace.channels
        before = channels[channel_id]
        channels[channel_id] = after = replace(before, **facts)
        if after.is_ext_shared and not before.is_ext_shared:
            self._tell(
                after.read_scope,
                type="channel_shared",
                connected_team_id=self._connected_team(after),
                channel=after.id,
            )

    def add_usergroup(self, usergroup_id: str, users: list[str]) -> None:
        """A user group, anew if it was there."""
        usergroups = self._slack.workspace.usergroups
        before = usergroups.get(usergroup_id)
        usergroups[usergroup_id] = tuple(users)
        updated = self._updated.get(usergroup_id, 0)
        self._updated[usergroup_id] = self._now()
        if before is None or set(before) == set(users):
            return
        added = sorted(set(users) - set(before))
        removed = sorted(set(before) - set(users))
        self._tell(
            "usergroups:read",
            type="subteam_members_changed",
            subteam_id=usergroup_id,
            team_id=TEAM,
            date_previous_update=updated,
            date_update=self._now(),
            added_users=added,
            added_users_count=len(added),
            removed_users=removed,
            removed_users_count=len(removed),
        )

    def say(self, user: str, channel: str, text: str) -> Message:
        """A person writes a message of their own."""
        workspace = self._slack.workspace
        if user not in workspace.channels[channel].members:
            raise ValueError(f"{user} is not in {channel}")
        return workspace.post(Message(channel, workspace.stamp(), user, text))

    def _tell(self, scope: str, **event: Any) -> None:
        told: Json = {**event, "event_ts": self._slack.workspace.stamp()}
        self._slack.events.send_later(told, scope=scope)

    def _now(self) -> int:
        return int(self._slack.clock.time())

    def _connected_team(self, channel: Channel) -> str:
        """The other team: that of a member who is not of ours, if there is one."""
        people = self._slack.workspace.people
        teams = {people[user].team_id for user in channel.members} - {TEAM}
        return min(teams, default=OTHER_TEAM)
