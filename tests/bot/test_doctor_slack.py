"""What follows from what Slack said, by that alone."""

from dataclasses import replace
from typing import Any

import pytest

from bot.channels import Fault
from bot.doctor.slack import SCOPES, Facts, Home, findings, people_of
from tests.lab import a_person
from tests.workflows.catalog import build
from workflows.catalog.model import Catalog
from workflows.doctor.finding import Colour

TEAM = "T012ABCDE"
HOME = Home(TEAM, whole_org=False, scopes=frozenset(SCOPES))


def told(facts: Facts, catalog: Catalog | None = None) -> list[tuple[str, Colour]]:
    return [(one.check, one.colour) for one in findings(facts, catalog or build.catalog())]


@pytest.mark.parametrize(
    ("home", "found"),
    [
        (HOME, []),
        (replace(HOME, scopes=None), [("scopes-unknown", Colour.YELLOW)]),
        (replace(HOME, team="T0OTHER"), [("team-other", Colour.RED)]),
        (replace(HOME, whole_org=True), [("org-install", Colour.YELLOW)]),
        (replace(HOME, enterprise="E0GRID"), [("enterprise-other", Colour.RED)]),
        ("invalid_auth", [("bot-token", Colour.RED)]),
    ],
)
def test_the_bot_token_is_of_the_catalogs_workspace(home: Any, found: list[Any]) -> None:
    assert told(Facts(home)) == found


def test_each_fault_of_a_channel_has_a_fix_and_silence_is_told() -> None:
    channels: dict[str, Fault | str | None] = {f"C{fault}": fault for fault in Fault}
    channels |= {"CFINE": None, "CSILENT": "conversations.info: fatal_error"}

    found = findings(Facts(HOME, channels=channels), build.catalog())

    assert {one.check for one in found} == {
        "channel-unknown",
        *(f"channel-{fault}" for fault in Fault),
    }
    assert all(one.fix for one in found)


def test_of_people_slack_does_not_tell_of_one_finding_speaks_and_hides_nobody() -> None:
    people = {"U0A": "ratelimited", "U0B": "ratelimited", "U0C": None}

    found = findings(Facts(HOME, people=people), build.catalog())

    assert [(one.check, one.about) for one in found] == [
        ("person-missing", "U0C"),
        ("person-unknown", "U0A"),
    ]
    assert "U0A, U0B" in found[1].wrong


def test_administrators_of_whom_slack_says_nothing_may_be_able() -> None:
    catalog = build.catalog(admins=["U0A", "U0B"])
    gone = a_person("a", user="U0A", team=TEAM, deleted=True)

    unable = told(Facts(HOME, people={"U0A": gone, "U0B": None}), catalog)
    perhaps = told(Facts(HOME, people={"U0A": gone, "U0B": "ratelimited"}), catalog)

    assert ("admins-unable", Colour.RED) in unable
    assert "admins-unable" not in dict(perhaps)


def test_everybody_whom_the_catalog_names_is_asked_about_wherever_it_names_him() -> None:
    role = build.role(
        requesters=["U0ASKS", "U0GLASS"],
        approvers=["U0ALICE", "U0BOB"],
        escalation={"after": "30m", "to": ["U0LATER"]},
        on_duty={"slack_group": "S0G", "fallback": ["U0BOB"]},
        break_glass={"people": ["U0GLASS"], "longest": "30m", "channel": "C0LOUD"},
    )
    catalog = build.catalog(
        roles=[role],
        admins=["U0ADMIN"],
        auditors=["U0AUDITOR"],
        **build.person(slack="U0PERSON"),
        **build.machines({"owners": ["U0OWNER"]}),
        **build.visitor(slack="U0VISITOR"),
    )

    assert people_of(catalog).keys() == {
        *("U0ASKS", "U0GLASS", "U0ALICE", "U0BOB", "U0LATER", "U0ADMIN", "U0AUDITOR"),
        *("U0PERSON", "U0OWNER", "U0VISITOR"),
    }
