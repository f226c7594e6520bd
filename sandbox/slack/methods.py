"""The Web API's methods by name and token; here those of people, conversations and views."""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from sandbox.slack import chat, files, scopes
from sandbox.slack.core import Slack
from sandbox.slack.screens import view_json
from sandbox.slack.values import (
    APP_TOKEN,
    BOT,
    BOT_TOKEN,
    BOT_USER,
    TEAM,
    Json,
    SlackError,
    View,
)
from sandbox.slack.workspace import Person

Method = Callable[[Slack, Json], Json]
"""Does the work and returns the answer without its `ok`; raises `SlackError`."""


def auth_test(slack: Slack, _args: Json) -> Json:
    """auth.test: who the bot token is; `enterprise_id` only in an Enterprise Grid."""
    grid = slack.workspace.enterprise_id
    return {
        "url": "https://sandbox.slack.com/",
        "team": "sandbox",
        "team_id": TEAM,
        "user": "xacct",
        "user_id": BOT_USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
        **({"enterprise_id": grid} if grid else {}),
    }


def open_connection(slack: Slack, _args: Json) -> Json:
    """apps.connections.open: the address of one new socket."""
    address = slack.url.replace("http://", "ws://", 1)
    return {"url": f"{address}/link/?ticket={slack.sockets.ticket()}"}


def user_info(slack: Slack, args: Json) -> Json:
    """users.info."""
    person = slack.workspace.people.get(str(args.get("user", "")))
    if person is None:
        raise SlackError("user_not_found")
    return {"user": slack.user_json(person)}


def lookup_by_email(slack: Slack, args: Json) -> Json:
    """users.lookupByEmail: finds nobody who is deactivated or of another team."""
    email = str(args.get("email", "")).casefold()
    for person in slack.workspace.people.values():
        ours = person.team_id == TEAM and not person.deleted
        if ours and person.email and person.email.casefold() == email:
            return {"user": slack.user_json(person)}
    raise SlackError("users_not_found")


def open_conversation(slack: Slack, args: Json) -> Json:
    """conversations.open, with one person: their direct messages with the app."""
    users = [user for user in str(args.get("users", "")).split(",") if user]
    if not users:
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        raise SlackError("invalid_arguments", ["this sandbox opens messages with one person only"])
    user = _reachable(slack, users[0]).id
    known = slack.workspace.has_dm(user)
    channel = slack.workspace.dm(user)
    return {"channel": {"id": channel.id}, "no_op": known, "already_open": known}


def conversation_info(slack: Slack, args: Json) -> Json:
    """conversations.info."""
    return {"channel": slack.workspace.readable(str(args.get("channel", ""))).json()}


def list_usergroup(slack: Slack, args: Json) -> Json:
    """usergroups.users.list: a deactivated person is no longer in any group."""
    members = slack.workspace.usergroups.get(str(args.get("usergroup", "")))
    if members is None:
        raise SlackError("no_such_subteam")
    people = slack.workspace.people
    return {"users": [user for user in members if not people[user].deleted]}


def open_view(slack: Slack, args: Json) -> Json:
    """views.open: a trigger id, used or late or neither, is spent before the view is looked at."""
    trigger = slack.tickets.exchange(str(args.get("trigger_id", "")), monotonic())
    return {"view": view_json(slack.screens.open(trigger.user, args.get("view", {})))}


def push_view(slack: Slack, args: Json) -> Json:
    """views.push: onto the modal that the trigger came from."""
    trigger = slack.tickets.exchange(str(args.get("trigger_id", "")), monotonic())
    return {"view": view_json(slack.screens.push(trigger.view, args.get("view", {})))}


def update_view(slack: Slack, args: Json) -> Json:
    """views.update, by view id or external id."""
    view = _open_view(slack, args)
    newer = slack.screens.update(view, args.get("view", {}), seen_hash=args.get("hash"))
    return {"view": view_json(newer)}


def publish_view(slack: Slack, args: Json) -> Json:
    """views.publish: somebody's home tab, if the app has one."""
    if not slack.manifest.home_tab:
        raise SlackError("not_enabled")
    user = slack.workspace.people.get(str(args.get("user_id", "")))
    if user is None or user.is_bot:
        raise SlackError("invalid_arguments", ["invalid `user_id`"])
    home = slack.homes.publish(user.id, args.get("view", {}), seen_hash=args.get("hash"))
    return {"view": view_json(home)}


def _open_view(slack: Slack, args: Json) -> View:
    if args.get("view_id"):
        return slack.screens.find(str(args["view_id"]))
    return slack.screens.by_external_id(str(args.get("external_id", "")))


def _reachable(slack: Slack, user: str) -> Person:
    person = slack.workspace.people.get(user)
    if person is None:
        raise SlackError("user_not_found")
    if person.deleted:
        raise SlackError("user_disabled")
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    if person.team_id != TEAM:
        raise SlackError("user_not_visible")
    return person


METHODS: Final[Mapping[str, tuple[str, Method]]] = {
    "apps.connections.open": (APP_TOKEN, open_connection),
    "auth.test": (BOT_TOKEN, auth_test),
    "chat.delete": (BOT_TOKEN, chat.delete),
    "chat.getPermalink": (BOT_TOKEN, chat.get_permalink),
    "chat.postEphemeral": (BOT_TOKEN, chat.post_ephemeral),
    "chat.postMessage": (BOT_TOKEN, chat.post_message),
    "chat.update": (BOT_TOKEN, chat.update),
    "conversations.info": (BOT_TOKEN, conversation_info),
    "conversations.open": (BOT_TOKEN, open_conversation),
    "files.completeUploadExternal": (BOT_TOKEN, files.complete),
    "files.getUploadURLExternal": (BOT_TOKEN, files.announce),
    "usergroups.users.list": (BOT_TOKEN, list_usergroup),
    "users.info": (BOT_TOKEN, user_info),
    "users.lookupByEmail": (BOT_TOKEN, lookup_by_email),
    "views.open": (BOT_TOKEN, open_view),
    "views.publish": (BOT_TOKEN, publish_view),
    "views.push": (BOT_TOKEN, push_view),
    "views.update": (BOT_TOKEN, update_view),
}
"""Each method with the token it takes (the method's page: bot or app-level)."""


def perform(slack: Slack, method: str, token: str, args: Json) -> Json:
    """Does what the method promises and returns its answer; raises `SlackError`."""
    if not token:
        raise SlackError("not_authed")
    if token not in (BOT_TOKEN, APP_TOKEN):
        raise SlackError("invalid_auth")
    if method not in METHODS:
        raise SlackError("unknown_method")
    wanted, work = METHODS[method]
    if token != wanted:
        raise SlackError("not_allowed_token_type")
    scopes.check(slack, method, args)
    return {"ok": True, **work(slack, args)}
