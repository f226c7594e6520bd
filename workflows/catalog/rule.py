"""Rules that approve beforehand, as values: who, which roles, for how long, at which hours."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from workflows.durations import duration_text

GIVER: Final = "rule:"
"""What a decision's `by` begins with when a rule gave it: no Slack id holds a colon."""

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_A_DAY: Final = 24 * 60


@dataclass(frozen=True)
class Hours:
    """When a rule holds: on these days (0 is Monday) from `begins` until before `ends`, in minutes
    of the day in that zone. Where it ends before it begins, it ends on the next day.
    """

    days: frozenset[int]
    begins: int
    ends: int
    zone: str

    def hold(self, at: datetime) -> bool:
        """Whether the moment lies within them."""
        here = at.astimezone(ZoneInfo(self.zone))
        minute, day = here.hour * 60 + here.minute, here.weekday()
        if self.begins < self.ends:
            return day in self.days and self.begins <= minute < self.ends
        yesterday = (day - 1) % len(DAYS)
        in_evening = day in self.days and minute >= self.begins
        return in_evening or (yesterday in self.days and minute < self.ends)

    def __str__(self) -> str:
        days = ", ".join(name for number, name in enumerate(DAYS) if number in self.days)
        named = "" if len(self.days) == len(DAYS) else f"{days} "
        return f"{named}{_clock(self.begins)} to {_clock(self.ends)} {self.zone}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def minute_of(text: str) -> int | None:
    """The minute of the day that `08:30` means, up to 24:00; None: it means none."""
    hours, colon, minutes = text.partition(":")
    if not (colon and text.isascii() and hours.isdecimal() and minutes.isdecimal()):
        return None
    if len(hours) != 2 or len(minutes) != 2 or int(minutes) > 59:
        return None
    found = int(hours) * 60 + int(minutes)
    return found if found <= _A_DAY else None


@dataclass(frozen=True)
class Rule:
    """A rule that approves what it fits: `roles` are keys (`account/role`), `requesters` Slack ids
    (None: everybody who may ask), `kinds` of grantees (None: each that the role is lent to).
    """

    name: str
    roles: frozenset[str]
    requesters: frozenset[str] | None
    longest: timedelta
    hours: Hours | None = None
    kinds: Collection[str] | None = None

    @property
    def giver(self) -> str:
        """Who gave its decisions: `rule:business-hours`."""
        return f"{GIVER}{self.name}"

    @property
    def limits(self) -> str:
        """For how long, when and for whom it approves, as a part of a sentence."""
        hours = f", {self.hours}" if self.hours is not None else ""
        kinds = f", for a {' or '.join(sorted(self.kinds))}" if self.kinds is not None else ""
        return f"up to {duration_text(self.longest)}{hours}{kinds}"

    def may_fit(self, role: str, user: str) -> bool:
        """Whether it approves requests of this person for the role at some time."""
        return role in self.roles and (self.requesters is None or user in self.requesters)

    def misfit(self, role: str, user: str, kind: str, length: timedelta, at: datetime) -> str:
        """Why it does not approve this at that moment, as a part of a sentence; empty: it does."""
        if role not in self.roles:
            return f"it is not for {role}"
        if not self.may_fit(role, user):
            return "it is not for who asked"
        if self.kinds is not None and kind not in self.kinds:
            return f"it is not for a {kind}"
        if length > self.longest:
            return "it is for less time"
        if self.hours is not None and not self.hours.hold(at):
            return f"it holds {self.hours} only"
        return ""
