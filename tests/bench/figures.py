"""What is measured, as numbers in a table."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from rich.table import Table


def percentile(values: Sequence[float], percent: int) -> float:
    return quantiles(values, n=100, method="inclusive")[percent - 1]


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


@dataclass(frozen=True)
class Cpu:
    """Seconds of processor time that a process has used, all its threads together."""

    seconds: float

    @classmethod
    def of(cls, pid: int | None) -> "Cpu | None":
        """None where the system does not say (it is Linux's /proc that does)."""
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists():
            return None
        fields = stat.read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])  # utime and stime: proc(5)
        return cls(ticks / os.sysconf("SC_CLK_TCK"))


def used(before: Cpu | None, after: Cpu | None) -> str:
    return "-" if before is None or after is None else f"{after.seconds - before.seconds:.1f} s"


def machine() -> str:
    """What else was going on: figures of a busy machine are those of the machine."""
    load = os.getloadavg()[0]
    return f"Load of this machine in the last minute: {load:.1f}, on {os.cpu_count()} processors."


def table(title: str, *columns: str) -> Table:
    made = Table(title=title, title_justify="left")
    made.add_column(columns[0])
    for column in columns[1:]:
        made.add_column(column, justify="right")
    return made
