import json
from datetime import timedelta
from http.client import RemoteDisconnected
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.clock import SharedClock
from sandbox.slack.process import NeverSeen, SandboxSlack
from sandbox.slack.values import OTHER_TEAM
from tests.sandbox.slack.conftest import CHANNEL, form, posted


def refused(client: WebClient, method: str, **args: Any) -> str:
    with pytest.raises(SlackApiError) as refusal:
        client.api_call(method, json=args)
    return str(refusal.value.response["error"])


def test_a_method_takes_its_own_kind_of_token_only(slack: SandboxSlack, client: WebClient) -> None:
    assert client.auth_test()["user_id"] == "U0XACCT"
    assert refused(client, "apps.connections.open") == "not_allowed_token_type"
    app = WebClient(slack.app_token, base_url=slack.api_url)
    assert app.apps_connections_open(app_token=slack.app_token)["url"].startswith("ws://127.0.0.1")
    assert refused(app, "chat.postMessage", channel=CHANNEL, text="x") == "not_allowed_token_type"
    assert refused(WebClient("xoxb-other", base_url=slack.api_url), "auth.test") == "invalid_auth"
    assert refused(WebClient(base_url=slack.api_url), "auth.test") == "not_authed"
    assert refused(client, "chat.invent") == "unknown_method"


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("chat.postMessage", {"channel": "CNONE", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "COLD", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "COUT", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "CSECRET", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "CNEW"}, "no_text"),
        (
            "chat.postMessage",
            {"channel": "CNEW", "text": "x", "blocks": "{"},
            "invalid_blocks_format",
        ),
        ("chat.postMessage", {"channel": "UROBOT", "text": "x"}, "cannot_dm_bot"),
        ("chat.postMessage", {"channel": "ULEFT", "text": "x"}, "user_disabled"),
        (
            "chat.postMessage",
            {"channel": "CNEW", "text": "x", "thread_ts": "1.2"},
            "thread_not_found",
        ),
        (
            "chat.postMessage",
            {"channel": "CNEW", "text": "x", "attachments": [{}]},
            "invalid_arguments",
        ),
        ("chat.update", {"channel": "CNEW", "ts": "1.2", "text": "x"}, "message_not_found"),
        ("chat.delete", {"channel": "CNEW", "ts": "1.2"}, "message_not_found"),
        (
            "chat.postEphemeral",
            {"channel": "CNEW", "user": "UOUT", "text": "x"},
            "user_not_in_channel",
        ),
        ("chat.getPermalink", {"channel": "CNEW", "message_ts": "1.2"}, "message_not_found"),
        ("conversations.info", {"channel": "CNONE"}, "channel_not_found"),
        ("conversations.open", {"users": "UNONE"}, "user_not_found"),
        ("conversations.open", {"users": "ULEFT"}, "user_disabled"),
        ("conversations.open", {"users": "UROBOT"}, "cannot_dm_bot"),
        ("conversations.open", {"users": "UALIEN"}, "user_not_visible"),
        ("users.info", {"user": "UNONE"}, "user_not_found"),
        ("users.lookupByEmail", {"email": "nobody@corp.example"}, "users_not_found"),
        ("users.lookupByEmail", {"email": "uleft@corp.example"}, "users_not_found"),
        ("usergroups.users.list", {"usergroup": "SNONE"}, "no_such_subteam"),
    ],
)
def test_what_slack_refuses_is_refused_in_its_words(
    slack: SandboxSlack, client: WebClient, method: str, args: dict[str, Any], error: str
) -> None:
    slack.add_user("ULEFT", deleted=True)
    slack.add_user("UROBOT", is_bot=True)
    slack.add_user("UALIEN", team_id="TFAR", is_stranger=True)
    slack.add_channel("CNEW", "new", members=["UANN"])
    slack.add_channel("COLD", "old", members=["UANN"], is_archived=True)
    slack.add_channel("COUT", "out", members=["UANN"], is_member=False)
    slack.add_channel("CSECRET", "secret", members=["UANN"], is_private=True, is_member=False)

    assert refused(client, method, **args) == error
    assert slack.calls(method)[-1].error == error


