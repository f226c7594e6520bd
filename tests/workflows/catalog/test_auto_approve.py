"""The rules of a catalog file that approve beforehand: what they reach, and what is a mistake."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.catalog.build import catalog, mistakes, role
from workflows.catalog.rule import Hours, Rule

WHEN = {"days": ["mon", "fri"], "from": "08:00", "to": "18:00", "zone": "Europe/Berlin"}


def entry(**fields: Any) -> dict[str, Any]:
    usual = {"name": "office-hours", "roles": "prod-*/admin", "requesters": "everyone"}
    return usual | {"longest": "1h", "when": WHEN} | fields


def the_rule(**fields: Any) -> Rule:
    (found,) = catalog(auto_approve=[entry(**fields)]).auto_approve
    return found


def test_a_rule_reaches_the_roles_that_its_patterns_fit() -> None:
    roles = [role(accounts="*", name=["readonly", "admin"])]

    (found,) = catalog(roles=roles, auto_approve=[entry(roles="*/ReadOnly")]).auto_approve

    assert found.roles == {"prod-payments/readonly", "prod-search/readonly"}
    assert (found.giver, found.longest) == ("rule:office-hours", timedelta(hours=1))


@pytest.mark.parametrize(
    ("fields", "where", "words"),
    [
        ({"roles": "prod-*/readonly"}, "roles", "No role of the catalog fits the pattern"),
        ({"roles": ["prod-payments/admn"]}, "roles[0]", "Did you mean prod-payments/admin?"),
        ({"longest": "1m"}, "longest", "lent for 5m at least"),
        ({"kinds": ["machine"]}, "kinds", "is lent to none of these"),
        ({"kinds": ["group"]}, "kinds[0]", "names a group"),
        ({"name": "Office hours"}, "name", "small letters"),
        ({"requesters": []}, "requesters", "Name at least one"),
        ({"when": WHEN | {"from": "8"}}, "when.from", "time of day"),
        ({"when": WHEN | {"to": "24:01"}}, "when.to", "time of day"),
        ({"when": WHEN | {"to": "08:00"}}, "when.to", "the same"),
        ({"when": WHEN | {"zone": "Berlin"}}, "when.zone", "Europe/Berlin"),
        ({"when": WHEN | {"zone": "../etc"}}, "when.zone", "Europe/Berlin"),
        ({"when": WHEN | {"days": ["monday"]}}, "when.days[0]", "Write mon"),
        ({"when": WHEN | {"until": "18:00"}}, "when.until", "There is days, from, to, zone."),
        ({"approve": True}, "approve", "There is no field"),
    ],
)
def test_a_wrong_rule_is_told_with_its_place(
    fields: dict[str, Any], where: str, words: str
) -> None:
    (one,) = mistakes(auto_approve=[entry(**fields)])

    assert one.where.removesuffix("[0]") == f"auto_approve[0].{where}".removesuffix("[0]")
    assert words in one.sentence


def test_a_role_that_needs_two_people_is_reached_by_its_whole_name_only() -> None:
    (one,) = mistakes(roles=[role(approvals=2)], auto_approve=[entry()])

    assert one.where.startswith("auto_approve[0].roles")
    assert "which 2 people have to approve" in one.sentence
    named = catalog(roles=[role(approvals=2)], auto_approve=[entry(roles="prod-payments/admin")])
    assert named.auto_approve[0].roles == {"prod-payments/admin"}


def test_a_rule_for_people_who_may_not_ask_is_a_mistake() -> None:
    roles = [role(requesters=["U0CAROL"])]

    (one,) = mistakes(roles=roles, auto_approve=[entry(requesters=["U0DAVE"])])

    assert "None of them may ask for prod-payments/admin" in one.sentence


def test_two_rules_of_one_name_are_a_mistake() -> None:
    (one,) = mistakes(auto_approve=[entry(), entry()])

    assert one.where == "auto_approve[1].name"


# --- hours


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-23 07:00", True),  # a Monday, 08:00 in Berlin
        ("2026-11-23 06:59", False),
        ("2026-11-23 16:59", True),
        ("2026-11-23 17:00", False),
        ("2026-11-24 12:00", False),  # a Tuesday
        ("2026-07-06 06:00", True),  # the same hour in summer
        ("2026-07-06 16:00", False),
    ],
)
def test_hours_follow_the_clocks_of_their_zone(moment: str, *, holds: bool) -> None:
    hours = the_rule().hours

    assert hours is not None
    assert hours.hold(at(moment)) is holds


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        ("2026-11-27 23:00", True),  # Friday night
        ("2026-11-28 05:59", True),  # goes on into Saturday
        ("2026-11-28 06:00", False),
        ("2026-11-28 23:00", False),
        ("2026-11-27 05:00", False),  # Thursday's night is not named
    ],
)
def test_hours_that_end_before_they_begin_end_on_the_next_day(moment: str, *, holds: bool) -> None:
    night = Hours(frozenset({4}), 22 * 60, 6 * 60, "UTC")

    assert night.hold(at(moment)) is holds


def test_the_whole_day_is_written_to_midnight() -> None:
    hours = the_rule(when={"from": "00:00", "to": "24:00", "zone": "UTC"}).hours

    assert hours is not None
    assert all(hours.hold(at(one)) for one in ("2026-11-28 00:00", "2026-11-28 23:59"))
    assert str(hours) == "00:00 to 24:00 UTC"
