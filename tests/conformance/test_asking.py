"""The suite itself: it can fail, it says what was not asked, it leaves nothing behind."""

import io
import re

import pytest
from rich.console import Console

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.conformance.__main__ import AS_AWS, NOT_ASKED, OTHERWISE, findings, main
from tests.conformance.checks import Check, Need
from tests.conformance.documents import ASSUME, allow, trust
from tests.conformance.every import every_check
from tests.conformance.places import RealAws, sandbox_world
from tests.conformance.world import Surprise, World


@pytest.fixture(scope="module")
def world(aws: SandboxAws, clock: SharedClock) -> World:
    return sandbox_world(aws, clock)


def test_an_admission_that_should_be_a_refusal_is_found(world: World) -> None:
    with world.tidied():
        user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
        with pytest.raises(Surprise, match="but it was done"):
            world.refused(user, role)


def test_a_refusal_that_should_be_an_admission_is_found(world: World) -> None:
    with world.tidied():
        user, role = world.user(), world.role(trust(world.grantee.root))
        with pytest.raises(Surprise, match="assume_role was refused"):
            world.let_in(user, role)


def test_a_refusal_for_another_reason_is_found(world: World) -> None:
    with world.tidied():
        user, role = world.user(), world.role(trust(world.grantee.root))
        with pytest.raises(Surprise, match="expected ExpiredToken"):
            world.refused(user, role, code="ExpiredToken")


def test_what_a_failing_check_made_is_removed(world: World) -> None:
    def fails(world: World) -> None:
        world.join(world.group(allow(ASSUME)), world.user(allow(ASSUME)))
        world.same("this", "that")

    (found,) = findings(world, set(), [Check("X1", "this is that", fails, frozenset())])
    assert (found.verdict, found.why) == (OTHERWISE, "expected 'this', got 'that'")
    assert world.grantee.iam.list_users()["Users"] == []
    assert world.grantee.iam.list_groups()["Groups"] == []


def test_what_a_world_cannot_give_is_not_asked_and_says_why(world: World) -> None:
    needing = [check for check in every_check() if Need.CLOCK in check.needs]
    found = list(findings(world, {Need.CLOCK}, needing))
    assert {finding.verdict for finding in found} == {NOT_ASKED}
    assert {finding.why for finding in found} == {"needs a clock that can be moved"}


def test_every_check_that_needs_what_real_aws_lacks_says_so() -> None:
    def source(check: Check) -> str:
        return " ".join(check.ask.__code__.co_names)

    for word, need in (
        ("move", Need.CLOCK),
        ("root_keys", Need.ROOT),
        ("third", Need.THIRD),
        ("set_quota", Need.QUOTA),
        ("signed", Need.ENDPOINT),
    ):
        silent = [
            check.id
            for check in every_check()
            if re.search(rf"\b{word}\b", source(check)) and need not in check.needs
        ]
        assert silent == []


def test_real_aws_is_never_asked_to_move_its_clock() -> None:
    with pytest.raises(LookupError, match="clock"):
        RealAws().move(60)


def test_the_table_tells_every_check_that_was_asked() -> None:
    printed = io.StringIO()
    assert main(["--only", "F3"], Console(file=printed, width=120)) == 0
    assert "F3" in printed.getvalue()
    assert f"1 {AS_AWS}, 0 {OTHERWISE}, 0 {NOT_ASKED}" in printed.getvalue()


def test_one_profile_alone_is_refused() -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--owner-profile", "owner"], Console(file=io.StringIO()))


def test_a_profile_that_does_not_exist_is_a_sentence_and_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["--owner-profile", "no-such", "--grantee-profile", "nor-this"], Console())

    assert "The config profile (no-such) could not be found" in capsys.readouterr().err
