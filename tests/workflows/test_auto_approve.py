"""Rules that approve beforehand: what they fit opens by itself, and everything else waits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from db import audit
from db.lifecycle import State, Why
from db.store import listing
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import KEY, Lab, slack_id, some_catalog
from workflows import access, identity
from workflows.access import Ask, Scope
from workflows.catalog.model import Mechanism
from workflows.catalog.rule import Hours, Rule
from workflows.look import look

RULE = Rule(
    name="office-hours",
    roles=frozenset({"prod-payments/admin"}),
    requesters=None,
    longest=timedelta(hours=1),
)


def hours(now: datetime, *, since: int = 60, still: int = 60) -> Hours:
    """They began and end so many minutes from now."""
    minute = now.astimezone(UTC).hour * 60 + now.astimezone(UTC).minute
    days = frozenset(range(7))
    return Hours(days, (minute - since) % 1440, (minute + still) % 1440, "UTC")


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=("alice", "carol"))
    catalog = replace(catalog, auto_approve=(RULE,))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def amend(lab: Lab, *rules: Rule, **role: Any) -> None:
    """The catalog as it is after somebody changed it."""
    changed = replace(lab.catalog, auto_approve=rules, roles=(replace(lab.role, **role),))
    lab.catalog, lab.world = changed, replace(lab.world, catalog=changed)


def freeze(lab: Lab, scope: Scope) -> None:
    with lab.database.write() as session:
        access.freeze(
            session, lab.catalog, scope, by=lab.person("root"), reason="", now=lab.clock.now()
        )


def filed(lab: Lab, name: str) -> int:
    """Asked for an hour, and nothing is paid yet."""
    by = lab.person(name)
    grantee = identity.own(lab.catalog, by, lab.role, lambda _key, _value: ())
    ask = Ask(lab.role, grantee, timedelta(hours=1), "fix INC-482")
    with lab.database.write() as session:
        return access.request(session, lab.catalog, ask, by=by, now=lab.clock.now()).id


def looked(lab: Lab, name: str) -> int:
    """Asked, looked at, and not opened yet."""
    request = filed(lab, name)
    look(lab.world, request)
    assert lab.row(request).state is State.APPROVED
    return request


def test_what_a_rule_fits_is_approved_by_it_on_the_terms_of_the_look_and_opens(lab: Lab) -> None:
    request = lab.ask("carol", minutes=60)

    row = lab.row(request)
    assert row.state is State.ACTIVE
    assert lab.visit("carol").answer == "ok"
    with lab.database.read() as session:
        assert audit.verify(session, KEY).wrong is None
    with lab.database.read() as session:
        found = listing.inside(session, [lab.role.arn])
    assert [one.by for one in found[0].decisions] == ["rule:office-hours"]
    events = lab.events(request)
    assert events.index("looked") < events.index("approved by rule") < events.index("noted")


@pytest.mark.parametrize(
    ("rule", "minutes"),
    [
        (RULE, 61),
        (replace(RULE, roles=frozenset({"prod-payments/other"})), 60),
        (replace(RULE, requesters=frozenset({slack_id("alice")})), 60),
        (replace(RULE, kinds=("machine",)), 60),
    ],
)
def test_what_no_rule_fits_waits_for_a_person(lab: Lab, rule: Rule, minutes: int) -> None:
    amend(lab, rule)

    request = lab.ask("carol", minutes=minutes)

    assert lab.row(request).state is State.PENDING
    lab.approve(request, "bob")
    assert lab.row(request).state is State.ACTIVE


def test_outside_its_hours_a_rule_approves_nothing(lab: Lab) -> None:
    amend(lab, replace(RULE, hours=hours(lab.clock.now(), since=120, still=-60)))
    before = lab.ask("carol")
    amend(lab, replace(RULE, hours=hours(lab.clock.now())))

    assert lab.row(before).state is State.PENDING
    assert lab.row(lab.ask("alice")).state is State.ACTIVE


def test_a_rule_counts_for_all_approvals_of_a_role_that_it_names(lab: Lab) -> None:
    amend(lab, RULE, approvals=2)

    assert lab.row(lab.ask("carol")).state is State.ACTIVE


def test_a_machine_is_let_in_by_a_rule_for_machines(lab: Lab) -> None:
    amend(lab, replace(RULE, kinds=("machine",)))

    assert lab.row(lab.ask("alice", machine="ci")).state is State.ACTIVE


# --- what a person has to judge


def test_what_the_look_found_is_judged_by_a_person(lab: Lab) -> None:
    lab.home.add_user_to_group(GroupName="allow-prod-payments-admin", UserName="carol")

    request = lab.ask("carol")

    row = lab.row(request)
    assert row.state is State.PENDING
    assert "already" in " ".join(row.findings)
    assert row.terms is not None


def test_a_long_session_that_the_session_end_cuts_is_nothing_to_judge(lab: Lab) -> None:
    lab.owner.update_role(RoleName=lab.role.name, MaxSessionDuration=14_400)

    request = lab.ask("carol")

    assert "the session end cuts them" in " ".join(lab.row(request).findings)
    assert lab.row(request).state is State.ACTIVE


def test_who_has_the_role_already_waits_for_a_person(lab: Lab) -> None:
    first = lab.ask("carol", minutes=30)

    second = lab.ask("carol", minutes=30)

    assert (lab.row(first).state, lab.row(second).state) == (State.ACTIVE, State.PENDING)


def test_no_rule_approves_an_extension(lab: Lab) -> None:
    first = lab.ask("carol", minutes=30)
    more = access.More(first, timedelta(minutes=15))
    with lab.database.write() as session:
        by, now = lab.person("carol"), lab.clock.now()
        second = access.extend(session, lab.catalog, more, by=by, now=now).id

    lab.pay()

    assert lab.row(second).state is State.PENDING


# --- asked again


def test_a_rule_that_is_gone_before_the_opening_opens_nothing(lab: Lab) -> None:
    request = looked(lab, "carol")
    amend(lab)

    lab.pay()

    row = lab.row(request)
    assert (row.state, row.why) == (State.ENDED, Why.CHANGED)
    assert "it left the catalog" in str(row.trouble)
    assert lab.visit("carol").answer == "AccessDenied"


@pytest.mark.parametrize(
    ("less", "words"),
    [
        (replace(RULE, longest=timedelta(minutes=30)), "it is for less time"),
        (replace(RULE, requesters=frozenset({slack_id("alice")})), "not for who asked"),
        (replace(RULE, roles=frozenset()), "it is not for prod-payments/admin"),
    ],
)
def test_a_rule_that_says_less_by_the_opening_opens_nothing(
    lab: Lab, less: Rule, words: str
) -> None:
    request = looked(lab, "carol")
    amend(lab, less)

    lab.pay()

    assert lab.row(request).why is Why.CHANGED
    assert words in str(lab.row(request).trouble)


def test_a_rule_whose_hours_are_over_by_the_opening_opens_nothing_and_a_person_decides_then(
    lab: Lab,
) -> None:
    amend(lab, replace(RULE, hours=hours(lab.clock.now(), still=2)))
    request = looked(lab, "carol")

    lab.pass_time(minutes=3)

    assert "it holds" in str(lab.row(request).trouble)
    assert lab.visit("carol").answer == "AccessDenied"
    again = lab.ask("carol")
    assert lab.row(again).state is State.PENDING


def test_a_rule_that_says_more_by_the_opening_opens_what_it_approved(lab: Lab) -> None:
    request = looked(lab, "carol")
    amend(lab, replace(RULE, longest=timedelta(hours=2)))

    lab.pay()

    assert lab.row(request).state is State.ACTIVE


def test_what_was_frozen_since_it_was_asked_is_approved_by_no_rule(lab: Lab) -> None:
    request = filed(lab, "carol")
    freeze(lab, Scope(user=slack_id("carol")))

    lab.pay()

    assert lab.row(request).state is State.PENDING
    assert lab.visit("carol").answer == "AccessDenied"


def test_who_left_slack_is_not_let_in_by_a_rule(lab: Lab) -> None:
    request = looked(lab, "carol")
    lab.people[slack_id("carol")] = replace(lab.person("carol"), deleted=True)
    lab.clock.move(timedelta(seconds=61))

    lab.pay()

    assert lab.row(request).why is Why.CHANGED
