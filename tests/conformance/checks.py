"""The list of checks."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from tests.conformance.world import World


class Need(Enum):
    """What a check cannot do without; the value says why it is not asked where that is missing."""

    CLOCK = "needs a clock that can be moved"
    ROOT = "needs the keys of an account's root"
    THIRD = "needs a third account"
    QUOTA = "needs a quota that can be set at will"
    ENDPOINT = "needs an endpoint that can be talked to without an SDK"


Ask = Callable[[World], None]


@dataclass(frozen=True)
class Check:
    """One thing AWS does; `ask` raises `Surprise` where the world does another."""

    id: str
    title: str
    ask: Ask
    needs: frozenset[Need]


CHECKS: list[Check] = []


def check(check_id: str, title: str, *needs: Need) -> Callable[[Ask], Ask]:
    """Puts a function on the list of checks."""

    def listed(ask: Ask) -> Ask:
        CHECKS.append(Check(check_id, title, ask, frozenset(needs)))
        return ask

    return listed
