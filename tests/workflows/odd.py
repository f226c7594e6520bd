"""Workers with an odd part: IAM that answers otherwise, a clock of its own."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from tests.lab import Lab
from workflows.aws.errors import AwsBusy, AwsRefused
from workflows.aws.fence import Fenced, Managers
from workflows.clock import Clock
from workflows.world import World

Answer = Callable[..., Any]
"""Takes the real call and its arguments, and returns what the worker gets instead."""


class OddIam:
    """IAM of which some calls are answered otherwise; all others are the real ones."""

    def __init__(self, iam: Any, odd: Mapping[str, Answer]) -> None:
        self._iam, self._odd = iam, odd

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._iam, name)
        return partial(self._odd[name], call) if name in self._odd else call


class OddManagers(Managers):
    """Managers whose sessions hold an OddIam."""

    odd: Mapping[str, Answer]

    def fenced(self, manager_arn: str, external_id: str | None) -> Fenced:
        fenced = super().fenced(manager_arn, external_id)
        return replace(fenced, iam=OddIam(fenced.iam, self.odd))  # type: ignore[arg-type]


class OffClock:
    """A clock that is ahead of the lab's by `by`, which may change."""

    def __init__(self, clock: Clock, by: timedelta = timedelta(0)) -> None:
        self.clock, self.by = clock, by

    def now(self) -> datetime:
        return self.clock.now() + self.by


def worker(
    lab: Lab,
    *,
    clock: Clock | None = None,
    reads_at_once: int = 8,
    odd: Mapping[str, Answer] | None = None,
    **calls: Answer,
) -> World:
    """A worker on the lab's database, with odd IAM calls (by their names in `Iam`) or clock."""
    world = lab.another_worker()
    managers = OddManagers(
        lab.session(), clock=clock or lab.clock, run=world.run, reads_at_once=reads_at_once
    )
    managers.odd = {**(odd or {}), **calls}
    return replace(world, managers=managers, clock=clock or lab.clock)


class Once:
    """Does something odd the first time, and the real call from then on."""

    def __init__(self, first: Answer) -> None:
        self._first: Answer | None = first

    def __call__(self, call: Answer, *args: Any) -> Any:
        first, self._first = self._first, None
        return call(*args) if first is None else first(call, *args)


def busy(_call: Answer, *_: Any, **__: Any) -> None:
    """AWS throttles; nothing is done."""
    raise AwsBusy("iam:Odd", "Throttling", "Rate exceeded")


def refused(_call: Answer, *_: Any, **__: Any) -> None:
    """AWS says no to this one call; nothing is done."""
    raise AwsRefused("iam:Odd", "AccessDenied", "not authorized")
