"""A worker that dies at any AWS call loses nothing and leaves nothing open past its end."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.odd import worker
from workflows.aws.fence import Fenced, Managers
from workflows.catalog.model import Mechanism
from workflows.world import World

STEP = 3  # every third call, before it in one test and after it in the other: chaos tries all


class Killed(BaseException):
    """What SIGKILL looks like from inside: nothing catches it."""


class MortalIam:
    """IAM through which a worker makes so many calls, and dies before or after the next one."""

    def __init__(self, iam: Any, life: "Life") -> None:
        self._iam, self._life = iam, life

    def __getattr__(self, name: str) -> Callable[..., Any]:
        call = getattr(self._iam, name)

        def mortal(*args: Any) -> Any:
            if self._life.ends(after_the_call=False):
                raise Killed
            answer = call(*args)
            if self._life.ends(after_the_call=True):
                raise Killed
            return answer

        return mortal


class Life:
    """Counts down the calls of one worker."""

    def __init__(self, calls: int, *, after: bool) -> None:
        self.left, self.after = calls, after

    def ends(self, *, after_the_call: bool) -> bool:
        if after_the_call == self.after:
            self.left -= 1
        return self.left < 0


class MortalManagers(Managers):
    """Managers whose sessions share one life."""

    life: Life

    def fenced(self, manager_arn: str, external_id: str | None) -> Fenced:
        fenced = super().fenced(manager_arn, external_id)
        return replace(fenced, iam=MortalIam(fenced.iam, self.life))  # type: ignore[arg-type]


@pytest.fixture(params=list(Mechanism))
def lab(
    request: pytest.FixtureRequest, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=request.param, users=("alice", "bob", "carol"))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def mortal_worker(lab: Lab, calls: int, *, after: bool) -> World:
    world = lab.another_worker()
    managers = MortalManagers(lab.session(), clock=lab.clock, run=world.run)
    managers.life = Life(calls, after=after)
    return replace(world, managers=managers)


def dies_while_paying(lab: Lab, calls: int, *, after: bool) -> bool:
    """Whether the worker died; False: it had life enough to pay everything."""
    try:
        lab.pay(mortal_worker(lab, calls, after=after))
    except Killed:
        return True
    return False


@pytest.mark.parametrize("after", [False, True])
def test_dying_anywhere_in_an_opening_ends_open_or_closed_but_never_stuck(
    lab: Lab, *, after: bool
) -> None:
    groups, trust = lab.groups_of("alice"), lab.trust()
    for calls in range(after, 100, STEP):
        request = lab.ask("alice", minutes=30)
        lab.approve(request, "bob", pay=False)
        died = dies_while_paying(lab, calls, after=after)

        lab.pass_time(minutes=3)  # the dead worker's fence and lease are over

        assert lab.row(request).state is State.ACTIVE
        assert lab.visit("alice").answer == "ok"
        lab.pass_time(minutes=40)
        assert lab.row(request).state is State.ENDED
        assert lab.visit("alice").answer == "AccessDenied"
        assert (lab.groups_of("alice"), lab.trust()) == (groups, trust)
        if not died:
            assert calls > 5, "the worker never died: the test does not test"
            return


@pytest.mark.parametrize("after", [False, True])
def test_dying_anywhere_in_a_revoke_still_ends_it(lab: Lab, *, after: bool) -> None:
    for calls in range(after, 100, STEP):
        request = lab.lend("alice", minutes=30)
        inside = lab.visit("alice").session
        lab.revoke(request, "bob", pay=False)
        died = dies_while_paying(lab, calls, after=after)

        lab.pass_time(minutes=3)

        assert lab.row(request).state is State.ENDED
        assert not lab.works(inside)
        assert lab.visit("alice").answer == "AccessDenied"
        lab.pass_time(minutes=7)  # and what is owed after a lease that was not handed back
        if not died:
            assert calls > 3, "the worker never died: the test does not test"
            return


def test_a_worker_killed_after_approval_opens_nothing_past_the_end(lab: Lab) -> None:
    request = lab.ask("alice", minutes=30)
    lab.approve(request, "bob", pay=False)
    with pytest.raises(Killed):
        lab.pay(worker(lab, write_trust=_writes_and_dies))

    ends_at = lab.row(request).ends_at
    assert ends_at is not None
    lab.clock.move_to(ends_at)

    assert lab.visit("alice").answer == "AccessDenied"
    lab.pass_time(minutes=3)
    assert lab.row(request).state is State.ENDED
    assert lab.visit("alice").answer == "AccessDenied"


def _writes_and_dies(call: Callable[..., Any], *args: Any) -> Any:
    call(*args)
    raise Killed
