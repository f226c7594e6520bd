"""Times between our last read of a role's trust policy and our write of it: IAM has no
compare-and-set, so whatever somebody else wrote in one of them is lost. They stand in the target
until CloudTrail was asked; all are AWS's.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from db.models import Target

WITHIN: Final = timedelta(days=1)
"""Older ones are asked about no more."""

LASTS: Final = timedelta(minutes=2)
"""A write that was noted, and of which nothing more is known, came within this: its lease."""

MOST: Final = 100
"""Of more the oldest two become one, with what lies between."""


@dataclass(frozen=True, order=True)
class Window:
    """One such time; `until` None: the write was noted, and may have been made."""

    since: datetime
    until: datetime | None

    @property
    def end(self) -> datetime:
        """When nothing can be lost by this write any more."""
        return self.until or self.since + LASTS

    def __str__(self) -> str:
        return f"{self.since.isoformat()}/{self.until.isoformat() if self.until else ''}"


def of(target: Target) -> list[Window]:
    """The windows of a target, the oldest first."""
    return sorted(map(_window, target.windows), key=lambda one: one.since)


def _window(text: str) -> Window:
    since, _, until = text.partition("/")
    return Window(datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)


def opens(target: Target, *, since: datetime) -> None:
    """The trust policy, read at `since`, is about to be written: committed before it is. Here and
    below the target is locked.
    """
    _keep(target, [*of(target), Window(since, None)])


def closes(target: Target, *, since: datetime, reread_at: datetime, at: datetime) -> None:
    """What was noted at `since` was written at `at`, and read right before at `reread_at`."""
    noted, known = Window(since, None), Window(reread_at, at)
    _keep(target, [known if one == noted else one for one in of(target)])
    target.written_at = at


def drops(target: Target, gone: Collection[Window]) -> None:
    """These were asked about, or nothing was written in them."""
    _keep(target, [one for one in of(target) if one not in gone])


def _keep(target: Target, windows: Sequence[Window]) -> None:
    kept = sorted(windows, key=lambda one: one.since)
    kept = [one for one in kept if one.end > kept[-1].since - WITHIN]
    while len(kept) > MOST:
        first, second = kept[:2]
        kept[:2] = [Window(first.since, max(first.end, second.end))]
    target.windows = [str(one) for one in kept]
