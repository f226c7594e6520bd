"""Who is on duty: what rosters say, at most a minute old."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from workflows.catalog.duty import Duty, Roster
from workflows.directory import is_fresh

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Roll:
    """Who is on a roster: Slack ids, or e-mail addresses (compared without case)."""

    users: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()


AskRoster = Callable[[str], Roll]
"""Who is on the roster of that id. Whatever it raises means that nobody can say."""


class Duties:
    """Rosters; what one says is remembered as long as what Slack says of a person."""

    def __init__(self, ask: Mapping[Roster, AskRoster]) -> None:
        self._ask = ask
        self._heard: dict[tuple[Roster, str], tuple[Roll, datetime]] = {}
        self._locks: dict[tuple[Roster, str], threading.Lock] = {}  # one question at a time

    def roll(self, duty: Duty, *, now: datetime) -> Roll | None:
        """Who is on the roster; None: it cannot be read."""
        with self._locks.setdefault((duty.roster, duty.id), threading.Lock()):
            return self.heard(duty, now=now) or self._asked(duty, now)

    def heard(self, duty: Duty, *, now: datetime) -> Roll | None:
        """The same, where it was said lately; None where it has to be asked."""
        heard = self._heard.get((duty.roster, duty.id))
        return heard[0] if heard is not None and is_fresh(heard[1], now) else None

    def _asked(self, duty: Duty, now: datetime) -> Roll | None:
        ask = self._ask.get(duty.roster)
        if ask is None:
            return None
        try:
            found = ask(duty.id)
        except Exception as error:  # noqa: BLE001  whatever went wrong, nobody said who it is
            log.warning("the roster %s cannot be read: %s", duty.id, type(error).__name__)
            return None
        self._heard[duty.roster, duty.id] = found, now
        return found
