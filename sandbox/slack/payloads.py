"""The payloads of people's acts, as docs.slack.dev/reference/interaction-payloads shows them."""

from sandbox.slack import answers, client
from sandbox.slack.core import Slack
from sandbox.slack.screens import view_json
from sandbox.slack.values import APP, TEAM, Json, Message, View
from sandbox.slack.workspace import Channel, Person, message_json


def command(slack: Slack, who: Person, where: Channel, *, command: str, text: str) -> Json:
    """A slash command's; it names the team that the person signed in to."""
    return {
        "token": "sandbox",
        "team_id": who.team_id,
        "team_domain": "sandbox",
        "channel_id": where.id,
        "channel_name": where.payload_name,
        "user_id": who.id,
        "user_name": who.name,
        "command": command,
        "text": client.escaped(slack.workspace, text),
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": slack.response_url_for(who.id, where.id),
        "trigger_id": slack.trigger_for(who.id),
    }


def interaction(kind: str, who: Person) -> Json:
    """What all interactive payloads have in common."""
    user = {"id": who.id, "username": who.name, "name": who.name, "team_id": who.team_id}
    return {
        "type": kind,
        "team": {"id": TEAM, "domain": "sandbox"},
        "user": user,
        "api_app_id": APP,
        "token": "sandbox",
        "enterprise": None,
        "is_enterprise_install": False,
    }


def click_in_view(slack: Slack, view: View) -> Json:
    """Where a click happened: in a view. There is no response_url."""
    return {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, answers.state(view.blocks, {})),
        "trigger_id": slack.trigger_for(view.user, view.id),
    }


def click_in_message(slack: Slack, who: Person, message: Message) -> Json:
    """Where a click happened: in a message. An ephemeral one is not shown to the app again."""
    channel = slack.workspace.channels[message.channel]
    ephemeral = message.only_for is not None
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": ephemeral,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    place: Json = {
        "container": container,
        "channel": {"id": channel.id, "name": channel.payload_name},
        "state": {"values": answers.state(message.blocks, {})},
        "response_url": slack.response_url_for(who.id, channel.id, message.ts),
        "trigger_id": slack.trigger_for(who.id),
    }
    return place if ephemeral else {**place, "message": message_json(message)}
