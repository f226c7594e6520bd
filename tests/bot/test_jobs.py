from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from bot import jobs
from tests.bot.office import Office

MANIFEST = Path(__file__).parents[2] / "slack-app-manifest.yaml"


def test_paid_rows_go_when_no_replay_can_reach_them_any_more(office: Office) -> None:
    office.says("carol", "list")
    office.hears("carol", "nothing open")
    made = office.parts
    clear = jobs.scheduler(office.world, made.sweep, made.drift).get_job("clear the inbox")

    clear.func()
    assert len(office.inbox()) == 1
    office.clock.move(timedelta(minutes=11))
    clear.func()

    assert office.inbox() == []


def test_late_jobs_are_run_once_and_never_beside_themselves(office: Office) -> None:
    scheduler = jobs.scheduler(office.world, office.parts.sweep, office.parts.drift)
    scheduler.start(paused=True)
    found = scheduler.get_jobs()
    scheduler.shutdown(wait=False)

    assert {one.id for one in found} == {"sweep", "clear the inbox", "leave", "drift"}
    for one in found:
        assert (one.misfire_grace_time, one.coalesce, one.max_instances) == (None, True, 1)


def test_the_manifest_asks_slack_for_no_more_than_is_used() -> None:
    manifest: dict[str, Any] = yaml.safe_load(MANIFEST.read_text())

    scopes = manifest["oauth_config"]["scopes"]
    assert scopes == {"bot": ["commands", "chat:write", "users:read", "users:read.email"]}
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"]
    assert settings["interactivity"]["is_enabled"]
    assert not settings["org_deploy_enabled"]
    assert "event_subscriptions" not in settings
    commands = manifest["features"]["slash_commands"]
    assert [(one["command"], one["should_escape"]) for one in commands] == [("/xacct", True)]
