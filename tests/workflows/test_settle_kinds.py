"""Machines and delivered credentials come in by the trust policy, and go with the grant."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from db.lifecycle import State, Why
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, some_catalog
from workflows.catalog.model import Delivery, Mechanism
from workflows.drift.run import Drift
from workflows.errors import AlreadySettled, NotFound, Trouble


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP,
        users=("alice", "bob", "carol"),
        delivery=Delivery.CREDENTIALS,
    )
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def test_a_machine_enters_under_its_own_session_name_until_the_end(lab: Lab) -> None:
    assert lab.knock(lab.machine_keys(), "xacct-ci").answer == "AccessDenied"
    request = lab.ask("alice", machine="ci", minutes=30)
    lab.approve(request, "bob")

    assert lab.row(request).state is State.ACTIVE
    inside = lab.knock(lab.machine_keys(), "xacct-ci")
    assert lab.works(inside.session)
    assert lab.knock(lab.machine_keys(), "another-name").answer == "AccessDenied"
    assert lab.visit("alice", session_name="xacct-ci").answer == "AccessDenied"

    lab.pass_time(minutes=31)

    assert not lab.works(inside.session)
    assert lab.knock(lab.machine_keys(), "xacct-ci").answer == "AccessDenied"
    assert lab.row(request).state is State.ENDED


def test_only_an_owner_asks_for_a_machine(lab: Lab) -> None:
    with pytest.raises(NotFound, match="You own no machine called ci"):
        lab.ask("carol", machine="ci")


def test_delivered_credentials_work_and_die_at_the_end(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    minted = lab.mint(request, "alice")
    assert lab.works(minted)
    assert minted.until <= (lab.row(request).ends_at or minted.until)

    lab.pass_time(minutes=31)

    assert not lab.works(minted)
    with pytest.raises(AlreadySettled):
        lab.mint(request, "alice")


def test_delivered_credentials_die_with_a_revoke(lab: Lab) -> None:
    request = lab.lend("alice")
    minted = lab.mint(request, "alice")

    lab.revoke(request, "bob")

    assert not lab.works(minted)


def test_nobody_else_is_handed_the_credentials(lab: Lab) -> None:
    request = lab.lend("alice")

    with pytest.raises(NotFound):
        lab.mint(request, "carol")


def test_the_vendor_cannot_enter_before_a_grant_or_after_it(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    vending = lab.vending(request)
    lab.pass_time(minutes=31)

    with pytest.raises(Trouble, match="AccessDenied"):
        lab.vendor.mint(vending, now=lab.clock.now())


def test_no_secret_of_the_delivery_is_in_a_row_or_a_repr(lab: Lab) -> None:
    request = lab.lend("alice")
    minted = lab.mint(request, "alice")

    said = lab.everything_stored() + repr(minted)
    assert minted.access_key_id in said
    assert minted.secret_access_key not in said
    assert minted.session_token not in said


def test_an_end_is_said_even_while_the_account_cannot_be_entered(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    inside = lab.visit("alice").session
    manager = lab.catalog.accounts[0].manager_arn.rpartition("/")[2]
    lab.bar(manager)

    lab.clock.move(timedelta(minutes=31))
    lab.pay_once()

    row = lab.row(request)
    assert row.state is State.ENDING
    assert not lab.works(inside)
    assert lab.visit("alice").answer == "AccessDenied"
    assert row.changed > row.drawn

    lab.unbar(manager)
    lab.pass_time(minutes=2)
    assert lab.row(request).state is State.ENDED


def test_what_could_not_be_opened_in_time_ends_although_the_account_cannot_be_entered(
    lab: Lab,
) -> None:
    request = lab.ask("alice")
    manager = lab.catalog.accounts[0].manager_arn.rpartition("/")[2]
    lab.bar(manager)
    lab.clock.move(timedelta(minutes=2))  # the manager session of before is over
    lab.approve(request, "bob", pay=False)
    lab.pay_once()
    assert lab.row(request).state is State.APPROVED

    lab.clock.move(timedelta(minutes=16))
    lab.pay_once()

    assert lab.row(request).state is State.ENDING
    assert lab.row(request).why is Why.NOT_OPENED


def _no_more_alice(lab: Lab) -> None:
    hands.delete_user(lab.home, "alice")


def _no_more_ci(lab: Lab) -> None:
    hands.delete_role(lab.home, "ci")


@pytest.mark.parametrize(("machine", "delete"), [(None, _no_more_alice), ("ci", _no_more_ci)])
def test_who_was_deleted_since_the_look_is_not_let_in(
    trusting: Lab, machine: str | None, delete: Callable[[Lab], None]
) -> None:
    lab, request = trusting, trusting.ask("alice", machine=machine)
    delete(lab)

    lab.approve(request, "bob")

    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.FAILED)
    assert "was deleted in the grantee account" in (lab.row(request).trouble or "")
    assert lab.row(request).opened_at is None
    assert len(lab.trust()) == 1


@pytest.mark.parametrize(("machine", "delete"), [(None, _no_more_alice), ("ci", _no_more_ci)])
def test_who_is_deleted_within_a_grant_by_trust_policy_is_out_after_two_drifts(
    trusting: Lab, machine: str | None, delete: Callable[[Lab], None]
) -> None:
    lab, request = trusting, trusting.lend("alice", machine=machine, minutes=120)
    other = lab.lend("carol", minutes=120)
    keys = lab.machine_keys() if machine else lab.furnished.users["alice"]
    inside = lab.knock(keys, lab.row(request).session_name).session
    passes = Drift(lab.world, None)
    delete(lab)

    news = [passes.run().news]
    lab.pass_time(seconds=30)
    news.append(passes.run().news)
    before, alive = lab.row(request).state, lab.works(inside)
    lab.pass_time(seconds=31)
    news.append(passes.run().news)
    lab.pay()

    assert (before, alive, news) == (State.ACTIVE, True, [True, False, True])
    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.REMOVED)
    assert not lab.works(inside)
    assert lab.row(other).state is State.ACTIVE
