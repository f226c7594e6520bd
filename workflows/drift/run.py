"""One pass of a drift over all accounts of the catalog, each by itself."""

import logging
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from db.store import alerts, standing
from workflows.catalog.governed import governed
from workflows.catalog.model import Account
from workflows.drift import deleted, known, lifted, places, read, record
from workflows.drift.compare import Difference
from workflows.drift.lost import Lookout, Trail
from workflows.drift.seen import AccountSeen
from workflows.errors import Trouble
from workflows.world import World

log = logging.getLogger(__name__)

AT_ONCE: Final = 64
"""Accounts that are read beside each other."""


@dataclass
class Outcome:
    """What became of a pass: seals of other installations, what could not be read (by account),
    and whether anything was found that was not known before.
    """

    seals: list[Difference] = field(default_factory=list)
    unread: dict[str, Mapping[str, str]] = field(default_factory=dict)
    news: bool = False
    expired: str | None = None  # the call for which AWS did not know our own credentials


class Drift:
    """Passes over the catalog's accounts, one pass at a time."""

    def __init__(self, world: World, trail: Trail | None) -> None:
        self._world = world
        self._lookout = Lookout(trail) if trail is not None else None
        self._one_pass, self._adding = threading.Lock(), threading.Lock()
        self._stopping = threading.Event()
        self._missing: Mapping[int, datetime] = {}  # requests whose grantee was not found
        self._home: AccountSeen | None = None  # the grantee account, as this pass read it
        self._silent: frozenset[str] = frozenset()  # accounts not read whole by the last pass
        self._first = ThreadPoolExecutor(1, thread_name_prefix="first drift")

    def begin(self) -> tuple["Outcome", Future[None]]:
        """Begins a pass; the outcome fills while it goes on."""
        outcome = Outcome()
        return outcome, self._first.submit(self._pass, outcome)

    def run(self) -> Outcome:
        """One pass. What is wrong with one account keeps none of the others waiting."""
        outcome = Outcome()
        self._pass(outcome)
        return outcome

    def stop(self) -> None:
        """Asks AWS nothing more, and waits for the pass that goes on."""
        self._stopping.set()
        self._first.shutdown(wait=True)
        with self._one_pass:
            pass

    def _pass(self, outcome: Outcome) -> None:
        catalog = self._world.catalog
        accounts: list[Account] = [catalog.grantee, *catalog.accounts]
        with self._one_pass:
            if self._stopping.is_set():
                return
            end_strays(self._world)
            self._home = None
            with ThreadPoolExecutor(min(AT_ONCE, len(accounts)), "drift") as pool:
                for account in accounts:
                    pool.submit(self._safely, account, outcome)
            if not self._stopping.is_set():
                self._silent = frozenset(outcome.unread)
                if self._home is not None:
                    self._compare_home(self._home, outcome)
                outcome.news |= record.credentials(self._world, outcome.expired)

    def _compare_home(self, seen: AccountSeen, outcome: Outcome) -> None:
        outcome.news |= lifted.check(self._world, seen)
        before = self._missing
        self._missing = deleted.check(self._world, seen, before)
        outcome.news |= self._missing.keys() != before.keys()

    def _safely(self, account: Account, outcome: Outcome) -> None:
        """The last line of defence: a fault in one account is logged and said to be unread."""
        try:
            self._account(account, outcome)
        except Exception as error:
            reference = uuid.uuid4().hex[:8]
            log.exception("drift of account %s broke [%s]", account.id, reference)
            with self._adding:
                outcome.unread[account.name] = {account.name: f"{type(error).__name__}"}

    def _account(self, account: Account, outcome: Outcome) -> None:
        seen = read_account(self._world, account, stopping=self._stopping)
        if self._stopping.is_set():
            return
        if account.id == self._world.catalog.grantee.id:
            self._home = seen
        silent = account.name in self._silent
        said = record.account(self._world, seen, silent=silent)
        with self._adding:
            outcome.expired = outcome.expired or seen.expired
            outcome.seals += said.seals
            outcome.news |= said.news
            if not seen.whole:
                outcome.unread[account.name] = seen.unread
        if seen.unread:
            log.warning("account %s was not read whole: %s", account.id, dict(seen.unread))
        elif self._lookout is not None:
            self._look_for_lost(self._lookout, account, seen, outcome)

    def _look_for_lost(
        self, lookout: Lookout, account: Account, seen: AccountSeen, outcome: Outcome
    ) -> None:
        try:
            news = lookout.look(self._world, account, seen)
        except Trouble as trouble:  # the next pass asks again
            log.warning("CloudTrail of account %s does not answer: %s", account.id, trouble)
            return
        with self._adding:
            outcome.news |= news


def read_account(
    world: World, account: Account, *, stopping: threading.Event | None = None
) -> AccountSeen:
    """What the account holds; of the grantee account the groups and those of its users who are to
    be asked about.
    """
    catalog = world.catalog
    if account.id != catalog.grantee.id:
        return read.account(world, account, stopping=stopping)
    with world.database.read() as session:
        noted = {one.group_name for one in standing.notes(session, account.id)}
        comers = standing.by_trust(session)
    all_groups = governed(catalog)
    seen = read.account(world, account, sorted(noted | all_groups.keys()), stopping=stopping)
    with world.database.read() as session:
        rows = known.places(session, catalog, began=seen.began)
    doubtful = places.doubtful(seen, rows, all_groups, catalog.roster)
    seen = read.users(world, seen, account, doubtful, stopping=stopping)
    astray = places.astray(seen, rows)
    seen = read.names(world, seen, account, astray, stopping=stopping)
    return read.comers(world, seen, account, comers, stopping=stopping)


def end_strays(world: World) -> None:
    """Alerts of accounts and roles that left the catalog are over: nobody looks there any more."""
    catalog, now = world.catalog, world.clock.now()
    accounts = {catalog.grantee.id, *(one.id for one in catalog.accounts)}
    with world.database.write() as session:
        roles = set(map(str, standing.ids(session, [role.arn for role in catalog.roles])))
        for alert in alerts.standing(session):
            kind, _, rest = alert.key.partition(":")
            place = rest.partition(":")[0]
            strays = (kind == "drift" and place not in accounts) or (
                kind in ("edit", "lost") and place not in roles
            )
            if strays:
                alerts.over(session, alert.key, at=now)
