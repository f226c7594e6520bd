"""What is tried: a way in, a phase of it, a place in that phase, and what happens there."""

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, zip_longest
from typing import Final, Self


class Way(StrEnum):
    """How the engineer, or the machine, comes in: the role's mechanism."""

    ALLOW = "allow-group"
    DENY = "deny-group"
    TRUST = "trust-policy"
    MACHINE = "machine"


class Phase(StrEnum):
    """The part of a grant's life in which something happens."""

    OPENING = "opening"
    END = "end"
    REVOKE = "revoke"


class What(StrEnum):
    """What happens at the place. The last seven are answers of AWS, each given once."""

    KILL = "kill"  # SIGKILL; started again at once
    LATE = "kill-late"  # SIGKILL; started again when the grant would be over
    FREEZE = "freeze"  # SIGSTOP until another process has gone on; then SIGCONT
    THROTTLING = "Throttling"
    FAILURE = "ServiceFailure"
    RESET = "reset"
    LOST = "reply-lost"
    TRUNCATED = "reply-truncated"
    DENIED = "AccessDenied"
    LIMIT = "LimitExceeded"

    @property
    def is_answer(self) -> bool:
        """Whether AWS, or the network before it, is what fails; else it is the bot."""
        return self not in (What.KILL, What.LATE, What.FREEZE)


class When(StrEnum):
    """On which side of a call or commit it happens; an answer of AWS is given in its place."""

    BEFORE = "before"
    AFTER = "after"
    INSTEAD = "at"


COMMIT: Final = "commit:"
"""Labels of commits begin so, and go on with the function that commits; calls are `iam:GetRole`."""


_READS: Final = ("iam:Get", "iam:List", "iam:Simulate", "sts:")


def is_read(label: str) -> bool:
    """Whether it is a call that changes nothing; new sessions count as such."""
    return label.startswith(_READS)


_DRAWS: Final = tuple(f"{COMMIT}bot.{one}." for one in ("channels", "draw", "showing"))
DRAWINGS: Final = 2
"""Commits of one function that draws cards that are tried in a phase."""


@dataclass(frozen=True)
class Place:
    """The `number`-th time in a phase that a process comes to `label`, and which side of it."""

    when: When
    label: str
    number: int

    def __str__(self) -> str:
        return f"{self.when} {self.label} {self.number}"


_NAME: Final = re.compile(r"(\S+) (\S+) (\S+) (before|after|at) (\S+) ([1-9][0-9]*)")


@dataclass(frozen=True)
class Run:
    """One row's worth of trouble. `str()` is its name; `parse` reads it back."""

    way: Way
    phase: Phase
    what: What
    place: Place

    def __str__(self) -> str:
        return f"{self.way} {self.phase} {self.what} {self.place}"

    @classmethod
    def parse(cls, name: str) -> Self:
        """Raises ValueError for what is no name of a run."""
        found = _NAME.fullmatch(" ".join(name.split()))
        if found is None:
            raise ValueError(f"{name!r} is no run; one is: {_EXAMPLE}")
        way, phase, what, when, label, number = found.groups()
        place = Place(When(when), label, int(number))
        if What(what).is_answer != (place.when is When.INSTEAD):
            raise ValueError(f"{name!r}: answers are given at calls, all else beside: {_EXAMPLE}")
        return cls(Way(way), Phase(phase), What(what), place)

    @property
    def two_processes(self) -> bool:
        """Only PostgreSQL serves a second process while the first one stands still."""
        return self.what is What.FREEZE


_EXAMPLE: Final = "allow-group opening kill before iam:PutRolePolicy 1"

Counted = Mapping[tuple[Way, Phase], Counter[str]]
"""How often a phase comes to each label when nothing goes wrong."""


def every(counted: Counted) -> Iterator[Run]:
    """The whole table: all places of all phases of all ways, with all that can happen there."""
    for (way, phase), labels in counted.items():
        for label, times in sorted(labels.items()):
            for number in range(1, _tried(label, times) + 1):
                for what in What:
                    yield from _at(way, phase, what, label, number)


def _tried(label: str, times: int) -> int:
    """A card is drawn again for each change: the first drawing stands for all."""
    return min(times, DRAWINGS) if label.startswith(_DRAWS) else times


def _at(way: Way, phase: Phase, what: What, label: str, number: int) -> Iterator[Run]:
    for when in _sides(phase, what, label, number):
        yield Run(way, phase, what, Place(when, label, number))


def _sides(phase: Phase, what: What, label: str, number: int) -> tuple[When, ...]:
    """On which sides of it something is tried; what would show nothing new is left out.

    AWS answers LimitExceeded to writes only, and a read whose reply is lost is a read that was not
    made. A process that stands still at a read or at a card has nothing under way in AWS: once for
    each kind of them, on one side. Who comes back late to an end or a revoke finds what he would
    have found at once.
    """
    commits, reads = label.startswith(COMMIT), is_read(label)
    if what.is_answer:
        only_of_writes = what in (What.LOST, What.LIMIT)
        return () if commits or (reads and only_of_writes) else (When.INSTEAD,)
    if what is What.LATE and (reads or phase is not Phase.OPENING):
        return ()
    if what is What.FREEZE and (reads or label.startswith(_DRAWS)):
        return (When.AFTER,) if number == 1 else ()
    return (When.BEFORE, When.AFTER)


def mixed(runs: Sequence[Run], *, seed: int) -> list[Run]:
    """All of them in an order made by the seed, in which every cell of the table comes early."""
    chance = random.Random(seed)
    cells: dict[tuple[Way, Phase, What], list[Run]] = {}
    for run in chance.sample(runs, len(runs)):
        cells.setdefault((run.way, run.phase, run.what), []).append(run)
    rounds = chain.from_iterable(zip_longest(*cells.values()))
    return [run for run in rounds if run is not None]


def batches(runs: Sequence[Run], *, size: int) -> list[list[Run]]:
    """Runs that can follow each other in one house: of one way, on one kind of database."""
    open_ones: dict[tuple[Way, bool], list[Run]] = {}
    made: list[list[Run]] = []
    for run in runs:
        kind = (run.way, run.two_processes)
        if kind not in open_ones or len(open_ones[kind]) == size:
            open_ones[kind] = []
            made.append(open_ones[kind])
        open_ones[kind].append(run)
    return made
