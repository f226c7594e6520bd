import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.clock import SharedClock
from sandbox.slack.methods import METHODS
from sandbox.slack.process import SandboxSlack
from sandbox.slack.scopes import scopes_of
from sandbox.slack.values import Reply
from tests.sandbox.slack.conftest import CHANNEL

Start = Callable[..., SandboxSlack]


def manifest(
    *scopes: str, events: tuple[str, ...] = (), home: bool = True, messages: bool = True
) -> dict[str, Any]:
    return {
        "features": {
            "app_home": {"home_tab_enabled": home, "messages_tab_enabled": messages},
            "slash_commands": [{"command": "/xacct", "description": "d"}],
            "shortcuts": [
                {"name": "Ask", "type": "global", "callback_id": "ask", "description": "d"},
                {"name": "Look", "type": "message", "callback_id": "look", "description": "d"},
            ],
        },
        "oauth_config": {"scopes": {"bot": list(scopes)}},
        "settings": {"event_subscriptions": {"bot_events": list(events)}},
    }


@pytest.fixture
def start(clock: SharedClock, tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as stack:

        def start(document: dict[str, Any]) -> SandboxSlack:
            path = tmp_path / "manifest.yaml"
            path.write_text(yaml.safe_dump(document))
            slack = stack.enter_context(SandboxSlack.start(clock, manifest=path))
            slack.add_user("UANN")
            slack.add_channel(CHANNEL, "team", members=["UANN"])
            slack.add_channel("CPRIV", "priv", members=["UANN"], is_private=True)
            slack.add_usergroup("SONCALL", ["UANN"])
            return slack

        yield start


def calling(slack: SandboxSlack) -> WebClient:
    return WebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def refused(client: WebClient, method: str, **args: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as refusal:
        client.api_call(method, json=args)
    answer: dict[str, Any] = refusal.value.response.data
    return answer


def test_a_method_whose_scope_is_not_declared_is_refused(start: Start) -> None:
    client = calling(start(manifest("commands", "users:read")))
    lacking = {
        "chat.postMessage": "chat:write",
        "chat.postEphemeral": "chat:write",
        "chat.update": "chat:write",
        "chat.delete": "chat:write",
        "conversations.open": "im:write",
        "usergroups.users.list": "usergroups:read",
        "users.lookupByEmail": "users:read.email",
        "conversations.info": "channels:read,groups:read,im:read",
    }

    for method, needed in lacking.items():
        assert refused(client, method) == {
            "ok": False,
            "error": "missing_scope",
            "needed": needed,
            "provided": "commands,users:read",
        }
    assert client.auth_test()["ok"]
    assert refused(client, "chat.getPermalink")["error"] == "channel_not_found"
    assert refused(client, "views.open")["error"] == "invalid_trigger_id"


def test_the_app_token_needs_no_scope_of_the_manifest(start: Start) -> None:
    slack = start(manifest())
    app = WebClient(slack.app_token, base_url=slack.api_url)

    assert app.apps_connections_open(app_token=slack.app_token)["ok"]


@pytest.mark.parametrize(
    ("scope", "seen", "hidden"),
    [("channels:read", CHANNEL, "CPRIV"), ("groups:read", "CPRIV", CHANNEL)],
)
def test_the_kind_of_channel_says_which_scope_its_information_needs(
    start: Start, scope: str, seen: str, hidden: str
) -> None:
    client = calling(start(manifest(scope)))

    assert client.conversations_info(channel=seen)["channel"]["id"] == seen
    answer = refused(client, "conversations.info", channel=hidden)
    assert (answer["error"], answer["provided"]) == ("missing_scope", scope)
    assert answer["needed"] in {"channels:read", "groups:read"} - {scope}
    assert refused(client, "conversations.info", channel="CNONE")["error"] == "channel_not_found"


def test_an_email_address_is_shown_to_an_app_that_may_read_it_only(start: Start) -> None:
    without = calling(start(manifest("users:read"))).users_info(user="UANN")["user"]
    client = calling(start(manifest("users:read", "users:read.email")))

    assert "email" not in without["profile"]
    assert client.users_info(user="UANN")["user"]["profile"]["email"] == "uann@corp.example"
    assert client.users_lookupByEmail(email="uann@corp.example")["ok"]


def test_each_answer_to_the_bot_token_names_its_scopes_where_a_manifest_declares_any(
    start: Start,
) -> None:
    slack = start(manifest("users:read", "chat:write"))

    asked = calling(slack).auth_test()
    other = WebClient(base_url=slack.api_url).apps_connections_open(app_token=slack.app_token)

    assert asked.headers["x-oauth-scopes"] == "chat:write,users:read"
    assert "x-oauth-scopes" not in other.headers


def test_every_method_has_its_scopes_in_the_table() -> None:
    assert {method for method in METHODS if scopes_of(method)} == {
        "apps.connections.open",
        "chat.delete",
        "chat.postEphemeral",
        "chat.postMessage",
        "chat.update",
        "conversations.info",
        "conversations.open",
        "files.completeUploadExternal",
        "files.getUploadURLExternal",
        "usergroups.users.list",
        "users.info",
        "users.lookupByEmail",
    }
    assert scopes_of("files.getUploadURLExternal") == {"files:write"}
    with pytest.raises(KeyError):
        scopes_of("chat.invent")


def test_only_events_that_are_subscribed_and_allowed_are_sent(start: Start) -> None:
    events = ("user_change", "subteam_members_changed", "channel_shared")
    slack = start(manifest("users:read", "channels:read", events=events))
    slack.change_user("UANN", is_restricted=True)
    slack.add_usergroup("SONCALL", [])
    slack.change_channel(CHANNEL, is_ext_shared=True)
    slack.change_channel("CPRIV", is_ext_shared=True)

    assert slack.open_home("UANN") == Reply(acked=False)
    assert [event.type for event in slack.events()] == ["user_change", "channel_shared"]
    assert slack.events()[1].payload["event"]["channel"] == CHANNEL
    assert "email" not in slack.events()[0].payload["event"]["user"]["profile"]


def test_people_find_what_the_manifest_offers_and_nothing_else(start: Start) -> None:
    slack = start(manifest(home=False))

    assert slack.command("UANN", "help", command="/other").error == "the app has no command /other"
    assert slack.command("UANN", "help").error == "dispatch_failed"
    assert slack.shortcut("UANN", "look").error == "the app has no shortcut look"
    assert slack.shortcut("UANN", "ask").error == "dispatch_failed"
    assert slack.open_home("UANN").error == "the app has no home tab"
    view = {"type": "home", "blocks": []}
    assert refused(calling(slack), "views.publish", user_id="UANN", view=view)["error"] == (
        "not_enabled"
    )


def test_an_app_without_a_messages_tab_writes_to_nobody(start: Start) -> None:
    slack = start(manifest("chat:write", messages=False))
    client = calling(slack)

    assert refused(client, "chat.postMessage", channel="UANN", text="x")["error"] == (
        "messages_tab_disabled"
    )
    assert slack.messages(slack.dm("UANN")) == []
    assert client.chat_postMessage(channel=CHANNEL, text="x")["ok"]
    assert slack.open_home("UANN", tab="messages").error == "the app has no messages tab"


def test_a_manifest_may_be_json_and_one_that_cannot_be_read_ends_the_start(
    clock: SharedClock, tmp_path: Path
) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest("chat:write")))
    with SandboxSlack.start(clock, manifest=path) as slack:
        assert calling(slack).auth_test()["ok"]
    with pytest.raises(RuntimeError, match="did not start"):
        SandboxSlack.start(clock, manifest=tmp_path / "absent.yaml")