def test_a_person_is_shown_with_every_flag_that_decides_trust(
    slack: SandboxSlack, client: WebClient
) -> None:
    slack.add_user(
        "UEVE", name="eve", real_name="Eve Doe", email="eve@corp.example", tz="Asia/Tokyo"
    )
    eve = client.users_info(user="UEVE")["user"]
    flags = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    assert [eve[flag] for flag in flags] == [False] * 5
    assert (eve["is_email_confirmed"], eve["tz"], eve["real_name"]) == (
        True,
        "Asia/Tokyo",
        "Eve Doe",
    )
    assert client.users_lookupByEmail(email="EVE@corp.example")["user"] == eve

    slack.change_user("UEVE", is_restricted=True, is_email_confirmed=False, team_id="TFAR")
    eve = client.users_info(user="UEVE")["user"]
    assert (eve["is_restricted"], eve["is_email_confirmed"], eve["team_id"]) == (
        True,
        False,
        "TFAR",
    )


def test_a_deactivated_person_is_in_no_user_group(slack: SandboxSlack, client: WebClient) -> None:
    slack.add_user("UGONE")
    slack.add_usergroup("SONCALL", ["UANN", "UGONE"])
    slack.change_user("UGONE", deleted=True)

    assert client.usergroups_users_list(usergroup="SONCALL")["users"] == ["UANN"]
    assert client.users_info(user="UGONE")["user"]["deleted"]


def test_a_message_to_a_person_is_in_their_direct_messages(
    slack: SandboxSlack, client: WebClient
) -> None:
    sent = client.chat_postMessage(channel="UBOB", text="for you")

    assert sent["channel"] == slack.dm("UBOB")
    assert client.conversations_open(users="UBOB")["channel"]["id"] == sent["channel"]
    assert [message.text for message in slack.messages(sent["channel"])] == ["for you"]
    assert refused(client, "chat.update", channel="UBOB", ts=sent["ts"], text="x") == (
        "channel_not_found"
    )


def test_open_direct_messages_outlive_the_persons_account(
    slack: SandboxSlack, client: WebClient
) -> None:
    slack.add_user("UPAST")
    client.chat_postMessage(channel="UPAST", text="hello")
    slack.change_user("UPAST", deleted=True)

    assert client.chat_postMessage(channel="UPAST", text="anybody there?")["ok"]
    assert refused(client, "conversations.open", users="UPAST") == "user_disabled"


def test_a_message_is_updated_in_place_and_text_alone_takes_its_blocks_away(
    slack: SandboxSlack, client: WebClient
) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "card"}}]
    card = posted(slack, client, text="card", blocks=blocks, metadata={"event_type": "e"})
    client.api_call("chat.update", json={"channel": CHANNEL, "ts": card.ts, "blocks": blocks})
    client.chat_update(channel=CHANNEL, ts=card.ts, text="done")

    (newer,) = [message for message in slack.messages(CHANNEL) if message.ts == card.ts]
    assert (newer.text, newer.blocks, newer.edits) == ("done", [], 2)
    assert newer.metadata == {"event_type": "e"}
    slack.change_channel(CHANNEL, is_archived=True)
    assert refused(client, "chat.update", channel=CHANNEL, ts=card.ts, text="x") == "is_inactive"
    slack.change_channel(CHANNEL, is_archived=False)
    client.chat_delete(channel=CHANNEL, ts=card.ts)
    assert all(message.ts != card.ts for message in slack.messages(CHANNEL))


def test_nobody_elses_and_no_ephemeral_message_can_be_updated(
    slack: SandboxSlack, client: WebClient
) -> None:
    theirs = slack.say("UANN", CHANNEL, "my own words")
    whisper = client.chat_postEphemeral(channel=CHANNEL, user="UANN", text="psst")["message_ts"]

    update = {"channel": CHANNEL, "text": "x"}
    assert refused(client, "chat.update", ts=theirs.ts, **update) == "cant_update_message"
    assert refused(client, "chat.delete", channel=CHANNEL, ts=theirs.ts) == "cant_delete_message"
    assert refused(client, "chat.update", ts=whisper, **update) == "message_not_found"


