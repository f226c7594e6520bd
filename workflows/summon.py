"""Whom a request is asked of now, out of the catalog, the rosters and Slack."""

from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Protocol

from db.models import Request
from workflows import identity, rules
from workflows.access.rows import grantee_of, is_escalated
from workflows.catalog.model import Catalog, Role
from workflows.clock import Clock
from workflows.directory import Directory, Unreachable
from workflows.duties import Duties, Roll
from workflows.errors import NotAllowed
from workflows.panel import Panel, panel, selected
from workflows.person import Grantee, Person


class Around(Protocol):
    """What of the surroundings is asked here; a `World` has all of it."""

    @property
    def catalog(self) -> Catalog: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def duties(self) -> Duties: ...
    @property
    def asking(self) -> Executor: ...


def panel_of(
    world: Around, role: Role, *, requester: Person, grantee: Grantee, escalated: bool = False
) -> Panel:
    """Who may decide on what this person asks for now, for that grantee. Asks rosters and Slack;
    never raises.
    """
    on_duty, more = _on_duty(world, role), _escalation(world, role)
    unable = _unable(world, selected(role, on_duty), requester, grantee)
    out = {requester.user, *grantee.owners, *unable}
    return panel(role, on_duty, more=more, out=out, escalated=escalated)


def panel_for(world: Around, row: Request, *, requester: Person) -> Panel | None:
    """Who may decide on this request now; None: the catalog does not have its role any more."""
    role = world.catalog.role(row.role)
    if role is None:
        return None
    return panel_of(
        world,
        role,
        requester=requester,
        grantee=grantee_of(world.catalog, row),
        escalated=is_escalated(row, world.clock.now()),
    )


def reachable(world: Around, found: Panel, *, requester: Person, grantee: Grantee) -> Panel:
    """The panel without those of whom Slack says that they could not decide. Of whom Slack says
    nothing stays.
    """
    gone = _unable(world, (*found.able, *found.later), requester, grantee)
    able, later = (
        tuple(one for one in people if one not in gone) for people in (found.able, found.later)
    )
    return Panel(able, found.because, later)


def _on_duty(world: Around, role: Role) -> frozenset[str] | None:
    """Who is on the role's roster; None: it has none, or it cannot be read."""
    roll = world.duties.roll(role.duty, now=world.clock.now()) if role.duty is not None else None
    return None if roll is None else roll.users | _known_by_address(world, role, roll)


def _escalation(world: Around, role: Role) -> frozenset[str] | None:
    """Who is on the roster of the role's escalation; None: it has none, or it cannot be read."""
    duty = role.escalation.duty if role.escalation is not None else None
    roll = world.duties.roll(duty, now=world.clock.now()) if duty is not None else None
    return None if roll is None else roll.users


def _unable(
    world: Around, users: Iterable[str], requester: Person, grantee: Grantee
) -> frozenset[str]:
    """Who of these could not decide: guests, who was deactivated, the requester under another id,
    and whose own the grantee is.
    """
    return frozenset(
        one.user
        for one in _people(world, users)
        if not _could_decide(one, requester, grantee, world.catalog)
    )


def _could_decide(one: Person, requester: Person, grantee: Grantee, catalog: Catalog) -> bool:
    try:
        rules.identified(one, catalog)
    except NotAllowed:
        return False
    himself = one.user == requester.user or rules.same_person(one, requester)
    return not himself and not identity.is_own(catalog, one, grantee.kind, grantee.name)


def _known_by_address(world: Around, role: Role, roll: Roll) -> frozenset[str]:
    """A roster of addresses selects among the approvers whose address Slack has confirmed."""
    if not roll.emails:
        return frozenset()
    return frozenset(
        one.user
        for one in _people(world, role.approvers)
        if one.email_confirmed and (one.email or "").casefold() in roll.emails
    )


def _people(world: Around, users: Iterable[str]) -> list[Person]:
    """Those of whom Slack says who they are, asked beside each other."""
    now, found = world.clock.now(), []
    asking = [world.asking.submit(world.directory.person, user, now=now) for user in users]
    for one in asking:
        try:
            found.append(one.result())
        except Unreachable:
            continue
    return found
