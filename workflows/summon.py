"""Whom a request is asked of now, out of the catalog, the rosters and Slack."""

from collections.abc import Iterable

from db.models import Request
from workflows import rules
from workflows.access.rows import is_escalated
from workflows.catalog.model import Catalog, Role
from workflows.directory import Unreachable
from workflows.duties import Roll
from workflows.errors import NotAllowed
from workflows.panel import Panel, panel
from workflows.person import Person
from workflows.world import World


def panel_of(world: World, role: Role, *, escalated: bool = False) -> Panel:
    """Who may decide on a request for the role now. Asks rosters and Slack; never raises."""
    if role.duty is None:
        return panel(role, escalated=escalated)
    roll = world.duties.roll(role.duty, now=world.clock.now())
    on_duty = None if roll is None else roll.users | _known_by_address(world, role, roll)
    return panel(role, on_duty, escalated=escalated)


def panel_for(world: World, row: Request) -> Panel | None:
    """Who may decide on this request now; None: the catalog does not have its role any more."""
    role = world.catalog.role(row.role)
    if role is None:
        return None
    return panel_of(world, role, escalated=is_escalated(row, world.clock.now()))


def reachable(world: World, found: Panel, *, requester: Person) -> Panel:
    """The panel without those of whom Slack says that they could not decide: the requester under
    another id, guests, who was deactivated. Of whom Slack says nothing stays.
    """
    gone = {
        one.user
        for one in _people(world, found.able)
        if not _could_decide(one, requester, world.catalog)
    }
    return Panel(tuple(one for one in found.able if one not in gone), found.because)


def _could_decide(one: Person, requester: Person, catalog: Catalog) -> bool:
    try:
        rules.identified(one, catalog)
    except NotAllowed:
        return False
    return one.user == requester.user or not rules.same_person(one, requester)


def _known_by_address(world: World, role: Role, roll: Roll) -> frozenset[str]:
    """A roster of addresses selects among the approvers whose address Slack has confirmed."""
    if not roll.emails:
        return frozenset()
    return frozenset(
        one.user
        for one in _people(world, role.approvers)
        if one.email_confirmed and (one.email or "").casefold() in roll.emails
    )


def _people(world: World, users: Iterable[str]) -> list[Person]:
    """Those of whom Slack says who they are, asked beside each other."""
    now, found = world.clock.now(), []
    asking = [world.asking.submit(world.directory.person, user, now=now) for user in users]
    for one in asking:
        try:
            found.append(one.result())
        except Unreachable:
            continue
    return found
