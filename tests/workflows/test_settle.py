"""Opening and ending, asked of AWS with each engineer's own keys."""

from collections.abc import Iterator

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from workflows.catalog.model import Mechanism

WHERE = [
    (Mechanism.TRUST_POLICY, "sqlite"),
    (Mechanism.ALLOW_GROUP, "sqlite"),
    (Mechanism.DENY_GROUP, "postgresql"),
]
"""Each mechanism, and each kind of database: neither knows of the other."""


pytestmark = pytest.mark.parametrize(("lab", "database_url"), WHERE, indirect=True)


@pytest.fixture
def lab(
    request: pytest.FixtureRequest, aws: SandboxAws, clock: SharedClock, database_url: str
) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=request.param, users=("alice", "bob", "carol"))
    with Lab(aws, clock, database_url, catalog) as lab:
        yield lab


def test_nobody_is_let_in_before_an_approval(lab: Lab) -> None:
    request = lab.ask("alice")

    assert lab.row(request).state is State.PENDING
    assert lab.visit("alice").answer == "AccessDenied"


def test_an_approval_opens_the_role_for_the_requester_alone(lab: Lab) -> None:
    request = lab.lend("alice")

    assert lab.row(request).state is State.ACTIVE
    visit = lab.visit("alice")
    assert visit.answer == "ok"
    assert lab.works(visit.session)
    assert lab.visit("carol").answer == "AccessDenied"
    assert lab.visit("alice", session_name="carol").answer == "AccessDenied"


def test_at_the_end_aws_itself_refuses_with_nothing_of_ours_running(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    session = lab.visit("alice").session
    ends_at = lab.row(request).ends_at
    assert ends_at is not None

    lab.clock.move_to(ends_at)  # nobody pays

    assert not lab.works(session)
    assert lab.visit("alice").answer == "AccessDenied"


def test_after_the_end_group_and_trust_policy_are_as_they_were(lab: Lab) -> None:
    groups, trust = lab.groups_of("alice"), lab.trust()
    request = lab.lend("alice", minutes=30)
    assert lab.trust() != trust

    lab.pass_time(minutes=31)

    assert lab.row(request).state is State.ENDED
    assert lab.groups_of("alice") == groups
    assert lab.trust() == trust
    assert lab.visit("alice").answer == "AccessDenied"


def test_a_revoke_ends_the_live_session_at_once_and_leaves_the_neighbours(lab: Lab) -> None:
    first, other = lab.lend("alice"), lab.lend("carol")
    alice, carol = lab.visit("alice").session, lab.visit("carol").session

    lab.revoke(first, "bob")

    assert lab.row(first).state is State.ENDED
    assert not lab.works(alice)
    assert lab.visit("alice").answer == "AccessDenied"
    assert lab.row(other).state is State.ACTIVE
    assert lab.works(carol)


def test_a_new_grant_does_not_revive_the_session_of_a_revoked_one(lab: Lab) -> None:
    first = lab.lend("alice")
    old = lab.visit("alice").session
    lab.revoke(first, "bob")
    lab.pass_time(seconds=30)

    lab.lend("alice")

    new = lab.visit("alice").session
    assert not lab.works(old)
    assert lab.works(new)


def test_a_grant_in_the_second_of_the_revoke_waits_until_sessions_can_be_told_apart(
    lab: Lab,
) -> None:
    first = lab.lend("alice")
    old = lab.visit("alice").session
    lab.revoke(first, "bob")

    again = lab.lend("alice")

    assert lab.row(again).state is State.APPROVED
    assert not lab.works(old)
    lab.pass_time(seconds=8)
    assert lab.row(again).state is State.ACTIVE
    new = lab.visit("alice").session
    assert not lab.works(old)
    assert lab.works(new)


def test_reads_never_wait_for_each_others_place_in_the_pool(lab: Lab) -> None:
    lab.world = lab.another_worker(reads_at_once=1)

    request = lab.lend("alice")

    assert lab.row(request).state is State.ACTIVE