def test_a_long_text_is_cut_when_posted_and_refused_when_updated(
    slack: SandboxSlack, client: WebClient
) -> None:
    card = posted(slack, client, text="x" * 40_001)

    assert len(card.text) == 40_000
    client.chat_update(channel=CHANNEL, ts=card.ts, text="x" * 4_000)
    assert refused(client, "chat.update", channel=CHANNEL, ts=card.ts, text="x" * 4_001) == (
        "msg_too_long"
    )


def test_replies_are_in_the_thread_of_their_message_and_linked_with_it(
    slack: SandboxSlack, client: WebClient
) -> None:
    card = posted(slack, client)
    first = posted(slack, client, text="first", thread_ts=card.ts)
    posted(slack, client, text="second", thread_ts=first.ts)

    assert [reply.text for reply in slack.thread(card)] == ["first", "second"]
    link = client.chat_getPermalink(channel=CHANNEL, message_ts=first.ts)["permalink"]
    assert link.endswith(
        f"/archives/{CHANNEL}/p{first.ts.replace('.', '')}?thread_ts={card.ts}&cid={CHANNEL}"
    )


def test_slacks_stamps_follow_the_shared_clock_and_are_never_the_same(
    slack: SandboxSlack, client: WebClient, clock: SharedClock
) -> None:
    before = posted(slack, client)
    moved = clock.move(timedelta(hours=3))
    after = posted(slack, client)

    assert abs(float(after.ts) - moved.timestamp()) < 30
    assert float(after.ts) - float(before.ts) >= timedelta(hours=3).total_seconds()
    assert len({posted(slack, client).ts for _ in range(20)}) == 20


def test_bad_blocks_are_refused_with_the_place_and_nothing_is_posted(
    slack: SandboxSlack, client: WebClient
) -> None:
    before = slack.messages(CHANNEL)
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    with pytest.raises(SlackApiError) as refusal:
        client.chat_postMessage(channel=CHANNEL, text="x", blocks=blocks)

    assert refusal.value.response["error"] == "invalid_blocks"
    assert refusal.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    ]
    assert slack.messages(CHANNEL) == before
    assert refused(client, "views.open", trigger_id="1.1.x", view=form()) == "invalid_trigger_id"


def test_a_forced_error_and_status_do_no_work_and_pass(
    slack: SandboxSlack, client: WebClient
) -> None:
    before = slack.messages(CHANNEL)
    slack.force("chat.postMessage", error="restricted_action")
    slack.force("chat.postMessage", status=503, times=2)
    slack.force("chat.postMessage", status=429, retry_after=7)

    assert refused(client, "chat.postMessage", channel=CHANNEL, text="x") == "restricted_action"
    for _ in range(2):
        assert refused(client, "chat.postMessage", channel=CHANNEL, text="x") == "internal_error"
    with pytest.raises(SlackApiError) as busy:
        client.chat_postMessage(channel=CHANNEL, text="x")
    assert (busy.value.response.status_code, busy.value.response.headers["Retry-After"]) == (
        429,
        "7",
    )
    assert slack.messages(CHANNEL) == before
    assert posted(slack, client, text="at last").text == "at last"


def test_a_dropped_reply_hides_work_that_was_done(slack: SandboxSlack, client: WebClient) -> None:
    slack.force("chat.postMessage", drop=True)
    with pytest.raises((RemoteDisconnected, ConnectionError)):
        client.chat_postMessage(channel=CHANNEL, text="posted, but who knows")

    assert slack.messages(CHANNEL)[-1].text == "posted, but who knows"


def test_a_hanging_call_is_answered_late_and_done_even_if_nobody_waits(
    slack: SandboxSlack,
) -> None:
    slack.force("chat.postMessage", hang=1.0)
    body = json.dumps({"token": slack.bot_token, "channel": CHANNEL, "text": "late"}).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    call = Request(f"{slack.api_url}chat.postMessage", data=body, headers=headers)
    with pytest.raises(TimeoutError):
        urlopen(call, timeout=0.1)

    def late() -> bool:
        return slack.messages(CHANNEL)[-1].text == "late"

    slack.until(late, what="the work of the hanging call")


