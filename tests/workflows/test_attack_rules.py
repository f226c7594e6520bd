"""Attacks on the rules: what an approver decided on is no more what would be opened."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db import audit
from db.lifecycle import State
from db.store import requests
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import KEY, Lab, slack_id, some_catalog
from tests.workflows.odd import Answer, Once, worker
from workflows.catalog.model import Catalog, GranteeKind, Mechanism
from workflows.errors import Refused
from workflows.look import look


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    users = ("alice", "bob", "carol", "dora")
    catalog = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=users)
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, users) as lab:
        yield lab


def told(lab: Lab, catalog: Catalog) -> None:
    """The bot was started with another catalog."""
    lab.catalog, lab.world = catalog, replace(lab.world, catalog=catalog)


def opened(lab: Lab, request: int) -> bool:
    """Approved, if that is still possible, and paid: whether it was opened."""
    try:
        lab.approve(request, "bob")
    except Refused:
        return False
    return lab.row(request).state is State.ACTIVE


@pytest.mark.parametrize("when", ["before the approval", "after the approval"])
def test_who_lost_the_machine_does_not_get_in_with_it(lab: Lab, when: str) -> None:
    request = lab.ask("alice", machine="ci")
    if when == "after the approval":
        lab.approve(request, "bob", pay=False)
    machine = replace(lab.catalog.machines[0], owners=(slack_id("carol"),))
    told(lab, replace(lab.catalog, machines=(machine,)))
    if when == "before the approval":
        assert not opened(lab, request)
    lab.pay()

    assert lab.row(request).state is not State.ACTIVE
    assert lab.knock(lab.machine_keys(), "xacct-ci").answer == "AccessDenied"


def test_a_kind_of_grantee_that_the_role_is_no_longer_lent_to_is_not_let_in(lab: Lab) -> None:
    request = lab.ask("alice", machine="ci")
    role = replace(lab.role, kinds=frozenset({GranteeKind.USER}))
    told(lab, replace(lab.catalog, roles=(role,)))

    assert not opened(lab, request)


def test_a_user_who_is_somebody_elses_by_now_is_not_let_in(lab: Lab) -> None:
    """Alice asked as IAM user alice; the catalog then gives that user to zoe."""
    request = lab.ask("alice")
    people = [
        replace(one, slack=slack_id("zoe")) if one.iam_user == "alice" else one
        for one in lab.catalog.engineers
    ]
    told(lab, replace(lab.catalog, engineers=tuple(people)))

    assert not opened(lab, request)


def test_a_look_that_was_frozen_does_not_change_the_terms_that_others_decided_on(lab: Lab) -> None:
    role = replace(lab.role, approvals=2)
    told(lab, replace(lab.catalog, roles=(role,)))
    request = lab.ask("alice")
    with lab.database.write() as session:
        row = requests.lock(session, request)
        assert row is not None
        row.terms, row.look_at = None, row.asked_at
    decided: list[str | None] = []

    def frozen(call: Answer, *args: Any) -> Any:
        lab.owner.update_role(RoleName="admin", MaxSessionDuration=7200)
        seen = call(*args)
        lab.owner.update_role(RoleName="admin", MaxSessionDuration=3600)
        lab.clock.move(timedelta(seconds=61))
        look(lab.world, request)
        lab.approve(request, "bob", pay=False)
        decided.append(lab.row(request).terms)
        return seen

    look(worker(lab, role=Once(frozen)), request)

    assert lab.row(request).state is State.PENDING
    assert [lab.row(request).terms] == decided


def test_an_overlap_never_makes_the_unbroken_time_longer_than_the_role_is_lent_for(
    lab: Lab,
) -> None:
    role = replace(lab.role, max_duration=timedelta(hours=2))
    told(lab, replace(lab.catalog, roles=(role,)))
    first = lab.lend("alice", minutes=120)
    began = lab.row(first).noted_at
    lab.pass_time(minutes=110)
    try:
        second = lab.ask("alice", minutes=120)
        lab.approve(second, "bob")
    except Refused:
        return

    ends_at = lab.row(second).ends_at
    assert began is not None
    if lab.row(second).state is State.ACTIVE:
        assert ends_at is not None
        assert ends_at - began <= timedelta(hours=2, minutes=1)


class Interrupted(audit.Key):
    """A key with which somebody else writes an entry while the chain is being read."""

    def sign(self, before: str, text: str) -> str:
        signed = super().sign(before, text)
        for lab in LABS:
            LABS.clear()
            with lab.database.write() as session:
                audit.say(session, "meanwhile", actor="U0BOB", at=lab.clock.now())
        return signed


LABS: list[Lab] = []


def test_the_chain_holds_although_something_is_recorded_while_it_is_read(
    aws: SandboxAws, clock: SharedClock, database_url: str
) -> None:
    catalog = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice", "bob", "carol"))
    with Lab(aws, clock, database_url, catalog) as lab:
        lab.lend("alice")
        LABS.append(lab)
        with lab.database.read() as session:
            assert audit.verify(session, Interrupted(KEY.secret)).what is None
        assert LABS == []


def test_nothing_that_a_grant_stores_holds_a_secret_of_the_bot_or_of_anybody(lab: Lab) -> None:
    request = lab.lend("alice")
    lab.revoke(request, "bob")

    said = lab.everything_stored()
    secrets = [lab.furnished.bot, *lab.furnished.users.values()]
    assert not [one for one in secrets if one.secret_access_key in said]
    assert KEY.secret.decode() not in said
