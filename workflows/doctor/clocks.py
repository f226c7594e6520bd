"""Findings of the clocks: xacct's against AWS's, which judges every end, and the database's, which
judges leases. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from workflows.clock import CLOCKS_APART
from workflows.doctor.finding import Finding, red, yellow

_SET = "Let the machine follow NTP (`timedatectl status` says whether it does)."


@dataclass(frozen=True)
class Told:
    """What another clock said, and ours when it was asked and had answered."""

    there: datetime
    before: datetime
    after: datetime

    @property
    def off(self) -> timedelta:
        """Theirs less ours: at least so much, for it was read some time while it was asked. AWS
        tells seconds.
        """
        if self.there > self.after:
            return self.there - self.after
        second = timedelta(seconds=1)
        return min(timedelta(0), self.there + second - self.before)


def findings(aws: Told | None, database: Told | None) -> Iterator[Finding]:
    """What is wrong; None: the other clock did not say."""
    if aws is None:
        yield yellow(
            "clock-unknown",
            "AWS",
            "AWS did not tell its time, so whether xacct's clock is right is not known.",
            "Mend what is said of xacct's identity in AWS, and run it again.",
        )
    elif abs(aws.off) > CLOCKS_APART:
        yield red(
            "clock-wrong",
            "AWS",
            f"xacct's clock is {_side(aws.off)} AWS's: beyond "
            f"{CLOCKS_APART.total_seconds():.0f} s nothing is opened.",
            _SET,
        )
    if database is not None and abs(database.off) > CLOCKS_APART:
        yield yellow(
            "clock-of-database",
            "database",
            f"xacct's clock is {_side(database.off)} the database server's, by which leases are "
            "told.",
            f"{_SET} So has the database server's.",
        )


def _side(off: timedelta) -> str:
    seconds = f"{abs(off).total_seconds():.0f} s"
    return f"{seconds} behind" if off > timedelta(0) else f"{seconds} ahead of"
