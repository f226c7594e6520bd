"""The payer of the inbox: who said it, what the rules say, the verb, and a word in answer.

The verb and the row's payment are one transaction, so whatever was said is done exactly once.
"""

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from slack_sdk import WebClient

from bot import credentials, home, verbs, views
from bot.desk import Aside
from bot.telling import Reader, show_home
from db import audit
from db.lifecycle import IllegalMove
from db.models import Inbox
from db.store import inbox, requests
from workflows import access, ahead
from workflows.aws.vendor import Vendor
from workflows.errors import AlreadySettled, NotAllowed, Refused
from workflows.person import Person
from workflows.sweep import Debt, Due
from workflows.world import World

TOO_OLD: Final = timedelta(minutes=2)
"""What was said longer ago is not done any more: the person has gone on."""

ATTEMPTS: Final = 3
"""After so many faults a row is given up, with a word."""

_ASKS_AWS: Final = frozenset({"request", "retry", "break-glass", "credentials"})
"""Kinds that may wait for AWS: they queue by themselves and keep nobody else waiting."""

_ASKS_LONG: Final = "activity"
"""The kind that reads page after page: those who want to get in do not wait for it."""

_AT_THE_DOOR: Final = "approve"
"""The kind for which an engineer waits at AWS's door."""

_MAKES: Final = ("settle", "look", "draw", "alert", "review", "export", "anchor")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Means:
    """What the payer works with. `client` calls Slack; `aside` tells a person something, and
    `beside` does something, without waiting for it.
    """

    world: World
    vendor: Vendor
    client: WebClient
    aside: Aside
    beside: Callable[[Callable[[], None]], object]


class Payer:
    """Pays rows of the inbox."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._world = means.world

    def debt(self) -> Debt:
        """What people said and nobody has done yet."""
        return Debt("inbox", self._due, self.pay, makes=_MAKES)

    def _due(self, now: datetime) -> list[Due]:
        with self._world.database.read() as session:
            found = inbox.due(session, now)
        return [Due(key, _queue(kind)) for key, kind in found]

    def pay(self, inbox_id: int) -> None:
        """Pays one row. A fault of ours leaves it owed, until it was tried ATTEMPTS times."""
        now = self._world.clock.now()
        with self._world.database.read() as session:
            row = inbox.get(session, inbox_id)
        if row is None or row.try_at is None:
            return
        try:
            self._answer(row, now)
        except Exception:
            with self._world.database.write() as session:
                inbox.put_off(session, row.id, now + inbox.PAUSE)
            if row.attempts + 1 < ATTEMPTS and row.kind != "credentials":
                raise
            reference = uuid.uuid4().hex[:8]
            log.exception("inbox %s is given up [%s]", row.id, reference)
            self._refuse(row, _broken(reference), now)

    def _answer(self, row: Inbox, now: datetime) -> None:
        try:
            _in_time(row, now)
            person = self._person(row, now)
            if row.kind == "credentials":
                self._deliver(row, person)
                return
            if row.kind == "home":
                self._pay_quietly(row)
                return
            words = self._do(row, person, now)
        except IllegalMove as moved:
            self._refuse(row, AlreadySettled(f"Somebody else was faster: {moved}."), now)
        except Refused as refusal:
            self._refuse(row, refusal, now)
        else:
            if words is not None:
                self._means.aside(_reader(row), words)
        finally:
            if row.said.get("home"):
                self._show_home(row, now)

    def _pay_quietly(self, row: Inbox) -> None:
        with self._world.database.write() as session:
            self._world.directory.keep(session)
            inbox.pay(session, row.id)

    def _show_home(self, row: Inbox, now: datetime) -> None:
        """Shows App Home as it is by now. Where that fails, what was done stays done."""
        try:
            person = self._world.directory.person(row.user, now=now)
            deed = verbs.home(self._world, verbs.Heard(row, person, now))
            with self._world.database.read() as session:
                view = deed(session)
        except Refused as refusal:
            view = home.refused(str(refusal))
        except Exception:
            log.exception("App Home of %s is not shown [%s]", row.user, uuid.uuid4().hex[:8])
            return
        self._means.beside(lambda: show_home(self._means.client, row.user, view))

    def _person(self, row: Inbox, now: datetime) -> Person:
        if row.team != self._world.catalog.team:
            raise NotAllowed("xacct serves the members of its own Slack workspace only.")
        if row.kind == _AT_THE_DOOR and "request" in row.said:
            ahead.of_decision(self._world, int(row.said["request"]))
        return self._world.directory.person(row.user, now=now)

    def _do(self, row: Inbox, person: Person, now: datetime) -> verbs.Answer | None:
        """The answer; None when another worker has paid the row meanwhile."""
        deed = verbs.prepare(self._world, verbs.Heard(row, person, now))
        with self._world.database.write() as session:
            audit.know(session, access.actor(self._world.catalog, person))
            if row.kind != _AT_THE_DOOR:  # then they are kept with the card that is drawn
                self._world.directory.keep(session)
            return deed(session) if inbox.pay(session, row.id) else None

    def _deliver(self, row: Inbox, person: Person) -> None:
        """Fetches credentials once: a second try would find its trigger used."""
        with self._world.database.write() as session:
            if not inbox.pay(session, row.id):
                return
        modal = credentials.Modal(self._means.client, str(row.said["trigger"]))
        try:
            lent, keys = credentials.mint(
                self._world, self._means.vendor, int(row.said["request"]), by=person
            )
        except Refused as refusal:
            modal.show(views.refusal(str(refusal)))
            raise
        except Exception:
            modal.show(views.refusal("Something broke on xacct's side. Please try again."))
            raise
        modal.show(views.credentials(lent, keys))

    def _refuse(self, row: Inbox, refusal: Refused, now: datetime) -> None:
        """A refusal is recorded, and told to the one person."""
        with self._world.database.write() as session:
            if not inbox.pay(session, row.id) and row.kind != "credentials":
                return
            if (person := self._world.directory.heard(row.user, now=now)) is not None:
                audit.know(session, access.actor(self._world.catalog, person))
            number = row.said.get("request")
            about = requests.get(session, number) if isinstance(number, int) else None
            audit.say(
                session,
                "refused",
                actor=row.user,
                at=now,
                request=about,
                said=row.kind,
                sentence=str(refusal),
            )
        if row.kind != "home":  # that shows the refusal by itself, or itself as it is by now
            self._means.aside(replace(_reader(row), replaces=False), str(refusal))


def _queue(kind: str) -> str:
    if kind == _ASKS_LONG:
        return kind
    return "aws" if kind in _ASKS_AWS else "inbox"


def _reader(row: Inbox) -> Reader:
    """Where who said it is told what came of it."""
    view = row.said.get("view")
    if row.said.get("home"):
        return Reader(user=row.user)
    if view is None:
        return Reader(row.response_url, replaces=row.kind == "page")
    return Reader(view=str(view), title=str(row.said["title"]), user=row.user)


def _in_time(row: Inbox, now: datetime) -> None:
    if now - row.received_at > TOO_OLD:
        raise Refused(
            "xacct could not take this up in time, so nothing was done. Please repeat it."
        )


def _broken(reference: str) -> Refused:
    return Refused(
        f"Something broke on xacct's side, and nothing was done. Quote {reference} when you ask "
        "about it."
    )
