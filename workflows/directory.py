"""Who somebody in Slack is, right now: at most a minute old, or the answer is no."""

import dataclasses
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import event
from sqlalchemy.orm import Session

from db.models import Person as Row
from db.session import Database
from db.store import people
from workflows.errors import Refused
from workflows.person import Person

FRESH: Final = timedelta(seconds=60)
BESIDE: Final = timedelta(seconds=5)
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Person))


class Unreachable(Refused):
    """Slack did not say who this is; nothing is decided on a guess."""


class Directory:
    """People as Slack describes them, remembered for FRESH: here at once, and in the database with
    the next transaction that says `keep`.

    `ask` looks one person up in Slack by id; whatever it raises means that Slack does not say.
    Without a database what Slack says is remembered here alone.
    """

    def __init__(self, database: Database | None, ask: Callable[[str], Person]) -> None:
        self._database = database
        self._ask = ask
        self._locks: dict[str, threading.Lock] = {}  # one question at a time about one person
        self._heard: dict[str, tuple[Person, datetime]] = {}
        self._unwritten: set[str] = set()
        self._changing = threading.Lock()  # of what is unwritten

    def person(self, user: str, *, now: datetime) -> Person:
        """Who `user` is. Raises Unreachable when Slack does not say."""
        with self._locks.setdefault(user, threading.Lock()):
            return self._fresh(user, now) or self._asked(user, now)

    def heard(self, user: str, *, now: datetime) -> Person | None:
        """Who `user` is, where Slack said it here lately; None where it has to be asked."""
        heard = self._heard.get(user)
        return heard[0] if heard is not None and is_fresh(heard[1], now) else None

    def keep(self, session: Session) -> None:
        """Writes down, with this transaction, what Slack said and no other has written down."""
        with self._changing:
            heard = {user: self._heard[user] for user in sorted(self._unwritten)}
        for found, at in heard.values():  # in one order everywhere: nothing deadlocks
            people.put(session, Row(**dataclasses.asdict(found), seen_at=at))

        def written(_session: Session) -> None:
            with self._changing:
                self._unwritten -= {user for user, one in heard.items() if self._heard[user] is one}

        event.listen(session, "after_commit", written, once=True)

    def _fresh(self, user: str, now: datetime) -> Person | None:
        if (heard := self.heard(user, now=now)) is not None:
            return heard
        if self._database is None:
            return None
        with self._database.read() as session:
            known = people.get(session, user)
        if known is None or not is_fresh(known.seen_at, now):
            return None
        return Person(**{name: getattr(known, name) for name in _FIELDS})

    def _asked(self, user: str, now: datetime) -> Person:
        try:
            found = self._ask(user)
        except Exception as error:  # whatever went wrong, the answer is no
            raise Unreachable(
                f"Slack did not say who <@{user}> is, so nothing was done. Please try again."
            ) from error
        with self._changing:
            self._heard[user] = found, now
            self._unwritten.add(user)
        return found


def is_fresh(at: datetime, now: datetime) -> bool:
    """Whether what was said at `at` still holds. Of two who ask at once, the one who read the clock
    first may be answered second.
    """
    return -BESIDE <= now - at < FRESH
