"""The app's manifest asks for the least: each scope is needed by a method that xacct calls."""

import re
from pathlib import Path
from typing import Final

import pytest
from slack_sdk import WebClient

from bot.doctor.slack import SCOPES
from sandbox.slack.manifest import Manifest
from sandbox.slack.scopes import METHODS, scopes_of

HOUSE = Path(__file__).parents[2]
MANIFEST = Manifest.read(HOUSE / "slack-app-manifest.yaml")
WITHOUT_A_METHOD: Final = {
    "commands": "/xacct and the shortcut",
    "users:read.email": "the address in the answer of users.info",
}
ON_THE_APP_TOKEN: Final = {"connections:write"}
"""App-level tokens are made by hand; no manifest speaks of their scopes."""


def called() -> set[str]:
    """The Web API's methods whose names stand in the bot, as literals or as slack_sdk spells them;
    and what its socket calls by itself.
    """
    text = "\n".join(one.read_text() for one in (HOUSE / "bot").rglob("*.py"))
    literal = set(re.findall(r'"([a-z]+(?:\.[a-zA-Z]+)+)"', text)) & METHODS
    spelled = {one for one in METHODS if f".{one.replace('.', '_')}(" in text}
    return {"apps.connections.open", *literal, *spelled}


def test_every_method_of_slack_that_the_bot_spells_is_known_with_its_scopes() -> None:
    text = "\n".join(one.read_text() for one in (HOUSE / "bot").rglob("*.py"))
    spelled = set(re.findall(r"\.([a-z]+_[a-zA-Z_]+)\(", text))
    of_slack = {one for one in spelled if hasattr(WebClient, one)} - {"api_call"}

    assert of_slack <= {one.replace(".", "_") for one in METHODS}


def test_the_manifest_asks_for_the_scopes_that_the_doctor_expects() -> None:
    assert MANIFEST.scopes == SCOPES.keys()


@pytest.mark.parametrize("method", sorted(called()))
def test_a_scope_is_declared_for_each_method_that_is_called(method: str) -> None:
    needed = scopes_of(method) - ON_THE_APP_TOKEN

    assert not needed or needed & MANIFEST.scopes


@pytest.mark.parametrize("scope", sorted(MANIFEST.scopes))
def test_no_scope_is_declared_that_nothing_needs(scope: str) -> None:
    needed: set[str] = set().union(*(scopes_of(one) for one in called()))

    assert scope in needed | WITHOUT_A_METHOD.keys()
