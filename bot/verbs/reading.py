"""Reading: list, roles, who, show. Everybody sees what concerns him."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from bot import answers
from bot.blocks import Json
from bot.cards import Drawing, card
from bot.command import said
from bot.facts import facts_of
from bot.home import Lists
from bot.home import home as view
from bot.verbs.heard import Deed, Heard, role_in_sight
from db.models import Request
from db.store import listing, requests, reviews
from workflows import access, names, rules
from workflows.catalog.model import Catalog, Role
from workflows.errors import NotAllowed, NotFound
from workflows.person import Person
from workflows.world import World


def mine(world: World, heard: Heard, _command: said.List) -> Deed:
    """What the person has, and what waits for his decision."""
    catalog, by = world.catalog, heard.by
    machines = [one.name for one in catalog.machines_of(by.user)]
    decides = [role.arn for role in catalog.roles_decided_by(by.user)]

    def deed(session: Session) -> str:
        waiting = listing.waiting(session, decides, asked=by.user)
        own = listing.of_person(session, by.user, machines=machines)
        return answers.standing(own, [one for one in waiting if by.user in one.asked_of])

    return deed


def home(world: World, by: Person, now: datetime) -> Callable[[Session], Json]:
    """App Home of this person, out of the database."""
    catalog = world.catalog
    machines = [one.name for one in catalog.machines_of(by.user)]
    decides = [role.arn for role in catalog.roles_decided_by(by.user)]
    signs = None if by.user in catalog.admins else decides

    def deed(session: Session) -> Json:
        waiting = listing.waiting(session, decides, asked=by.user, decided=True)
        inside = listing.inside(session, decides, asked=by.user)
        unsigned = reviews.unsigned(session, signs, asked=by.user)
        lists = Lists(
            waiting=[one for one in waiting if _is_asked(catalog, one, by)],
            own=listing.of_person(session, by.user, machines=machines),
            over=listing.over(session, by.user),
            inside=[one for one in inside if one.requester != by.user],
            reviews=[one for one in unsigned if one.requester != by.user],
            breaks=any(
                one.break_glass is not None and by.user in one.break_glass.people
                for one in catalog.roles_for(by.user)
            ),
        )
        return view(lists, at=now)

    return deed


def _is_asked(catalog: Catalog, row: Request, by: Person) -> bool:
    undecided = all(one.by != by.user for one in row.decisions)
    return undecided and _may_decide(catalog, row, by)


def _may_decide(catalog: Catalog, row: Request, by: Person) -> bool:
    """Whether a click would be refused for who he is, by the requester's address as he asked."""
    requester = replace(by, user=row.requester, email=row.email)
    try:
        access.may_decide(catalog, row, by, requester=requester, able=row.asked_of)
    except NotAllowed:
        return False
    return True


def roles(world: World, heard: Heard, command: said.Roles) -> Deed:
    """What the person may ask for."""
    catalog = world.catalog
    words = {names.folded(one) for one in command.words.split()}
    found = [
        role for role in catalog.roles_for(heard.by.user) if all(map(_text(role).count, words))
    ]
    return lambda _session: answers.roles(found, words=command.words)


def _text(role: Role) -> str:
    return names.folded(" ".join([role.key, role.account.id, *role.account.aliases]))


def who(world: World, heard: Heard, command: said.Who) -> Deed:
    """Who is in an account, or in one role of it. Raises NotFound."""
    catalog = world.catalog
    user = heard.by.user
    if command.role is not None:
        asked: Sequence[Role] = [role_in_sight(catalog, user, command.account, command.role)]
        where = asked[0].key
    else:
        seen = catalog.roles_in_sight(user)
        account = catalog.find_account(command.account, catalog.accounts_of(seen))
        asked = [role for role in seen if role.account.id == account.id]
        where = account.name
    arns = [role.arn for role in asked]
    return lambda session: answers.inside(where, listing.inside(session, arns))


def show(world: World, heard: Heard, command: said.Show) -> Deed:
    """One request, with the buttons that work for the person."""
    catalog = world.catalog

    def deed(session: Session) -> Drawing:
        row = requests.lock(session, command.id)
        return shown(session, catalog, concerning(catalog, row, heard.by, command.id), heard)

    return deed


def concerning(catalog: Catalog, row: Request | None, by: Person, request_id: int) -> Request:
    """The request of that number, if it is there and concerns this person. Raises NotFound: what
    is not there and what is not his look alike.
    """
    if row is None or not _concerns(catalog, row, by):
        raise NotFound(f"There is no request #{request_id} that concerns you.")
    return row


def _concerns(catalog: Catalog, row: Request, by: Person) -> bool:
    role = catalog.role(row.role)
    approvers = {*row.asked_of, *(role.deciders if role is not None else ())}
    own = (row.requester, *access.owners_of(catalog, row))
    return by.user in {*own, *approvers} or catalog.oversees(by.user)


def shown(session: Session, catalog: Catalog, row: Request, heard: Heard) -> Drawing:
    """The card as this person can use it."""
    facts = facts_of(session, catalog, row, now=heard.at)
    return card(row, facts, works=frozenset(_works(catalog, row, heard.by)))


def _works(catalog: Catalog, row: Request, by: Person) -> list[str]:
    """The buttons that the rules would not refuse, as far as the row and the catalog tell."""
    role = catalog.role(row.role)
    approves = role is not None and _may_decide(catalog, row, by)
    ends = rules.can_revoke(catalog, role, by.user, of=access.enders_of(catalog, row))
    return [
        *(["approve", "approve_less", "deny"] if approves else []),
        *(["revoke"] if ends else []),
    ]
