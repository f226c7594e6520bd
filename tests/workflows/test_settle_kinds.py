"""Machines and delivered credentials come in by the trust policy, and go with the grant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows.catalog.model import Delivery, Mechanism
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
