"""How long delivered credentials live: least of the rest of the grant, the role, an hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from db.lifecycle import State, Why
from db.store import holds
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.drifting import drift
from workflows.catalog.model import Delivery, Mechanism
from workflows.documents import trust
from workflows.errors import NotAllowed


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    """Without a session end: what ends the credentials is what they were minted with."""
    catalog = some_catalog(
        mechanism=Mechanism.ALLOW_GROUP,
        users=("alice", "bob"),
        delivery=Delivery.CREDENTIALS,
        session_end=False,
    )
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog, ("alice", "bob")) as lab:
        yield lab


def end(lab: Lab, request_id: int) -> datetime:
    ends_at = lab.row(request_id).ends_at
    assert ends_at is not None
    return ends_at


def vended_to(lab: Lab) -> frozenset[str]:
    role = lab.owner.get_role(RoleName=lab.role.name)["Role"]
    return trust.vended_names(role["AssumeRolePolicyDocument"])


def test_the_vendor_is_told_the_roles_own_longest_session(lab: Lab) -> None:
    lab.owner.update_role(RoleName="admin", MaxSessionDuration=7200)
    request = lab.lend("alice", minutes=180)

    assert lab.vending(request).longest == timedelta(hours=2)


def test_credentials_of_a_long_grant_last_an_hour(lab: Lab) -> None:
    request = lab.lend("alice", minutes=180)
    before = lab.clock.now()

    minted = lab.mint(request, "alice")

    hour = timedelta(hours=1)
    assert before + hour - timedelta(seconds=2) <= minted.until <= lab.clock.now() + hour
    assert lab.works(minted)
    lab.pass_time(minutes=61)
    assert lab.row(request).state is State.ACTIVE
    assert not lab.works(minted)
    assert lab.works(lab.mint(request, "alice"))


def test_what_is_minted_in_the_last_minutes_dies_with_the_grant_although_aws_gives_fifteen(
    lab: Lab,
) -> None:
    request = lab.lend("alice", minutes=20)
    lab.pass_time(minutes=12)

    minted = lab.mint(request, "alice")

    assert minted.until == end(lab, request)
    assert lab.works(minted)
    lab.clock.move_to(end(lab, request) + timedelta(seconds=1))
    assert not lab.works(minted)


def test_no_credentials_are_given_while_xacct_is_on_hold(lab: Lab) -> None:
    request = lab.lend("alice", minutes=60)
    with lab.database.write() as session:
        holds.put(session, holds.RESTORE, reason="it is behind AWS.", at=lab.clock.now())

    with pytest.raises(NotAllowed, match=r"on hold \(restore\): it is behind AWS"):
        lab.mint(request, "alice")

    with lab.database.write() as session:
        holds.lift(session, holds.RESTORE, by="ruth", at=lab.clock.now())
    assert lab.works(lab.mint(request, "alice"))


def test_a_grantees_name_leaves_the_vendors_statement_although_another_grant_goes_on(
    lab: Lab,
) -> None:
    first, second = lab.lend("alice", minutes=30), lab.ask("bob", minutes=90)
    lab.approve(second, "dora")
    assert vended_to(lab) == {"alice", "bob"}

    lab.pass_time(minutes=31)

    assert lab.row(first).state is State.ENDED
    assert vended_to(lab) == {"bob"}
    assert lab.works(lab.mint(second, "bob"))
    lab.revoke(second, "dora")
    assert vended_to(lab) == set()


def test_a_role_that_its_own_sessions_could_take_anew_is_not_opened_without_session_end(
    lab: Lab,
) -> None:
    """The card could not say how long a session goes on: such a one takes the next."""
    request = lab.ask("alice", minutes=20)
    lab.approve(request, "bob", pay=False)
    own_account = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{lab.catalog.accounts[0].id}:root"},
        "Action": "sts:AssumeRole",
    }
    lab.write_trust({"Version": "2012-10-17", "Statement": [own_account]})

    lab.pay()
    asked = lab.ask("alice", minutes=30)

    assert lab.row(request).state is State.ENDED
    assert "lacks xacct's seal" in (lab.row(request).trouble or "")
    assert lab.visit("alice").answer == "AccessDenied"
    assert lab.row(asked).state is State.CANCELLED
    assert lab.row(asked).trouble == lab.row(request).trouble


def test_what_the_user_took_himself_outlives_a_grant_of_a_role_without_session_end(
    lab: Lab,
) -> None:
    """As the card said: nothing of ours ends it."""
    request = lab.lend("alice", minutes=20)
    assert "may go on for up to 4h after the grant is over" in " ".join(lab.row(request).findings)
    inside = lab.visit("alice").session

    lab.revoke(request, "bob")

    assert lab.row(request).state is State.ENDED
    assert lab.works(inside)
    assert lab.visit("alice").answer == "AccessDenied"


def test_a_grant_whose_vendor_somebody_took_out_of_the_role_is_not_called_active(lab: Lab) -> None:
    """Its card offers credentials that AWS would not give."""
    request = lab.lend("alice", minutes=60)
    lab.pass_time(minutes=2)  # until then a read that does not show it could be an old one
    held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    kept = [one for one in held["Statement"] if one["Sid"] != trust.VEND]
    lab.write_trust({**held, "Statement": kept})

    drift(lab)
    lab.pass_time(seconds=62)

    assert lab.row(request).why is Why.REMOVED
    assert lab.visit("alice").answer == "AccessDenied"
