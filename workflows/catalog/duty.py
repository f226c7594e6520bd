"""Who decides beyond the list of approvers, as values: who is on duty, and who is asked later."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Roster(StrEnum):
    """Where it is looked up who is on duty: a Slack user group, or a PagerDuty schedule."""

    SLACK_GROUP = "slack_group"
    PAGERDUTY = "pagerduty"


@dataclass(frozen=True)
class Duty:
    """Who of a role's approvers decides now: those on the roster of that id.

    A `trusted` roster's people decide whether the catalog names them or not. `fallback` decides
    while the roster cannot be read, or names nobody who may; empty: every approver does.
    """

    roster: Roster
    id: str
    trusted: bool
    fallback: tuple[str, ...]


@dataclass(frozen=True)
class Escalation:
    """Who may decide, too, when nobody has decided for so long: the people it names, and those on a
    trusted roster.
    """

    after: timedelta
    to: tuple[str, ...]
    duty: Duty | None = None
