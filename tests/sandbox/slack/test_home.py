from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.process import SandboxSlack
from tests.sandbox.slack.conftest import Bot, button, form, options, plain

WORDS = {"type": "section", "text": {"type": "mrkdwn", "text": "Nothing waits for you."}}


def home(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "home", "blocks": list(blocks or (WORDS,)), **more}


def refusal(client: WebClient, **args: Any) -> tuple[str, list[str]]:
    with pytest.raises(SlackApiError) as refused:
        client.views_publish(**{"user_id": "UANN", "view": home(), **args})
    answer = refused.value.response
    return str(answer["error"]), answer.get("response_metadata", {}).get("messages", [])


def test_whoever_opens_the_home_is_told_to_the_app_and_sees_what_it_publishes(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UNEW")
    assert slack.home("UNEW") is None
    assert slack.open_home("UNEW").acked

    (told,) = slack.until(lambda: bot.events, what="the event")
    assert (told["type"], told["team_id"], told["api_app_id"]) == (
        "event_callback",
        "T0SANDBOX",
        "A0XACCT",
    )
    assert told["event"] | {"event_ts": ""} == {
        "type": "app_home_opened",
        "user": "UNEW",
        "channel": slack.dm("UNEW"),
        "tab": "home",
        "event_ts": "",
    }
    bot.client.views_publish(user_id="UNEW", view=home())
    seen = slack.home("UNEW")
    assert seen is not None
    assert seen.blocks[0]["text"]["text"] == "Nothing waits for you."
    assert slack.home("UBOB") is None


def test_the_event_carries_the_view_that_was_there_on_the_home_tab_only(
    slack: SandboxSlack, bot: Bot
) -> None:
    published = bot.client.views_publish(user_id="UANN", view=home(private_metadata="p1"))["view"]
    slack.open_home("UANN", tab="messages")
    slack.open_home("UANN")

    first, second = slack.until(lambda: bot.events[1:] and bot.events, what="both events")
    assert (first["event"]["tab"], "view" in first["event"]) == ("messages", False)
    shown = second["event"]["view"]
    assert (shown["id"], shown["hash"]) == (published["id"], published["hash"])
    assert (shown["type"], shown["private_metadata"]) == ("home", "p1")


def test_publishing_again_replaces_the_view_under_its_id_unless_the_hash_is_old(
    slack: SandboxSlack, client: WebClient
) -> None:
    first = client.views_publish(user_id="UBOB", view=home(callback_id="a"))["view"]
    second = client.views_publish(user_id="UBOB", view=home(callback_id="b"), hash=first["hash"])

    assert second["view"]["id"] == first["id"]
    assert refusal(client, user_id="UBOB", hash=first["hash"]) == ("hash_conflict", [])
    seen = slack.home("UBOB")
    assert seen is not None
    assert (seen.callback_id, seen.hash) == ("b", second["view"]["hash"])


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({"user_id": "UNONE"}, "[ERROR] invalid `user_id`"),
        (
            {"view": home(*[{"type": "divider"}] * 101)},
            "[ERROR] no more than 100 items allowed [json-pointer:/view/blocks]",
        ),
        (
            {"view": home(title=plain("Home"))},
            "[ERROR] invalid additional property: title [json-pointer:/view]",
        ),
        (
            {"view": home(submit=plain("Send"))},
            "[ERROR] invalid additional property: submit [json-pointer:/view]",
        ),
        ({"view": form()}, "[ERROR] unsupported type: modal [json-pointer:/view/type]"),
        (
            {"view": home({"type": "alert", "text": plain("Careful")})},
            "[ERROR] unsupported type: alert [json-pointer:/view/blocks/0/type]",
        ),
        (
            {"view": home(*button(), *button())},
            "[ERROR] `block_id` row already exists [json-pointer:/view/blocks]",
        ),
    ],
)
def test_a_bad_home_is_refused_with_the_place(
    client: WebClient, args: dict[str, Any], said: str
) -> None:
    assert refusal(client, **args) == ("invalid_arguments", [said])


def test_a_home_is_no_larger_than_250_kilobytes(client: WebClient) -> None:
    words = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 2900}}

    assert refusal(client, view=home(*[words] * 90))[0] == "view_too_large"
    assert client.views_publish(user_id="UANN", view=home(*[{"type": "divider"}] * 100))["ok"]


