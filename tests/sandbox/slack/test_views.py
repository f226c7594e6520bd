from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import View
from tests.sandbox.slack.conftest import Bot, button, form, posted

OPTIONS = [
    {"text": {"type": "plain_text", "text": name}, "value": name.lower()}
    for name in ("Admin", "Reader")
]
MENU: dict[str, Any] = {
    "type": "input",
    "block_id": "which",
    "optional": True,
    "label": {"type": "plain_text", "text": "Which"},
    "element": {
        "type": "static_select",
        "action_id": "role",
        "options": OPTIONS,
    },
}


def opened(slack: SandboxSlack, bot: Bot, **more: Any) -> View:
    slack.command("UANN", "request")
    bot.client.views_open(trigger_id=bot.heard[-1]["trigger_id"], view=form(**more))
    bot.heard.clear()
    return slack.views("UANN")[-1]


def test_a_submission_carries_every_input_and_closes_the_view(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, private_metadata="42", blocks=[*form()["blocks"], MENU])
    reply = slack.submit("UANN", view, {"reason": "prod is down", "which": "reader"})

    assert (reply.acked, reply.error) == (True, None)
    sent = bot.heard[0]["view"]
    assert (sent["callback_id"], sent["private_metadata"]) == ("form", "42")
    assert sent["state"]["values"] == {
        "why": {"reason": {"type": "plain_text_input", "value": "prod is down"}},
        "which": {"role": {"type": "static_select", "selected_option": OPTIONS[1]}},
    }
    assert slack.views("UANN") == []


def test_an_empty_or_too_short_input_never_reaches_the_app(slack: SandboxSlack, bot: Bot) -> None:
    view = opened(slack, bot)

    assert "required" in str(slack.submit("UANN", view, {}).error)
    assert "between 3 and 3000" in str(slack.submit("UANN", view, {"reason": "no"}).error)
    assert "0 inputs called resaon" in str(slack.submit("UANN", view, {"resaon": "typo"}).error)
    assert bot.heard == []
    assert slack.views("UANN") == [view]


def test_one_action_id_in_two_inputs_must_be_told_apart_by_their_blocks(
    slack: SandboxSlack, bot: Bot
) -> None:
    (first,) = form()["blocks"]
    view = opened(slack, bot, blocks=[first, {**first, "block_id": "why-else"}])

    assert "2 inputs called reason" in str(slack.submit("UANN", view, {"reason": "because"}).error)
    assert slack.submit("UANN", view, {"why": "because", "why-else": "therefore"}).acked
    values = bot.heard[0]["view"]["state"]["values"]
    assert [values[name]["reason"]["value"] for name in ("why", "why-else")] == [
        "because",
        "therefore",
    ]


def test_what_is_offered_first_is_submitted_if_nobody_changes_it(
    slack: SandboxSlack, bot: Bot
) -> None:
    element = {**MENU["element"], "initial_option": OPTIONS[0]}
    view = opened(slack, bot, blocks=[{**MENU, "element": element}])

    assert "not one of the options" in str(slack.submit("UANN", view, {"role": "owner"}).error)
    assert slack.submit("UANN", view, {}).acked
    chosen = bot.heard[0]["view"]["state"]["values"]["which"]["role"]
    assert chosen["selected_option"] == OPTIONS[0]


def test_errors_are_shown_beside_inputs_and_the_view_stays(slack: SandboxSlack, bot: Bot) -> None:
    view = opened(slack, bot)
    bot.answers(lambda ack, _body: ack(response_action="errors", errors={"why": "Say more."}))
    reply = slack.submit("UANN", view, {"why": "because"})

    assert reply.error is None
    assert [shown.errors for shown in slack.views("UANN")] == [{"why": "Say more."}]


def test_errors_keyed_by_anything_but_an_inputs_block_are_the_apps_mistake(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot)
    bot.answers(lambda ack, _body: ack(response_action="errors", errors={"reason": "no"}))
    reply = slack.submit("UANN", view, {"why": "because"})

    assert reply.error == "errors must be keyed by the block_ids of input blocks"


