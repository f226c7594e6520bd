"""Whether the way from Approve to a usable role grows with what there is beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean, median
from time import monotonic
from typing import Final

from rich.console import Console
from rich.table import Table

from demo.stage import Stage
from tests.bench import catalogs
from tests.bench.figures import machine, milliseconds, table
from tests.bench.lending import LONGEST_TRUST, lend, make_room
from tests.bench.loans import Lender, Taken

MOST: Final = 8  # loans of each size
LONGEST: Final = 7.0  # seconds for them
WHO: Final = "alice"
KEPT: Final = timedelta(hours=3)


@dataclass(frozen=True)
class Size:
    """How much there is: grants of the one role, roles of its account, owner accounts."""

    grants: int = 1
    roles: int = 1
    accounts: int = 1

    def __str__(self) -> str:
        said = {"grants": self.grants, "roles": self.roles, "accounts": self.accounts}
        return ", ".join(f"{count} {what}" for what, count in said.items() if count > 1) or "1 each"


SIZES: Final = (Size(), Size(grants=10), Size(grants=40), Size(roles=100), Size(accounts=50))


def measure(console: Console) -> None:
    times = table(
        "grants: from Approve until the engineer's keys open the role",
        *("", "times", "p50", "longest", "in sequence", "AWS calls", "bot"),
    )
    for size in SIZES:
        _add(times, size)
    console.print(times)
    console.print(
        "By allow group; the approver not known, who asks known; latencies as in the bench "
        "`opening`.\n"
        "grants: open grants of the one role, with the one that is opened; the others end in one "
        "minute.\n"
        "roles: of its account. accounts: owner accounts. bot: processor time, until the card is "
        "redrawn.\n"
        f"Trust policies may have {LONGEST_TRUST:,} characters: AWS's highest quota.\n"
        f"{machine()}\n"
    )


def _add(times: Table, size: Size) -> None:
    """A stage of that size, and so many loans on it."""
    with Stage.set_up(_catalog(size)) as stage:
        role = stage.catalog.roles[0]
        make_room(stage, role)
        until = (stage.clock.now() + KEPT).replace(second=0, microsecond=0)
        lend(stage, [(name, role) for name in _others(size)], until=until)
        stage.start_bot()
        with stage.database() as database:
            lender = Lender(stage, database, WHO, role)
            lender.lends()  # warms everything up
            opened = _opened(lender)
        stage.kill_bot()  # an orderly end takes seconds, and nothing is measured after this
        times.add_row(str(size), *_figures(opened))


def _opened(lender: Lender) -> list[Taken]:
    opened: list[Taken] = []
    until = monotonic() + LONGEST
    while len(opened) < MOST and monotonic() < until:
        opened.append(lender.lends()[0])
    return opened


def _figures(opened: Sequence[Taken]) -> list[str]:
    return [
        f"{len(opened)}",
        milliseconds(median(one.seconds for one in opened)),
        milliseconds(max(one.seconds for one in opened)),
        f"{median(one.aws for one in opened):.0f} AWS",
        f"{fmean(one.calls.total() for one in opened):.1f}",
        milliseconds(fmean(one.cpu for one in opened)),
    ]


def _others(size: Size) -> list[str]:
    return catalogs.names("e", size.grants - 1)


def _catalog(size: Size) -> str:
    accounts = catalogs.names("owner", size.accounts)
    roles = [
        catalogs.role(accounts, "admin", "allow-group"),
        catalogs.role(accounts[:1], catalogs.names("other", size.roles - 1), "trust-policy"),
    ]
    return catalogs.catalog([WHO, *_others(size)], accounts, roles[: min(2, size.roles)])
