"""What `--keep` says at the end: how to go on by hand, with commands that work as printed."""

import json
import shlex
import sys
import threading
from pathlib import Path
from typing import Any, Final

from demo.scene import Scene, number_of, slack_id
from demo.stage import Stage
from demo.telling import Telling

_HOUSE: Final = Path(__file__).parents[1]


def invite(stage: Stage, telling: Telling) -> None:
    """Leaves a request of Mallory's to decide on, says how, and waits for Ctrl-C."""
    scene = Scene(stage, telling)
    telling.step("Your turn: everything keeps running until Ctrl-C")
    card = scene.asks("mallory", "request dev-payments admin 1h look around")
    role, keys = scene.role("dev-payments/admin"), stage.furnished.users["mallory"]
    session = (
        f"AWS_ACCESS_KEY_ID={keys.access_key_id} AWS_SECRET_ACCESS_KEY={keys.secret_access_key} "
        f"AWS_DEFAULT_REGION=us-east-1 aws --endpoint-url {stage.aws.endpoint}"
    )
    approve = {
        "user": slack_id("bob"),
        "on": {"channel": card.channel, "ts": card.ts},
        "action_id": "approve",
    }
    house, python, clock = map(shlex.quote, (str(_HOUSE), sys.executable, str(stage.clock.path)))
    for words, line in (
        ("Slack (its page says what it can do)", stage.slack.api_url.removesuffix("api/")),
        ("AWS, for AWS_ENDPOINT_URL", stage.aws.endpoint),
        ("the bot's log", str(stage.log)),
        ("type a command", _slack(stage, "command", user=slack_id("bob"), text="list")),
        ("see what it answered to bob", _slack(stage, "ephemerals", user=slack_id("bob"))),
        (f"approve mallory's #{number_of(card)} as bob", _slack(stage, "click", **approve)),
        (
            "then, with her keys and the AWS CLI",
            f"{session} sts assume-role --role-arn {role.arn} --role-session-name mallory",
        ),
        ("move the clock of all three", f"(cd {house} && {python} -m demo.move {clock} 2h)"),
    ):
        telling.say(f"\n  {words}:\n{line}")
    threading.Event().wait()


def _slack(stage: Stage, verb: str, **args: Any) -> str:
    url = stage.slack.api_url.replace("/api/", f"/_sandbox/{verb}")
    return f"curl -s {url} -d {shlex.quote(json.dumps(args))}"
