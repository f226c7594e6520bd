"""People and roles that left: what waits is withdrawn, and what is open ends.

Closing needs no catalog: a row holds all it takes. Slack is asked about a few people at a time, and
a person of whom it says nothing keeps what he has: his access has its end.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from db.lifecycle import UNDECIDED_OR_OPEN, Event, Why
from db.models import Person as Row
from db.models import Request
from db.store import requests, standing
from workflows import access
from workflows.catalog.model import Catalog
from workflows.directory import Unreachable
from workflows.world import World

log = logging.getLogger(__name__)

FRESH: Final = timedelta(minutes=10)
"""Who was asked about within this time is not asked about again."""

AT_ONCE: Final = 10
"""People who are asked about in one pass: those about whom longest nothing was heard."""

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


class Leave:
    """Looks for who and what left. Remembers only whom Slack was asked about, to ask others next.

    A fault of Slack for some people so keeps it from none of the others.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._tried: dict[str, datetime] = {}

    def run(self) -> int:
        """One pass over all that waits or is open. Returns how many requests it ended."""
        world = self._world
        follow_catalog(world)
        with world.database.read() as session:
            rows = standing.undecided_or_open(session)
        gone = left_catalog(world.catalog, rows)
        left = self._left_slack({row.requester for row in rows if row.id not in gone})
        gone |= {row.id: left[row.requester] for row in rows if row.requester in left}
        return sum(_end(world, row, gone[row.id]) for row in rows if row.id in gone)

    def _left_slack(self, users: set[str]) -> Mapping[str, str]:
        """User → why he may use xacct no more, as Slack says now or said lately."""
        world, now = self._world, self._world.clock.now()
        with world.database.read() as session:
            heard = {user: one.seen_at for user, one in standing.people(session, users).items()}
        self._tried = {user: at for user, at in self._tried.items() if user in users}
        last = {
            user: max(heard.get(user, LONG_AGO), self._tried.get(user, LONG_AGO)) for user in users
        }
        stale = (user for user in users if now - last[user] >= FRESH)
        for user in sorted(stale, key=lambda one: last[one])[:AT_ONCE]:
            self._tried[user] = now
            try:
                world.directory.person(user, now=now)
            except Unreachable:
                log.warning("Slack does not say who %s is", user)
        with world.database.write() as session:
            world.directory.keep(session)
            people = standing.people(session, users)
        words = {
            user: left_slack(one, world.catalog.team)
            for user, one in people.items()
            if now - one.seen_at < FRESH
        }
        return {user: word for user, word in words.items() if word is not None}


def follow_catalog(world: World) -> None:
    """What is in an account of the catalog is reached as the catalog says today."""
    catalog = world.catalog
    with world.database.write() as session:
        for account in (catalog.grantee, *catalog.accounts):
            standing.follow(
                session,
                account.id,
                manager_arn=account.manager_arn,
                external_id=account.external_id,
            )


def left_catalog(catalog: Catalog, rows: Sequence[Request]) -> dict[int, str]:
    """Request → why the catalog of today would not have it."""
    gone: dict[int, str] = {}
    for row in rows:
        role = catalog.role(row.role)
        if role is None or role.arn != row.role_arn:
            gone[row.id] = "The role left the catalog."
        elif not access.may_still_ask(catalog, row, role):
            gone[row.id] = f"By the catalog, {row.grantee_name} is no longer the requester's."
    return gone


def left_slack(person: Row, team: str) -> str | None:
    """Why somebody is no member of the workspace any more, or None."""
    if person.deleted:
        return "The requester's Slack account was deactivated."
    if person.stranger or person.team != team:
        return "The requester is no member of the Slack workspace any more."
    if person.guest or person.bot:
        return "The requester is no full member of the Slack workspace any more."
    return None


def _end(world: World, row: Request, sentence: str) -> bool:
    """One transaction each: whoever decides on a request meanwhile is first, or second."""
    now = world.clock.now()
    with world.database.write() as session:
        here = requests.lock(session, row.id)
        if here is None or here.state not in UNDECIDED_OR_OPEN:
            return False
        requests.move(
            session,
            here,
            Event.END,
            actor="xacct",
            at=now,
            why=Why.WITHDRAWN,
            trouble=sentence,
        )
    log.info("request %s ends: %s", row.id, sentence)
    return True
