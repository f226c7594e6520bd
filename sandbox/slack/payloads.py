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
        "team_id": who.from_team or who.team_id,
        "team_domain": "sandbox",
        **({"enterprise_id": who.enterprise_id} if who.enterprise_id else {}),
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
    team: Json = {"id": who.from_team or TEAM, "domain": "sandbox"}
    enterprise: Json | None = None
    if who.enterprise_id:
        team["enterprise_id"] = who.enterprise_id
        enterprise = {"id": who.enterprise_id, "name": who.enterprise_id.capitalize()}
    return {
        "type": kind,
        "team": team,
        "user": user,
        "api_app_id": APP,
        "token": "sandbox",
        "enterprise": enterprise,
        "is_enterprise_install": False,
    }


def shortcut(slack: Slack, who: Person, callback_id: str) -> Json:
    """A global shortcut's; Slack names no app in it."""
    common = interaction("shortcut", who)
    del common["api_app_id"], common["user"]["name"]
    return {
        **common,
        "callback_id": callback_id,
        "trigger_id": slack.trigger_for(who.id),
        "action_ts": slack.workspace.stamp(),
    }


def suggestion(slack: Slack, who: Person, on: Message | View, element: Json, typed: str) -> Json:
    """What a person typed into an external menu: with the surface, but nothing to answer with."""
    place = click(slack, who, on, {})
    del place["trigger_id"]
    place.pop("response_url", None)
    return {
        **interaction("block_suggestion", who),
        **place,
        "action_id": element["action_id"],
        "block_id": element["block_id"],
        "value": typed,
    }


def click(slack: Slack, who: Person, on: Message | View, chosen: Json) -> Json:
    """Where a click happened; `chosen` is the state of what was chosen from, of a message."""
    if isinstance(on, View):
        return _click_in_view(slack, on)
    return _click_in_message(slack, who, on, chosen)


def _click_in_view(slack: Slack, view: View) -> Json:
    """There is no response_url."""
    return {
        "container": {"type": "view", "view_id": view.id},
        "view": view_json(view, answers.state(view.blocks, {}, view.state)),
        "trigger_id": slack.trigger_for(view.user, view.id),
    }


def _click_in_message(slack: Slack, who: Person, message: Message, chosen: Json) -> Json:
    """An ephemeral message is not shown to the app again."""
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
        "state": {"values": answers.state(message.blocks, {}, chosen)},
        "response_url": slack.response_url_for(who.id, channel.id, message.ts),
        "trigger_id": slack.trigger_for(who.id),
    }
    return place if ephemeral else {**place, "message": message_json(message)}
