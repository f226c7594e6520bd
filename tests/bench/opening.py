"""How long from the last approval until the engineer's own keys open the role, and at what cost."""

from collections import Counter
from collections.abc import Sequence
from statistics import fmean, median
from time import monotonic
from typing import Final

from rich.console import Console
from rich.table import Table

from demo.accounts import let_assume_anything
from demo.stage import Stage
from tests.bench import calls, catalogs
from tests.bench.figures import machine, milliseconds, percentile, table
from tests.bench.loans import Lender, Loans, Taken
from workflows.catalog.model import Role

MOST: Final = 20  # loans of each kind
LONGEST: Final = 50.0  # seconds for all of them

WHO: Final = {"allow-group": "alice", "deny-group": "carol", "trust-policy": "dave"}
AT_ONCE: Final = "allow-group, at once"


def measure(console: Console) -> None:
    with Stage.set_up(_catalog()) as stage:
        for name in (WHO["deny-group"], WHO["trust-policy"]):
            let_assume_anything(stage.aws, stage.catalog, name)
        stage.start_bot()
        loans = _loans(stage)
    times = len(loans[AT_ONCE].opened)
    console.print(
        _times(
            f"opening: from Approve until the engineer's keys open the role, {times} times each",
            {name: each.opened for name, each in loans.items()},
        ),
        _times(
            f"ending: from /xacct revoke until his live session is dead, {times} times each",
            {name: each.ended for name, each in loans.items()},
        ),
        _calls(loans["allow-group"]),
    )
    console.print(
        f"{calls.AWS * 1000:.0f} ms put into each call of AWS, {calls.SLACK * 1000:.0f} ms into "
        "each call of Slack. The sandbox AWS without spread:\nwrites are read, and hold, at once; "
        "AWS's own take up to a minute.\n"
        "Who asks, approves or revokes is not known any more: Slack was last asked a minute ago.\n"
        "at once: the click comes in the minute of the request, whose people are known.\n"
        "in sequence: the longest chain of the bot's calls until then of which each began when the "
        "one before\nhad ended, from the sandboxes' logs; in all: until the card says what it came "
        "to.\n"
        "From when Slack has sent the click. own: without the calls in sequence, as long as the\n"
        "sandboxes took to answer each.\n"
        "bot: processor time in all threads, until the card is redrawn.\n"
        "Open and dead are dated by the bot's write that lies between two of his own calls, tried "
        "without pause.\n"
        f"{machine()}\n"
    )


def _catalog() -> str:
    """A role of each mechanism, each in an account of its own."""
    roles = [catalogs.role([f"with-{name}"], "admin", name) for name in WHO]
    return catalogs.catalog(WHO.values(), [f"with-{name}" for name in WHO], roles)


def _loans(stage: Stage) -> dict[str, Loans]:
    """In turns, so that whatever else this machine does meets all kinds alike."""
    loans = {name: Loans() for name in (*WHO, AT_ONCE)}
    with stage.database() as database:
        lenders = {
            name: Lender(stage, database, who, _role(stage, name)) for name, who in WHO.items()
        }
        for lender in lenders.values():
            lender.lends()  # warms everything up
        until = monotonic() + LONGEST
        for _ in range(MOST):
            for name, each in loans.items():
                at_once = name == AT_ONCE
                each.add(lenders["allow-group" if at_once else name].lends(at_once=at_once))
            if monotonic() > until:
                break
    return loans


def _role(stage: Stage, mechanism: str) -> Role:
    return next(one for one in stage.catalog.roles if one.mechanism == mechanism)


def _times(title: str, taken: dict[str, list[Taken]]) -> Table:
    times = table(
        title,
        *("", "p50", "p99", "own\np50", "AWS in\nsequence", "Slack in\nsequence"),
        *("AWS\nin all", "bot"),
    )
    for name, each in taken.items():
        times.add_row(
            name,
            milliseconds(median(one.seconds for one in each)),
            milliseconds(percentile([one.seconds for one in each], 99)),
            milliseconds(median(one.own for one in each)),
            f"{median(one.aws for one in each):.0f}",
            f"{median(one.slack for one in each):.0f}",
            f"{fmean(one.calls.total() for one in each):.1f}",
            milliseconds(fmean(one.cpu for one in each)),
        )
    return times


def _calls(loans: Loans) -> Table:
    opened, ended = _all(loans.opened), _all(loans.ended)
    made = table("AWS calls of allow-group, on average", "call", "to open", "to end")
    for action in sorted(opened | ended):
        made.add_row(
            action,
            f"{opened[action] / len(loans.opened):.1f}",
            f"{ended[action] / len(loans.ended):.1f}",
        )
    return made


def _all(taken: Sequence[Taken]) -> Counter[str]:
    return sum((one.calls for one in taken), Counter[str]())
