"""The payer of activity: when a grant is over, its thread hears what was done with it."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot import activity as words
from bot.posting import Later
from bot.showing import Showing
from db import audit
from db.models import Request
from db.store import activity
from workflows import retrace
from workflows.activity.events import Source
from workflows.retrace import Told
from workflows.settle.lease import wait
from workflows.sweep import Debt, Due
from workflows.world import World

AGAIN: Final = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 30, 60))
"""When a source that could not be read, or not whole, is asked again; then it is told so."""

log = logging.getLogger(__name__)


class Recount:
    """Asks the source, and tells it below the card once: what somebody may have read is not
    repeated.
    """

    def __init__(self, world: World, source: Source, showing: Showing) -> None:
        self._world, self._source, self._showing = world, source, showing

    def debt(self) -> Debt:
        """Grants whose threads are to hear what was done with them; one queue an account."""
        return Debt("activity", self._due, self.pay)

    def _due(self, now: datetime) -> Sequence[Due]:
        with self._world.database.read() as session:
            return [Due(key, account) for key, account in activity.due(session, now)]

    def pay(self, request_id: int) -> None:
        """Tells it of one grant, or puts it off."""
        now = self._world.clock.now()
        with self._world.database.write() as session:
            row = activity.claim(session, request_id, now)
            looked_for = None if row is None else retrace.trace(session, self._world.catalog, row)
        if row is None:
            return
        if looked_for is None:
            self._tell_nothing(row)
            return
        told = retrace.ask(self._source, looked_for, now=now)
        if not told.is_whole and row.activity_attempts < len(AGAIN):
            log.warning("the activity of request %s is not read whole: %s", row.id, _why(told))
            later = now + AGAIN[row.activity_attempts]
            with self._world.database.write() as session:
                activity.later(session, row, later, attempts=row.activity_attempts + 1)
            return
        self._tell(row, told)

    def _tell(self, row: Request, told: Told) -> None:
        with self._world.database.write() as session:
            ours = activity.still(session, row, self._world.clock.now())
        if ours is None:
            return
        try:
            self._showing.below_once(row.id, words.drawing(told, again=True))
        except Later as later:
            log.warning("the activity of request %s is not told: %s", row.id, later)
            pause = later.pause if later.pause is not None else wait(len(AGAIN))
            when = self._world.clock.now() + pause
            with self._world.database.write() as session:
                activity.later(session, ours, when, attempts=row.activity_attempts)
            return
        with self._world.database.write() as session:
            if activity.told(session, ours):
                audit.say(
                    session,
                    "told activity",
                    actor="xacct",
                    at=self._world.clock.now(),
                    request=ours,
                    **retrace.facts(told),
                )

    def _tell_nothing(self, row: Request) -> None:
        with self._world.database.write() as session:
            activity.told(session, row)


def _why(told: Told) -> str:
    if told.found is None:
        return told.why
    return "; ".join(f"{region}: {why}" for region, why in told.found[0].unread.items())
