"""Who leaves Slack or the catalog loses what he has, and what he waits for."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db.lifecycle import State, Why
from db.models import Target
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, slack_id, some_catalog
from workflows.catalog.identity_rule import IdentityRule
from workflows.catalog.model import Catalog, Engineer, Mechanism
from workflows.directory import Directory
from workflows.errors import NotAllowed
from workflows.leave import AT_ONCE, Leave
from workflows.person import Person

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, database_url: str) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.ALLOW_GROUP, users=("alice", "bob", "carol"))
    with Lab(aws, clock, database_url, catalog) as lab:
        yield lab


def leave(lab: Lab) -> int:
    """One pass, long after everybody was last asked about; all that it owes is paid."""
    lab.pass_time(minutes=11)
    ended = Leave(lab.world).run()
    lab.pay()
    return ended


def becomes(lab: Lab, name: str, **what: Any) -> None:
    lab.people[slack_id(name)] = replace(lab.person(name), **what)


def tell(lab: Lab, catalog: Catalog) -> None:
    """The catalog says something else, and the bot was started again."""
    lab.catalog = catalog
    lab.world = lab.another_worker()


@pytest.mark.parametrize(
    "what", [{"deleted": True}, {"guest": True}, {"stranger": True}, {"team": "T0ELSEWHERE"}]
)
def test_who_is_no_full_member_of_the_workspace_any_more_loses_everything(
    lab: Lab, what: dict[str, Any]
) -> None:
    granted, waiting = lab.lend("alice", minutes=120), lab.ask("bob")
    other = lab.lend("carol", minutes=120)
    session = lab.visit("alice").session
    becomes(lab, "alice", **what)
    becomes(lab, "bob", **what)

    assert leave(lab) == 2

    assert (lab.row(granted).state, lab.row(granted).why) == (State.ENDED, Why.WITHDRAWN)
    assert (lab.row(waiting).state, lab.row(waiting).why) == (State.CANCELLED, Why.WITHDRAWN)
    assert lab.row(other).state is State.ACTIVE
    assert not lab.works(session)
    assert lab.groups_of("alice") == []
    assert "workspace" in (words := lab.row(granted).trouble or "") or "deactivated" in words
    assert leave(lab) == 0


def test_a_role_that_leaves_the_catalog_is_closed_without_it(lab: Lab) -> None:
    granted, waiting, role = lab.lend("alice", minutes=120), lab.ask("bob"), lab.role
    tell(lab, replace(lab.catalog, roles=()))

    assert leave(lab) == 2

    assert lab.row(granted).state is State.ENDED
    assert lab.row(waiting).state is State.CANCELLED
    assert lab.knock(lab.furnished.users["alice"], "alice", role).answer == "AccessDenied"
    assert lab.groups_of("alice") == []


def test_who_leaves_the_catalog_loses_his_grant_and_nobody_else_does(lab: Lab) -> None:
    granted, other = lab.lend("alice", minutes=120), lab.lend("carol", minutes=120)
    kept = tuple(one for one in lab.catalog.engineers if one.slack != slack_id("alice"))
    tell(lab, replace(lab.catalog, engineers=kept))

    assert leave(lab) == 1

    assert lab.row(granted).state is State.ENDED
    assert lab.row(other).state is State.ACTIVE


def test_a_machine_whose_owner_changes_loses_what_the_old_owner_asked_for(lab: Lab) -> None:
    granted = lab.lend("alice", minutes=120, machine="ci")
    machine = replace(lab.catalog.machines[0], owners=(slack_id("bob"),))
    tell(lab, replace(lab.catalog, machines=(machine,)))

    assert leave(lab) == 1

    assert lab.row(granted).state is State.ENDED


@pytest.mark.parametrize("came", [State.PENDING, State.APPROVED, State.ACTIVE])
def test_a_machine_that_moves_to_another_role_loses_what_was_asked_for_the_old_one(
    lab: Lab, came: State
) -> None:
    request = lab.ask("alice", machine="ci")
    if came is not State.PENDING:
        lab.approve(request, "bob", pay=came is State.ACTIVE)
    keys = lab.machine_keys()
    machine = lab.catalog.machines[0]
    moved = replace(machine, role_arn=f"{machine.role_arn}-elsewhere")
    tell(lab, replace(lab.catalog, machines=(moved,)))
    if came is State.PENDING:
        with pytest.raises(NotAllowed, match="catalog changed"):
            lab.approve(request, "bob")

    leave(lab)

    assert lab.row(request).state in (State.CANCELLED, State.ENDED)
    assert lab.row(request).why in (Why.WITHDRAWN, Why.CHANGED)
    assert lab.knock(keys, "xacct-ci").answer == "AccessDenied"


def test_whom_a_rule_found_loses_his_grant_with_the_rule_of_his_domain(lab: Lab) -> None:
    rules = tuple(
        IdentityRule(domain, tag=None, compares_local_part=True)
        for domain in ("corp.example", "other.example")
    )
    kept = tuple(one for one in lab.catalog.engineers if one.slack != slack_id("alice"))
    tell(lab, replace(lab.catalog, engineers=kept, identity_rules=rules))
    becomes(lab, "alice", email="alice@corp.example")
    granted = lab.lend("alice", minutes=120)
    assert leave(lab) == 0
    tell(lab, replace(lab.catalog, identity_rules=rules[1:]))

    assert leave(lab) == 1

    assert lab.row(granted).state is State.ENDED
    assert lab.visit("alice").answer == "AccessDenied"


def test_of_whom_slack_says_nothing_nothing_is_taken(lab: Lab) -> None:
    granted = lab.lend("alice", minutes=120)
    becomes(lab, "alice", deleted=True)
    lab.pass_time(minutes=11)

    def silent(_user: str) -> Person:
        raise TimeoutError

    deaf = replace(lab.world, directory=Directory(lab.database, silent))

    assert Leave(deaf).run() == 0
    lab.world.directory.person(slack_id("alice"), now=lab.clock.now())
    lab.clock.move(timedelta(minutes=11))
    assert Leave(deaf).run() == 0  # what Slack said is too old to go by
    assert lab.row(granted).state is State.ACTIVE


def test_people_seen_lately_are_not_asked_about_and_the_others_a_few_at_a_time(lab: Lab) -> None:
    lab.ask("alice")
    lab.ask("bob")
    asked: list[str] = []

    def counting(user: str) -> Person:
        asked.append(user)
        return lab.describe(user)

    with lab.database.write() as session:
        for number in range(AT_ONCE + 5):
            row = session.get_one(type(lab.row(1)), 1)
            copy = {c.key: getattr(row, c.key) for c in row.__table__.columns if c.key != "id"}
            session.add(type(row)(**{**copy, "requester": f"U0MANY{number}"}))
    many = [Engineer(f"U0MANY{number}", "alice", None) for number in range(AT_ONCE + 5)]
    catalog = replace(lab.catalog, engineers=(*lab.catalog.engineers, *many))
    world = replace(lab.world, directory=Directory(lab.database, counting), catalog=catalog)
    people = Leave(world)
    lab.clock.move(timedelta(minutes=11))

    people.run()
    assert len(asked) == len(set(asked)) == AT_ONCE
    people.run()
    people.run()
    assert len(asked) == len(set(asked)) == AT_ONCE + 7


def test_where_an_account_is_reached_follows_the_catalog(lab: Lab) -> None:
    granted = lab.lend("alice", minutes=120)
    account = replace(lab.catalog.accounts[0], manager_arn="arn:new", external_id=None)
    with lab.database.read() as session:
        before = session.get_one(Target, lab.row(granted).role_target_id)
    role = replace(lab.role, account=account)
    tell(lab, replace(lab.catalog, accounts=(account,), roles=(role,)))

    Leave(lab.world).run()

    with lab.database.read() as session:
        after = session.get_one(Target, before.id)
        member = session.get_one(Target, lab.row(granted).member_target_id)
    assert (after.manager_arn, after.external_id) == ("arn:new", None)
    assert member.manager_arn == lab.catalog.grantee.manager_arn
