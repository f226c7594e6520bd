import time
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM, Shot
from tests.sandbox.slack.conftest import CHANNEL, Bot, button, form, posted, respond


def test_a_command_is_acked_and_answered_to_the_person_alone(slack: SandboxSlack, bot: Bot) -> None:
    def answer(ack: Any, body: Any) -> None:
        ack()
        respond(body, text=f"hello <@{body['user_id']}>")

    bot.answers(answer)
    reply = slack.command("UANN", "help", channel=CHANNEL)

    assert reply.acked
    assert reply.error is None
    assert 0 < reply.latency < 3
    seen = slack.until(lambda: slack.ephemerals("UANN"), what="the answer")
    assert (seen[-1].text, seen[-1].channel) == ("hello <@UANN>", CHANNEL)
    assert slack.ephemerals("UBOB") == []
    assert all(message.text != seen[-1].text for message in slack.messages(CHANNEL))


def test_a_commands_text_arrives_escaped_with_mentions_resolved(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.command("UANN", "a <b> & @bob. in #team not @nobody or x@bob.example", channel=CHANNEL)

    said = bot.heard[0]
    assert said["text"] == (
        "a &lt;b&gt; &amp; <@UBOB>. in <#CTEAM|team> not @nobody or x@bob.example"
    )
    assert (said["team_id"], said["user_id"], said["channel_id"]) == (TEAM, "UANN", CHANNEL)


def test_words_in_a_commands_ack_are_shown_to_the_person(slack: SandboxSlack, bot: Bot) -> None:
    bot.answers(lambda ack, _body: ack("in the ack"))
    reply = slack.command("UBOB", "help")

    assert reply.payload == {"text": "in the ack"}
    assert slack.ephemerals("UBOB")[-1].text == "in the ack"


def test_a_command_that_is_not_acked_in_three_seconds_times_out_and_its_trigger_is_dead(
    slack: SandboxSlack, bot: Bot
) -> None:
    bot.answers(lambda _ack, _body: None)
    reply = slack.command("UANN", "help")

    assert (reply.acked, reply.error) == (False, "operation_timeout")
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        bot.client.views_open(trigger_id=bot.heard[0]["trigger_id"], view=form())


def test_a_trigger_opens_one_view_only(slack: SandboxSlack, bot: Bot) -> None:
    slack.command("UANN", "request")
    trigger = bot.heard[0]["trigger_id"]
    bot.client.views_open(trigger_id=trigger, view=form())

    assert [view.callback_id for view in slack.views("UANN")] == ["form"]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        bot.client.views_open(trigger_id=trigger, view=form())
    with pytest.raises(SlackApiError, match="invalid_trigger_id"):
        bot.client.views_open(trigger_id="1.2.nonsense", view=form())


def test_a_click_carries_who_where_and_what(slack: SandboxSlack, bot: Bot) -> None:
    card = posted(slack, bot.client, blocks=button("v7"))
    reply = slack.click("UBOB", card, "press")

    assert reply.acked
    body = bot.heard[0]
    assert body["actions"][0] | {"action_ts": ""} == {
        "action_id": "press",
        "block_id": "row",
        "type": "button",
        "text": {"type": "plain_text", "text": "Press"},
        "value": "v7",
        "action_ts": "",
    }
    assert (body["user"]["id"], body["user"]["team_id"]) == ("UBOB", TEAM)
    assert (body["channel"]["id"], body["message"]["ts"]) == (CHANNEL, card.ts)
    assert body["container"] == {
        "type": "message",
        "message_ts": card.ts,
        "channel_id": CHANNEL,
        "is_ephemeral": False,
    }


def test_who_does_not_see_a_message_can_only_forge_a_click_on_it(
    slack: SandboxSlack, bot: Bot
) -> None:
    card = posted(slack, bot.client, blocks=button())

    assert slack.click("UOUT", card, "press").error == "UOUT does not see that message"
    assert slack.click("UANN", card, "absent").error == "there is nothing called absent to click"
    assert bot.heard == []
    assert slack.click("UOUT", card, "press", value="forged", forged=True).acked
    assert bot.heard[0]["actions"][0]["value"] == "forged"


def test_one_of_several_buttons_of_a_name_is_meant_by_its_block(
    slack: SandboxSlack, bot: Bot
) -> None:
    rows = [{**button(f"v-{row}")[0], "block_id": row} for row in ("one", "two")]
    card = posted(slack, bot.client, blocks=rows)

    assert "a block_id must say which" in str(slack.click("UANN", card, "press").error)
    assert slack.click("UANN", card, "press", block_id="two").acked
    assert bot.heard[0]["actions"][0]["value"] == "v-two"


def test_an_old_copy_of_a_message_can_be_clicked_by_forgery(slack: SandboxSlack, bot: Bot) -> None:
    old = posted(slack, bot.client, blocks=button("old"))
    bot.client.chat_update(channel=CHANNEL, ts=old.ts, text="decided")

    assert slack.click("UANN", old, "press").error == "there is nothing called press to click"
    assert slack.click("UANN", old, "press", forged=True).acked
    assert bot.heard[0]["actions"][0]["value"] == "old"


def test_people_whom_slack_offers_no_command_are_refused_before_the_app_hears_of_it(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UFAR", team_id="TFAR", is_stranger=True)
    slack.add_user("UGUEST", is_ultra_restricted=True)
    slack.add_user("UGONE", deleted=True)
    slack.change_channel(CHANNEL, members=["UANN", "UBOB", "UFAR"])

    assert "another team" in str(slack.command("UFAR", "help", channel=CHANNEL).error)
    assert slack.command("UGUEST", "help", channel=CHANNEL).error == f"UGUEST is not in {CHANNEL}"
    assert slack.command("UGONE", "help").error == "UGONE cannot sign in"
    assert bot.heard == []
    assert slack.command("UGUEST", "help").acked
    assert slack.command("UFAR", "help", forged=True).acked
    assert [body["team_id"] for body in bot.heard] == [TEAM, "TFAR"]


def test_a_stranger_in_a_shared_channel_can_click_and_the_payload_shows_the_team(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UFAR", team_id="TFAR", is_stranger=True)
    slack.change_channel(CHANNEL, members=["UANN", "UBOB", "UFAR"], is_ext_shared=True)

    assert slack.click("UFAR", posted(slack, bot.client, blocks=button()), "press").acked
    assert bot.heard[0]["user"]["team_id"] == "TFAR"
    assert bot.client.conversations_info(channel=CHANNEL)["channel"]["is_ext_shared"]


def test_a_response_url_can_be_used_five_times(slack: SandboxSlack, bot: Bot) -> None:
    slack.command("UANN", "help", channel=CHANNEL)
    before = len(slack.ephemerals("UANN"))
    answers = [respond(bot.heard[0], text=f"answer {n}") for n in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [404]
    assert "used_url" in answers[-1].body
    assert len(slack.ephemerals("UANN")) == before + 5
    assert slack.calls("response_url")[-1].error == "used_url"


def test_a_response_url_replaces_and_deletes_the_message_that_was_clicked(
    slack: SandboxSlack, bot: Bot
) -> None:
    card = posted(slack, bot.client, blocks=button())
    slack.click("UANN", card, "press")

    respond(bot.heard[0], text="replaced", replace_original=True)
    (newer,) = [message for message in slack.messages(CHANNEL) if message.ts == card.ts]
    assert (newer.text, newer.blocks, newer.edits) == ("replaced", [], 1)
    respond(bot.heard[0], delete_original=True)
    assert all(message.ts != card.ts for message in slack.messages(CHANNEL))
    assert respond(bot.heard[0], text="again", replace_original=True).status_code == 400


def test_an_ephemeral_message_is_replaced_by_its_own_click_and_never_becomes_public(
    slack: SandboxSlack, bot: Bot
) -> None:
    bot.client.chat_postEphemeral(channel=CHANNEL, user="UANN", text="whisper", blocks=button())
    whisper = slack.ephemerals("UANN")[-1]
    public = slack.messages(CHANNEL)

    assert slack.click("UBOB", whisper, "press").error == "UBOB does not see that message"
    assert slack.click("UANN", whisper, "press").acked
    assert bot.heard[0]["container"]["is_ephemeral"]
    assert "message" not in bot.heard[0]
    respond(bot.heard[0], text="to all?", response_type="in_channel")
    respond(bot.heard[0], text="changed", replace_original=True)
    assert slack.messages(CHANNEL) == public
    assert [m.text for m in slack.ephemerals("UANN")[-2:]] == ["changed", "to all?"]


def test_a_response_url_reaches_a_channel_that_the_app_is_not_in(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_channel("CELSE", "else", members=["UANN"], is_member=False)
    slack.command("UANN", "help", channel="CELSE")
    respond(bot.heard[0], text="hi all", response_type="in_channel")

    assert [message.text for message in slack.messages("CELSE")] == ["hi all"]


@pytest.mark.usefixtures("bot")
def test_a_refresh_of_the_sockets_loses_no_command(slack: SandboxSlack) -> None:
    slack.disconnect_sockets("refresh_requested")
    slack.until(lambda: slack.connected() == 1, what="the new socket")

    assert slack.command("UANN", "after the refresh").acked


@pytest.mark.usefixtures("bot")
def test_a_cut_socket_is_opened_again_by_the_app(slack: SandboxSlack) -> None:
    opened = len(slack.calls("apps.connections.open"))
    slack.disconnect_sockets(None)
    slack.until(
        lambda: len(slack.calls("apps.connections.open")) > opened and slack.connected() == 1,
        within=20,
        what="a new socket after the cut",
    )

    assert slack.command("UANN", "after the cut").acked


def test_a_burst_is_sent_on_schedule_and_answered(slack: SandboxSlack, bot: Bot) -> None:
    card = posted(slack, bot.client, blocks=button())
    commands = [Shot.command("UANN", f"number {n}") for n in range(150)]
    clicks = [Shot.click("UBOB", card, "press")] * 50
    started = time.monotonic()
    replies = slack.burst([*commands, *clicks], rate=200)

    assert 0.9 < time.monotonic() - started < 10
    assert [reply.error for reply in replies if not reply.acked] == []
    assert len(bot.heard) == 200
    assert len({body["trigger_id"] for body in bot.heard}) == 200