def test_an_ack_can_update_the_view_push_another_or_clear_all(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot)
    bot.answers(lambda ack, _body: ack(response_action="update", view=form(private_metadata="b")))
    slack.submit("UANN", view, {"why": "because"})
    (updated,) = slack.views("UANN")
    assert (updated.id, updated.document["private_metadata"]) == (view.id, "b")
    assert updated.hash != view.hash

    bot.answers(lambda ack, _body: ack(response_action="push", view=form(private_metadata="c")))
    slack.submit("UANN", updated, {"why": "because"})
    pushed = slack.views("UANN")[-1]
    assert (pushed.previous_view_id, pushed.root_view_id) == (view.id, view.id)

    bot.answers(lambda ack, _body: ack(response_action="clear"))
    slack.submit("UANN", pushed, {"why": "because"})
    assert slack.views("UANN") == []


def test_a_bad_view_in_an_ack_is_told_as_slack_would_refuse_it(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot)
    long = {"type": "plain_text", "text": "x" * 25}
    bot.answers(lambda ack, _body: ack(response_action="update", view=form(title=long)))
    reply = slack.submit("UANN", view, {"why": "because"})

    assert "must be less than 25 characters [json-pointer:/view/title/text]" in str(reply.error)
    assert slack.views("UANN") == [view]


def test_an_update_with_an_old_hash_is_a_conflict(slack: SandboxSlack, bot: Bot) -> None:
    view = opened(slack, bot, external_id="form-1")
    bot.client.views_update(external_id="form-1", hash=view.hash, view=form(external_id="form-1"))

    with pytest.raises(SlackApiError, match="hash_conflict"):
        bot.client.views_update(view_id=view.id, hash=view.hash, view=form())
    bot.client.views_update(view_id=view.id, view=form(private_metadata="newest"))
    assert slack.views("UANN")[-1].document["private_metadata"] == "newest"


def test_at_most_three_views_lie_on_each_other(slack: SandboxSlack, bot: Bot) -> None:
    blocks = button()
    view = opened(slack, bot, blocks=blocks)
    for _ in range(2):
        slack.click("UANN", view, "press")
        bot.client.views_push(trigger_id=bot.heard[-1]["trigger_id"], view=form(blocks=blocks))
        view = slack.views("UANN")[-1]
    slack.click("UANN", view, "press")

    assert len(slack.views("UANN")) == 3
    with pytest.raises(SlackApiError, match="push_limit_reached"):
        bot.client.views_push(trigger_id=bot.heard[-1]["trigger_id"], view=form())


def test_a_click_in_a_view_names_the_view_and_has_no_response_url(
    slack: SandboxSlack, bot: Bot
) -> None:
    view = opened(slack, bot, blocks=[*button("v9"), *form()["blocks"]])
    slack.click("UANN", view, "press")

    body = bot.heard[0]
    assert body["container"] == {"type": "view", "view_id": view.id}
    assert (body["actions"][0]["value"], body["view"]["hash"]) == ("v9", view.hash)
    assert "response_url" not in body


def test_only_the_person_with_the_view_in_front_can_use_it(slack: SandboxSlack, bot: Bot) -> None:
    view = opened(slack, bot)

    assert "in front" in str(slack.submit("UBOB", view, {"why": "because"}).error)
    slack.close_view("UANN", view)
    assert "in front" in str(slack.submit("UANN", view, {"why": "because"}).error)
    with pytest.raises(SlackApiError, match="not_found"):
        bot.client.views_update(view_id=view.id, view=form())


def test_the_app_hears_of_a_closed_view_if_it_asked_to(slack: SandboxSlack, bot: Bot) -> None:
    quiet = slack.close_view("UANN", opened(slack, bot))
    assert (quiet.acked, quiet.error) == (False, None)
    told = slack.close_view("UANN", opened(slack, bot, notify_on_close=True), clear=True)

    assert told.acked
    assert (bot.heard[0]["type"], bot.heard[0]["is_cleared"]) == ("view_closed", True)


def test_two_open_views_cannot_have_one_external_id(slack: SandboxSlack, bot: Bot) -> None:
    opened(slack, bot, external_id="one")
    card = posted(slack, bot.client, blocks=button())
    slack.click("UBOB", card, "press")

    trigger_id = bot.heard[0]["trigger_id"]
    with pytest.raises(SlackApiError, match="duplicate_external_id"):
        bot.client.views_open(trigger_id=trigger_id, view=form(external_id="one"))