def test_an_external_id_is_one_views_only(slack: SandboxSlack, bot: Bot) -> None:
    bot.client.views_publish(user_id="UANN", view=home(external_id="mine"))
    slack.command("UANN", "request")
    trigger_id = bot.heard[0]["trigger_id"]
    bot.client.views_open(trigger_id=trigger_id, view=form(external_id="modal"))

    for user, taken in (("UBOB", "mine"), ("UANN", "modal")):
        view = home(external_id=taken)
        assert refusal(bot.client, user_id=user, view=view)[0] == "duplicate_external_id"
    assert bot.client.views_publish(user_id="UANN", view=home(external_id="mine"))["ok"]
    slack.close_view("UANN", slack.views("UANN")[-1])


def test_a_click_on_the_home_names_the_view_and_its_trigger_opens_a_modal(
    slack: SandboxSlack, bot: Bot
) -> None:
    bot.client.views_publish(user_id="UANN", view=home(*button("v3")))
    seen = slack.home("UANN")
    assert seen is not None
    assert slack.click("UANN", seen, "press").acked

    body = bot.heard[0]
    assert body["container"] == {"type": "view", "view_id": seen.id}
    assert (body["view"]["type"], body["view"]["hash"]) == ("home", seen.hash)
    assert body["actions"][0]["value"] == "v3"
    assert {"response_url", "message", "channel"}.isdisjoint(body)
    with pytest.raises(SlackApiError, match="not_found"):
        bot.client.views_push(trigger_id=body["trigger_id"], view=form())
    slack.click("UANN", seen, "press")
    bot.client.views_open(trigger_id=bot.heard[-1]["trigger_id"], view=form())
    assert "in front" in str(slack.click("UANN", seen, "press").error)
    slack.close_view("UANN", slack.views("UANN")[-1])


def test_only_its_owner_can_click_a_home_and_an_old_copy_only_by_forgery(
    slack: SandboxSlack, bot: Bot
) -> None:
    bot.client.views_publish(user_id="UANN", view=home(*button("old")))
    old = slack.home("UANN")
    assert old is not None
    bot.client.views_publish(user_id="UANN", view=home())

    assert "in front" in str(slack.click("UBOB", old, "press").error)
    assert slack.click("UANN", old, "press").error == "there is nothing called press to click"
    assert slack.click("UANN", old, "press", forged=True).acked
    assert bot.heard[0]["actions"][0]["value"] == "old"


def test_a_choice_on_the_home_stays_while_its_menu_does(slack: SandboxSlack, bot: Bot) -> None:
    menu = {"type": "static_select", "action_id": "pick", "options": options("all", "mine")}
    row = {"type": "actions", "block_id": "filter", "elements": [menu]}
    bot.client.views_publish(user_id="UANN", view=home(row))
    seen = slack.home("UANN")
    assert seen is not None
    slack.choose("UANN", seen, "pick", "mine")
    bot.client.views_publish(user_id="UANN", view=home(row, WORDS))

    chosen = bot.heard[0]["view"]["state"]["values"]["filter"]["pick"]["selected_option"]
    assert chosen == options("mine")[0]
    newer = slack.home("UANN")
    assert newer is not None
    assert newer.state["filter"]["pick"]["selected_option"] == chosen
    bot.client.views_publish(user_id="UANN", view=home({**row, "block_id": "filter-2"}))
    newest = slack.home("UANN")
    assert newest is not None
    assert newest.state == {}
    assert slack.close_view("UANN", newest).error == "a home tab cannot be closed"


def test_people_of_other_teams_and_who_cannot_sign_in_are_not_offered_the_home(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UFAR", team_id="TFAR", is_stranger=True)
    slack.add_user("ULEFT", deleted=True)

    assert "another team" in str(slack.open_home("UFAR").error)
    assert slack.open_home("ULEFT").error == "ULEFT cannot sign in"
    assert bot.events == []
    slack.add_user("UPAST")
    bot.client.views_publish(user_id="UPAST", view=home(*button()))
    left = slack.home("UPAST")
    assert left is not None
    slack.change_user("UPAST", deleted=True)
    assert slack.click("UPAST", left, "press").error == "UPAST cannot sign in"
    assert slack.click("UPAST", left, "press", forged=True).acked