def test_a_slow_slack_is_late_with_every_answer_until_it_is_slow_no_more(
    slack: SandboxSlack, client: WebClient
) -> None:
    slack.slow(30.0)
    call = Request(f"{slack.api_url}auth.test", headers={"Authorization": "Bearer any"})
    with pytest.raises(TimeoutError):
        urlopen(call, timeout=0.1)
    slack.slow(0.0)

    assert client.auth_test()["ok"]


def test_calls_are_remembered_until_they_are_forgotten(
    slack: SandboxSlack, client: WebClient
) -> None:
    slack.forget_calls()
    client.chat_postMessage(channel=CHANNEL, text="noted")

    (call,) = slack.calls()
    assert (call.method, call.args, call.error) == (
        "chat.postMessage",
        {"channel": CHANNEL, "text": "noted"},
        None,
    )


def test_without_a_socket_a_command_cannot_be_dispatched(slack: SandboxSlack) -> None:
    assert slack.command("UANN", "help").error == "dispatch_failed"


def test_a_ticket_of_socket_mode_is_good_for_one_try(slack: SandboxSlack) -> None:
    app = WebClient(slack.app_token, base_url=slack.api_url)
    url = app.apps_connections_open(app_token=slack.app_token)["url"].replace("ws:", "http:")

    with pytest.raises(HTTPError, match="400") as no_websocket:
        urlopen(url)
    with pytest.raises(HTTPError, match="401") as used:
        urlopen(url)
    no_websocket.value.close()
    used.value.close()


def test_waiting_in_vain_shows_what_there_was(slack: SandboxSlack, client: WebClient) -> None:
    client.chat_postMessage(channel=CHANNEL, text="something else")
    with pytest.raises(NeverSeen, match=r"the moon(.|\n)*something else"):
        slack.until(lambda: None, within=0.0, what="the moon")


def test_a_mistake_of_the_test_is_a_value_error(slack: SandboxSlack) -> None:
    with pytest.raises(ValueError, match="CNOWHERE"):
        slack.messages("CNOWHERE")
    with pytest.raises(ValueError, match="UNONE"):
        slack.ephemerals("UNONE")
    with pytest.raises(ValueError, match="UNONE"):
        slack.views("UNONE")
    with pytest.raises(ValueError, match="is_tall"):
        slack.change_user("UANN", is_tall=True)
    with pytest.raises(ValueError, match="UNONE"):
        slack.add_channel("CODD", "odd", members=["UNONE"])
    with pytest.raises(ValueError, match="postMesage"):
        slack.force("chat.postMesage", status=500)
    assert slack.command("UNONE", "help").error == "there is nobody called UNONE"


def test_the_page_says_what_can_be_done_here(slack: SandboxSlack) -> None:
    page = Request(slack.api_url.removesuffix("api/"))
    with urlopen(page) as response:
        assert "add_user" in response.read().decode()


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, {"is_shared": False, "is_ext_shared": False}),
        ({"is_org_shared": True}, {"is_shared": True, "is_ext_shared": False}),
        ({"is_ext_shared": True}, {"is_shared": True, "is_ext_shared": True}),
        (
            {"is_pending_ext_shared": True},
            {"is_pending_ext_shared": True, "pending_connected_team_ids": [OTHER_TEAM]},
        ),
    ],
    ids=["ours", "of the organisation", "shared", "to be shared"],
)
def test_a_channel_says_with_whom_it_is_shared(
    slack: SandboxSlack, client: WebClient, facts: dict[str, bool], shown: dict[str, Any]
) -> None:
    slack.add_channel("CSHARING", "sharing", members=[], **facts)

    told = client.conversations_info(channel="CSHARING")["channel"]

    assert shown.items() <= told.items()
    assert ("T0" in str(told["pending_shared"])) == ("is_pending_ext_shared" in facts)
