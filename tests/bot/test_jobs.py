import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from bot import jobs
from bot.listeners.forms import SHORTCUT
from sandbox.slack.scopes import scopes_of
from tests.bot.office import Office

HOUSE = Path(__file__).parents[2]
MANIFEST = HOUSE / "slack-app-manifest.yaml"


def test_paid_rows_go_when_no_replay_can_reach_them_any_more(office: Office) -> None:
    office.says("carol", "list")
    office.hears("carol", "nothing open")
    made = office.parts
    clear = jobs.scheduler(office.world, made.sweep, made.drift, made.channels).get_job(
        "clear the inbox"
    )

    clear.func()
    assert len(office.inbox()) == 1
    office.clock.move(timedelta(minutes=11))
    clear.func()

    assert office.inbox() == []


def test_late_jobs_are_run_once_and_never_beside_themselves(office: Office) -> None:
    scheduler = jobs.scheduler(
        office.world, office.parts.sweep, office.parts.drift, office.parts.channels
    )
    scheduler.start(paused=True)
    found = scheduler.get_jobs()
    scheduler.shutdown(wait=False)

    assert {one.id for one in found} == {
        "sweep",
        "clear the inbox",
        "leave",
        "anchor",
        "drift",
        "channels",
        "channels that are wrong",
    }
    for one in found:
        assert (one.misfire_grace_time, one.coalesce, one.max_instances) == (None, True, 1)


def methods_used() -> set[str]:
    """Every method of the Web API that the bot's code names, as a string or as the client's own."""
    text = "\n".join(one.read_text() for one in (HOUSE / "bot").rglob("*.py"))
    named = set(
        re.findall(r'"((?:chat|conversations|files|usergroups|users|views|auth)\.[\w.]+)"', text)
    )
    called = re.findall(
        r"\.((?:chat|conversations|files|usergroups|users|views|auth)_[a-zA-Z_]+)\(", text
    )
    return named | {one.replace("_", ".") for one in called}


def test_the_manifest_declares_the_scopes_of_what_is_called_and_no_others() -> None:
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    used = methods_used()
    assert {"chat.postMessage", "chat.update", "users.info", "views.open"} <= used

    needed = {scope for one in used for scope in scopes_of(one)}

    declared = manifest["oauth_config"]["scopes"]
    assert declared.keys() == {"bot"}
    needed -= {"im:read"}  # conversations.info is asked about channels, never about messages
    # commands: the slash command, the shortcut; the address is read from what users.info answers
    assert set(declared["bot"]) == needed | {"commands", "users:read.email"}
    assert '"email"' in (HOUSE / "bot" / "slack.py").read_text()


def test_the_manifest_tells_slack_of_all_that_is_listened_to_and_no_more() -> None:
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())
    listeners = "\n".join(one.read_text() for one in (HOUSE / "bot" / "listeners").glob("*.py"))

    settings, features = manifest["settings"], manifest["features"]
    assert settings["socket_mode_enabled"]
    assert settings["interactivity"]["is_enabled"]
    assert not settings["org_deploy_enabled"]
    heard = set(re.findall(r'app\.event\("(\w+)"\)', listeners))
    assert set(settings["event_subscriptions"]["bot_events"]) == heard
    assert [one["callback_id"] for one in features["shortcuts"]] == [SHORTCUT]
    commands = features["slash_commands"]
    assert [(one["command"], one["should_escape"]) for one in commands] == [("/xacct", True)]
