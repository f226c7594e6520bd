"""Break-glass of a role, as a value: who may open it without an approver, and who hears of it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

GIVER: Final = "break-glass"
"""Who gave the decision of a break-glass use: nobody."""


@dataclass(frozen=True)
class BreakGlass:
    """Who (Slack ids) may open the role by himself in an emergency, for how long at most, and the
    channel that hears of it; None: where alerts are.
    """

    people: tuple[str, ...]
    longest: timedelta
    channel: str | None = None
