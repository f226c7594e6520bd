"""What is asked again of an approved request before it is opened: would it be approved today?"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from db.lifecycle import State
from db.models import Request, Target
from db.store import requests
from workflows import access, rules
from workflows.catalog.duty import Duty
from workflows.catalog.model import Catalog, Role
from workflows.directory import Unreachable
from workflows.duties import Roll
from workflows.errors import Refused
from workflows.person import Person
from workflows.world import World

SAYS_WITHIN: Final = 1.0
"""Seconds for which a settle waits for what Slack says of those who decided."""


@dataclass(frozen=True)
class Known:
    """Who the requester and each counted approver are, and who is on trusted rosters."""

    people: Mapping[str, Person]
    trusted: frozenset[str]


def ask(world: World, row: Request) -> Known:
    """Asks who the people of a request are right now. Raises Unreachable."""
    now = world.clock.now()
    people = {user: world.directory.person(user, now=now) for user in _users(row)}
    rolls = [world.duties.roll(duty, now=now) for duty in _trusted(world.catalog, row)]
    return Known(people, _on(rolls))


def heard(world: World, row: Request) -> Known:
    """The same, of what was said here lately. Raises Unreachable where more would be asked."""
    people, now = {}, world.clock.now()
    for user in _users(row):
        person = world.directory.heard(user, now=now)
        if person is None:
            raise Unreachable(f"Who <@{user}> is has to be asked.")
        people[user] = person
    rolls = [world.duties.heard(duty, now=now) for duty in _trusted(world.catalog, row)]
    return Known(people, _on(rolls))


def _on(rolls: Iterable[Roll | None]) -> frozenset[str]:
    """Everybody on these rosters. Raises Unreachable where one does not say."""
    on: set[str] = set()
    for roll in rolls:
        if roll is None:
            raise Unreachable("Who is on duty has to be asked.")
        on |= roll.users
    return frozenset(on)


def _users(row: Request) -> set[str]:
    return {row.requester, *_approvers(row)}


def _approvers(row: Request) -> set[str]:
    return {one.by for one in row.decisions if one.approves and one.is_persons}


def _trusted(catalog: Catalog, row: Request) -> list[Duty]:
    """The trusted rosters by which somebody may have approved whom the catalog does not name."""
    role = catalog.role(row.role)
    if role is None or not _approvers(row) - {*role.deciders}:
        return []
    widened = role.escalation.duty if role.escalation is not None else None
    return [one for one in (role.duty, widened) if one is not None and one.trusted]


def still_stands(catalog: Catalog, row: Request, known: Known, *, now: datetime) -> None:
    """Refuses what would not be approved now: persons, rule, catalog and terms as they are.

    Who was on duty when he approved may be off duty by now; who is no approver any more may not.
    """
    role = catalog.role(row.role)
    if role is None:
        raise Refused("The role left the catalog.")
    requester = known.people[row.requester]
    rules.identified(requester, catalog)
    if not access.may_still_ask(catalog, row, role):
        raise Refused(f"{row.grantee_name} is no longer the requester's to ask for.")
    beforehand = [one for one in row.decisions if one.approves and not one.is_persons]
    if row.break_glass:
        access.glass_holds(catalog, row)
    elif beforehand:
        access.rule_holds(catalog, row, beforehand[0].by, now=now)
    else:
        _approved_by_people(catalog, row, role, known)
    if access.terms_of(row, role) != row.terms:
        raise Refused("The terms in the catalog are not the ones that were approved.")


def _approved_by_people(catalog: Catalog, row: Request, role: Role, known: Known) -> None:
    counted = 0
    for decision in row.decisions:
        if decision.approves:
            approver = known.people[decision.by]
            rules.identified(approver, catalog)
            able = {*role.deciders, *known.trusted}
            requester = known.people[row.requester]
            access.may_decide(catalog, row, approver, requester=requester, able=able)
            counted += 1
    if counted < max(row.approvals_needed, role.approvals):
        raise Refused(f"It needs {role.approvals} approvals and has {counted}.")


@dataclass(frozen=True)
class Asked:
    """Approved requests that were asked about again: `fit` may be opened, `unfit` must not.

    Of the rest Slack, or AWS at the start, said nothing (`unsaid`), or nobody asked yet: they wait.
    """

    fit: frozenset[int]
    unfit: Mapping[int, str]
    unsaid: frozenset[int]

    @classmethod
    def nobody(cls) -> "Asked":
        """Nobody was asked: what closes goes first, and all of them are missed."""
        return cls(frozenset(), {}, frozenset())

    def without(self, frozen: Iterable[int]) -> "Asked":
        """These wait, however fit they are."""
        waiting = self.fit & frozenset(frozen)
        return Asked(self.fit - waiting, self.unfit, self.unsaid | waiting)

    def held_up(self) -> "Asked":
        """Those that are fit wait, too."""
        return Asked(frozenset(), self.unfit, self.unsaid | self.fit)

    def missed(self, row: Request) -> bool:
        """Whether the row came to be opened only after these were asked about."""
        known = self.fit | self.unsaid | self.unfit.keys()
        return row.state is State.APPROVED and row.id not in known


def ask_again(
    world: World,
    rows: Iterable[Request],
    who: Callable[[World, Request], Known] = ask,
) -> Asked:
    """Asks the rules anew about every approved request among `rows`; `who` says who they are."""
    fit: set[int] = set()
    unfit: dict[int, str] = {}
    unsaid: set[int] = set()
    for row in (one for one in rows if one.state is State.APPROVED):
        if not world.looked.is_set():
            unsaid.add(row.id)
            continue
        try:
            still_stands(world.catalog, row, who(world, row), now=world.clock.now())
            fit.add(row.id)
        except Unreachable:
            unsaid.add(row.id)
        except Refused as refusal:
            unfit[row.id] = str(refusal)
    return Asked(frozenset(fit), unfit, frozenset(unsaid))


def answer(world: World, target: Target, asking: Future[Asked]) -> Asked:
    """What comes of asking again, waited for at most SAYS_WITHIN: somebody may be put out
    meanwhile. Whom Slack has not described by then waits for the next round.
    """
    try:
        return asking.result(SAYS_WITHIN)
    except TimeoutError:
        asking.cancel()  # where it waits for others that hang
        with world.database.read() as session:
            live = requests.live(session, target)
        waiting = (row.id for row in live if row.state is State.APPROVED)
        return Asked(frozenset(), {}, frozenset(waiting))
