from typing import Any

import pytest

from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Refused, View
from tests.sandbox.slack.conftest import Bot, external, form, options, plain, posted

ACCOUNTS = options("prod-payments", "prod-web", "test")


def menu(block_id: str = "account", *, dispatch: bool = False, **more: Any) -> dict[str, Any]:
    element = external(**{"min_query_length": 0, **more})
    block = {"type": "input", "block_id": block_id, "label": plain("Account"), "element": element}
    return {**block, "dispatch_action": True} if dispatch else block


def opened(slack: SandboxSlack, bot: Bot, *blocks: dict[str, Any]) -> View:
    slack.command("UANN", "request")
    bot.client.views_open(trigger_id=bot.heard[-1]["trigger_id"], view=form(blocks=list(blocks)))
    bot.forget()
    bot.answers(matching)
    return slack.views("UANN")[-1]


def matching(ack: Any, body: dict[str, Any]) -> None:
    """The options that begin with what was typed; to anything else a plain ack."""
    if body.get("type") != "block_suggestion":
        ack()
        return
    ack(options=[option for option in ACCOUNTS if option["value"].startswith(body["value"])])


def test_typing_into_a_menu_of_a_view_asks_the_app_and_shows_its_options(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu())

    assert slack.suggest("UANN", view, "pick", "prod") == ACCOUNTS[:2]
    assert slack.suggest("UANN", view, "pick", "nothing like it") == []
    body = bot.heard[0]
    assert (body["type"], body["value"]) == ("block_suggestion", "prod")
    assert (body["action_id"], body["block_id"]) == ("pick", "account")
    assert body["container"] == {"type": "view", "view_id": view.id}
    assert body["view"]["state"]["values"]["account"]["pick"]["selected_option"] is None
    assert body["user"]["id"] == "UANN"
    assert {"trigger_id", "response_url", "message", "channel"}.isdisjoint(body)


def test_what_was_suggested_can_be_submitted_and_nothing_else(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu())

    assert "not one of the options" in str(slack.submit("UANN", view, {"pick": "test"}).error)
    slack.suggest("UANN", view, "pick", "prod")
    assert "not one of the options" in str(slack.submit("UANN", view, {"pick": "test"}).error)
    slack.suggest("UANN", view, "pick", "t")
    bot.heard.clear()
    assert slack.submit("UANN", view, {"pick": "prod-web"}).acked
    sent = bot.heard[0]["view"]["state"]["values"]["account"]["pick"]
    assert sent == {"type": "external_select", "selected_option": ACCOUNTS[1]}


def test_a_menus_initial_option_needs_no_suggestion_and_a_forged_one_neither(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu(initial_option=ACCOUNTS[2]))
    assert slack.submit("UANN", view, {}).acked
    forged = opened(slack, bot, menu())
    assert slack.submit("UANN", forged, {"pick": "root"}, forged=True).acked

    sent = bot.heard[-1]["view"]["state"]["values"]["account"]["pick"]["selected_option"]
    assert sent == {"text": plain("root"), "value": "root"}
    empty = opened(slack, bot, menu())
    assert "required" in str(slack.submit("UANN", empty, {}).error)
    assert slack.submit("UANN", empty, {}, forged=True).acked


def test_a_suggestion_counts_for_the_person_and_the_message_it_was_made_to(
    slack: SandboxSlack, bot: Bot
) -> None:
    row = {"type": "actions", "block_id": "row", "elements": [external(min_query_length=0)]}
    card = posted(slack, bot.client, blocks=[row])
    bot.answers(matching)

    assert slack.suggest("UANN", card, "pick", "test") == ACCOUNTS[2:]
    assert "not one of the options" in str(slack.choose("UBOB", card, "pick", "test").error)
    other = posted(slack, bot.client, blocks=[row])
    assert "not one of the options" in str(slack.choose("UANN", other, "pick", "test").error)
    assert slack.choose("UANN", card, "pick", "test").acked
    asked, chosen = bot.heard
    assert (asked["message"]["ts"], asked["channel"]["id"]) == (card.ts, card.channel)
    assert chosen["actions"][0]["selected_option"] == ACCOUNTS[2]
    assert chosen["state"]["values"]["row"]["pick"]["selected_option"] == ACCOUNTS[2]


def test_a_menu_that_is_gone_can_be_chosen_from_by_forgery_only(
    slack: SandboxSlack, bot: Bot
) -> None:
    row = {"type": "actions", "block_id": "row", "elements": [external()]}
    old = posted(slack, bot.client, blocks=[row])
    bot.client.chat_update(channel=old.channel, ts=old.ts, text="decided")

    assert slack.choose("UANN", old, "pick", "root").error == (
        "there is nothing called pick to click"
    )
    assert slack.choose("UANN", old, "pick", "root", forged=True).acked
    assert bot.heard[0]["actions"][0]["selected_option"]["value"] == "root"


