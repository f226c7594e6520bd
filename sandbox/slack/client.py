"""What Slack's own client lets a person see and do; everything else is `Refused`."""

import re
from typing import Final

from sandbox.slack.core import Slack
from sandbox.slack.values import GENERAL, TEAM, Json, Message, Refused, View
from sandbox.slack.workspace import Channel, Person, Workspace

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MENTION: Final = re.compile(r"(?<![\w@.])@([\w.\-]*\w)")
_CHANNEL: Final = re.compile(r"(?<![\w#&])#([\w\-]+)")


def person(slack: Slack, user: str) -> Person:
    """Somebody of the workspace."""
    found = slack.workspace.people.get(user)
    if found is None:
        raise Refused(f"there is nobody called {user}")
    return found


def place(slack: Slack, who: Person, channel_id: str | None) -> Channel:
    """The channel; if none is named, #general, or the messages with the app for guests."""
    workspace = slack.workspace
    if channel_id is None:
        general = workspace.channels[GENERAL]
        return general if who.id in general.members else workspace.dm(who.id)
    if channel_id not in workspace.channels:
        raise Refused(f"there is no channel {channel_id}")
    return workspace.channels[channel_id]


def may_enter(who: Person) -> None:
    """Refuses whom Slack does not offer the app itself: people of other teams among them.

    Source: docs.slack.dev/apis/slack-connect.
    """
    if who.deleted or who.is_bot:
        raise Refused(f"{who.id} cannot sign in")
    if who.team_id != TEAM:
        raise Refused(f"{who.id} is of another team and is not offered the app")


def may_type(slack: Slack, who: Person, channel: Channel, command: str) -> None:
    """Refuses whom Slack does not offer the app's command in that channel."""
    may_enter(who)
    if not slack.manifest.offers_command(command):
        raise Refused(f"the app has no command {command}")
    if who.id not in channel.members:
        raise Refused(f"{who.id} is not in {channel.id}")


def message(slack: Slack, who: Person, on: Json, *, forged: bool) -> Message:
    """The message at a `channel` and `ts`, if this person sees it (or forges a click on it)."""
    workspace = slack.workspace
    found = workspace.messages.get((on["channel"], on["ts"]))
    if found is None:
        raise Refused("that message is gone")
    if not forged and not workspace.sees(who.id, found):
        raise Refused(f"{who.id} does not see that message")
    return found


def surface(slack: Slack, who: Person, on: Json, *, forged: bool) -> Message | View:
    """What this person acts on: `{"channel", "ts"}` or `{"view"}`."""
    if who.deleted and not forged:
        raise Refused(f"{who.id} cannot sign in")
    if "view" in on:
        return view(slack, who.id, on["view"])
    return message(slack, who, on, forged=forged)


def view(slack: Slack, user: str, view_id: str) -> View:
    """The view that this person has in front: a modal, or without one the home tab."""
    stack = slack.screens.of(user)
    home = slack.homes.of(user)
    if not stack and home is not None and home.id == view_id:
        return home
    if not stack or stack[-1].id != view_id:
        raise Refused(f"{user} does not have view {view_id} in front")
    return stack[-1]


def escaped(workspace: Workspace, typed: str) -> str:
    """A command's text as Slack sends it with `should_escape`: entities, `<@U…>`, `<#C…|name>`.

    Source: docs.slack.dev/interactivity/implementing-slash-commands.
    """

    def mention(found: re.Match[str]) -> str:
        for who in workspace.people.values():
            if who.name == found[1]:
                return f"<@{who.id}>"
        return found[0]

    def link(found: re.Match[str]) -> str:
        for channel in workspace.channels.values():
            if channel.name == found[1]:
                return f"<#{channel.id}|{'' if channel.is_private else channel.name}>"
        return found[0]

    return _CHANNEL.sub(link, _MENTION.sub(mention, typed.translate(_ESCAPES)))
