"""The sandbox does what AWS does: every check, moving the clock instead of waiting."""

from collections.abc import Iterator

import pytest

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.conformance.checks import Check
from tests.conformance.every import every_check
from tests.conformance.places import sandbox_world
from tests.conformance.world import World


@pytest.fixture(scope="module", params=["aws", "aws-cn"])
def world(request: pytest.FixtureRequest, clock: SharedClock) -> Iterator[World]:
    """The worker's sandbox, and one in another partition."""
    if request.param == "aws":
        yield sandbox_world(request.getfixturevalue("aws"), clock)
        return
    with SandboxAws.start(clock, partition=request.param) as elsewhere:
        yield sandbox_world(elsewhere, clock)


@pytest.mark.parametrize("check", every_check(), ids=lambda check: check.id)
def test_the_sandbox_does_as_aws_does(check: Check, world: World) -> None:
    with world.tidied():
        check.ask(world)
    for account in (world.owner, world.grantee, world.third):
        left = account.iam.get_account_authorization_details(MaxItems=1000)
        lists = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
        assert [left[name] for name in lists] == [[], [], [], []]