def test_nothing_is_asked_before_enough_was_typed(slack: SandboxSlack, bot: Bot) -> None:
    three = {**external(), "min_query_length": 2, "action_id": "two"}
    view = opened(
        slack,
        bot,
        {**menu(), "element": external()},
        {**menu("other"), "element": three},
    )

    with pytest.raises(Refused, match="pick wants at least 3 characters"):
        slack.suggest("UANN", view, "pick", "pr")
    with pytest.raises(Refused, match="two wants at least 2 characters"):
        slack.suggest("UANN", view, "two", "p")
    with pytest.raises(Refused, match="no external menu called absent"):
        slack.suggest("UANN", view, "absent", "prod")
    assert bot.heard == []
    assert slack.suggest("UANN", view, "pick", "pr", forged=True) == ACCOUNTS[:2]


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ({"options": options("a") * 101}, "no more than 100 items allowed"),
        ({"options": [{"text": plain("x" * 76), "value": "a"}]}, "must be less than 76"),
        ({"options": [{"text": plain("A"), "value": "v" * 151}]}, "must be less than 151"),
        ({"option_groups": [{"label": plain("G"), "options": []}]}, "at least 1 items"),
        ({"text": "no options at all"}, "must define either `options` or `option_groups`"),
    ],
)
def test_options_that_slack_could_not_show_are_the_apps_mistake(
    slack: SandboxSlack, bot: Bot, answer: dict[str, Any], complaint: str
) -> None:
    view = opened(slack, bot, menu())
    bot.answers(lambda ack, _body: ack(answer))

    with pytest.raises(Refused, match=complaint):
        slack.suggest("UANN", view, "pick", "")


def test_options_may_come_in_groups(slack: SandboxSlack, bot: Bot) -> None:
    view = opened(slack, bot, menu())
    groups = [{"label": plain("Production"), "options": ACCOUNTS[:2]}]
    bot.answers(lambda ack, body: ack(option_groups=groups if body.get("value") else None))

    assert slack.suggest("UANN", view, "pick", "prod") == groups
    bot.answers(matching)
    assert slack.submit("UANN", view, {"pick": "prod-web"}).acked


def test_an_app_that_does_not_answer_in_time_suggests_nothing(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu())
    bot.answers(lambda _ack, _body: None)

    with pytest.raises(Refused, match="operation_timeout"):
        slack.suggest("UANN", view, "pick", "prod")


def test_a_choice_that_dispatches_is_in_the_views_state_from_then_on(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu(dispatch=True), menu("role"))
    slack.suggest("UANN", view, "pick", "test", block_id="account")
    assert slack.choose("UANN", view, "pick", "test", block_id="account").acked
    slack.suggest("UANN", view, "pick", "", block_id="role")

    _first, choice, later = bot.heard
    assert (choice["type"], choice["actions"][0]["block_id"]) == ("block_actions", "account")
    chosen = {"type": "external_select", "selected_option": ACCOUNTS[2]}
    for body in (choice, later):
        assert body["view"]["state"]["values"]["account"]["pick"] == chosen
    assert choice["view"]["state"]["values"]["role"]["pick"]["selected_option"] is None
    assert slack.views("UANN")[-1].state == {"account": {"pick": chosen}}


def test_an_input_that_does_not_dispatch_is_sent_with_the_submission_only(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu(initial_option=ACCOUNTS[0]))

    assert slack.choose("UANN", view, "pick", "prod-payments").error == (
        "pick is only sent when the view is submitted"
    )
    assert bot.heard == []


def test_an_update_keeps_what_was_chosen_in_inputs_whose_ids_stay(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu(dispatch=True), *form()["blocks"])
    slack.suggest("UANN", view, "pick", "test")
    slack.choose("UANN", view, "pick", "test")
    menus = [menu(dispatch=True), menu("role", action_id="role", initial_option=ACCOUNTS[0])]
    bot.client.views_update(view_id=view.id, view=form(blocks=[*menus, *form()["blocks"]]))
    bot.heard.clear()
    assert slack.submit("UANN", view, {"reason": "because"}).acked

    values = bot.heard[0]["view"]["state"]["values"]
    assert values["account"]["pick"]["selected_option"] == ACCOUNTS[2]
    assert values["role"]["role"]["selected_option"] == ACCOUNTS[0]
    assert values["why"]["reason"]["value"] == "because"


def test_an_update_with_other_ids_forgets_what_was_chosen_and_suggested(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, menu(dispatch=True))
    slack.suggest("UANN", view, "pick", "test")
    slack.choose("UANN", view, "pick", "test")
    bot.client.views_update(view_id=view.id, view=form(blocks=[menu("account-2")]))

    assert slack.views("UANN")[-1].state == {}
    assert "required" in str(slack.submit("UANN", view, {}).error)
    assert "not one of the options" in str(slack.submit("UANN", view, {"pick": "test"}).error)


def test_a_submission_overrides_what_was_chosen_before(slack: SandboxSlack, bot: Bot) -> None:
    view = opened(slack, bot, menu(dispatch=True))
    slack.suggest("UANN", view, "pick", "")
    slack.choose("UANN", view, "pick", "test")
    bot.heard.clear()
    slack.submit("UANN", view, {"pick": "prod-web"})

    assert (
        bot.heard[0]["view"]["state"]["values"]["account"]["pick"]["selected_option"]
        == (ACCOUNTS[1])
    )


def test_typing_into_a_dispatching_text_input_is_told_at_once(
    slack: SandboxSlack, bot: Bot
) -> None:
    element = {"type": "plain_text_input", "action_id": "pick"}
    view = opened(slack, bot, {**menu(dispatch=True), "element": element})
    slack.choose("UANN", view, "pick", "1h")
    action = bot.heard[0]["actions"][0]

    assert (action["type"], action["value"]) == ("plain_text_input", "1h")
    assert slack.submit("UANN", view, {}).acked
    assert bot.heard[1]["view"]["state"]["values"]["account"]["pick"]["value"] == "1h"
