import pytest
from slack_sdk.errors import SlackApiError

from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import TEAM
from tests.sandbox.slack.conftest import CHANNEL, Bot, button, form, posted


def test_a_global_shortcut_comes_from_nowhere_and_its_trigger_opens_a_modal(
    slack: SandboxSlack, bot: Bot
) -> None:
    assert slack.shortcut("UANN", "form").acked

    body = bot.heard[0]
    assert body | {"trigger_id": "", "action_ts": ""} == {
        "type": "shortcut",
        "callback_id": "form",
        "trigger_id": "",
        "user": {"id": "UANN", "username": "ann", "team_id": TEAM},
        "team": {"id": TEAM, "domain": "sandbox"},
        "action_ts": "",
        "is_enterprise_install": False,
        "enterprise": None,
        "token": "sandbox",
    }
    bot.client.views_open(trigger_id=body["trigger_id"], view=form())
    assert [view.callback_id for view in slack.views("UANN")] == ["form"]
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        bot.client.views_open(trigger_id=body["trigger_id"], view=form())


def test_people_of_other_teams_and_who_cannot_sign_in_can_only_forge_a_shortcut(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UFAR", team_id="TFAR", is_stranger=True)
    slack.add_user("UGONE", deleted=True)

    assert "another team" in str(slack.shortcut("UFAR", "form").error)
    assert slack.shortcut("UGONE", "form").error == "UGONE cannot sign in"
    assert bot.heard == []
    assert slack.shortcut("UFAR", "form", forged=True).acked
    assert bot.heard[0]["user"]["team_id"] == "TFAR"


def test_payloads_name_the_workspace_and_organisation_that_they_are_made_to_come_from(
    slack: SandboxSlack, bot: Bot
) -> None:
    slack.add_user("UEVE", team_id="TEVIL", from_team="TEVIL", enterprise_id="EEVIL")
    slack.add_user("UMIX", from_team="TEVIL")
    card = posted(slack, bot.client, blocks=button())
    slack.click("UEVE", card, "press", forged=True)
    slack.shortcut("UEVE", "form", forged=True)
    slack.command("UEVE", "help", channel=CHANNEL, forged=True)
    slack.command("UMIX", "help")

    click, shortcut, command, mixed = bot.heard
    for body in (click, shortcut):
        assert (body["team"]["id"], body["team"]["enterprise_id"]) == ("TEVIL", "EEVIL")
        assert (body["enterprise"]["id"], body["user"]["team_id"]) == ("EEVIL", "TEVIL")
    assert (command["team_id"], command["enterprise_id"]) == ("TEVIL", "EEVIL")
    assert (mixed["team_id"], "enterprise_id" in mixed) == ("TEVIL", False)
    shown = bot.client.users_info(user="UEVE")["user"]
    assert shown["enterprise_user"]["enterprise_id"] == "EEVIL"
    assert "enterprise_user" not in bot.client.users_info(user="UMIX")["user"]
