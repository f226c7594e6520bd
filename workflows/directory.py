"""Who somebody in Slack is, right now: at most a minute old, or the answer is no."""

import dataclasses
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from db.models import Person as Row
from db.session import Database
from db.store import people
from workflows.errors import Refused
from workflows.person import Person

FRESH: Final = timedelta(seconds=60)
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Person))


class Unreachable(Refused):
    """Slack did not say who this is; nothing is decided on a guess."""


class Directory:
    """People as Slack describes them, remembered for FRESH.

    `ask` looks one person up in Slack by id; whatever it raises means that Slack does not say.
    """

    def __init__(self, database: Database, ask: Callable[[str], Person]) -> None:
        self._database = database
        self._ask = ask
        self._locks: dict[str, threading.Lock] = {}  # one question at a time about one person

    def person(self, user: str, *, now: datetime) -> Person:
        """Who `user` is. Raises Unreachable when Slack does not say."""
        with self._locks.setdefault(user, threading.Lock()):
            return self._fresh(user, now) or self._asked(user, now)

    def _fresh(self, user: str, now: datetime) -> Person | None:
        with self._database.read() as session:
            known = people.get(session, user)
        if known is None or not timedelta(0) <= now - known.seen_at < FRESH:
            return None
        return Person(**{name: getattr(known, name) for name in _FIELDS})

    def _asked(self, user: str, now: datetime) -> Person:
        try:
            found = self._ask(user)
        except Exception as error:  # whatever went wrong, the answer is no
            raise Unreachable(
                f"Slack did not say who <@{user}> is, so nothing was done. Please try again."
            ) from error
        with self._database.write() as session:
            people.put(session, Row(**dataclasses.asdict(found), seen_at=now))
        return found
