"""Break-glass, and signing its review: only what a window confirmed comes here."""

from bot import answers
from bot.command import said
from bot.verbs.asking import finder, panel
from bot.verbs.heard import Deed, Heard, role_for
from db.store import requests
from workflows import access, identity
from workflows.directory import Unreachable
from workflows.errors import NotFound, Refused
from workflows.person import Person
from workflows.world import World


def break_glass(world: World, heard: Heard, command: said.BreakGlass) -> Deed:
    """Files a use. Raises Refused."""
    catalog, by = world.catalog, heard.by
    _confirmed(heard, "break-glass")
    if command.account is None or command.role is None or not command.reason:
        raise Refused("Say which role, and why nobody can wait: `/xacct break-glass` asks for it.")
    role = role_for(catalog, by.user, command.account, command.role)
    longest = access.glass_of(role, by.user).longest
    grantee = identity.own(catalog, by, role, finder(world))
    ask = access.Ask(role, grantee, longest, command.reason, break_glass=True)
    asked = panel(world, heard, role, grantee)
    return lambda session: answers.broken(
        access.break_glass(session, catalog, ask, by=by, now=heard.at, panel=asked)
    )


def sign(world: World, heard: Heard, command: said.Sign) -> Deed:
    """Signs the review of a use. Raises Refused."""
    _confirmed(heard, "sign")
    requester = user_of(world, command.id)
    signature = access.Signature(command.id, command.note)
    return lambda session: answers.signed(
        access.sign(
            session, world.catalog, signature, by=heard.by, requester=requester, now=heard.at
        )
    )


def user_of(world: World, request_id: int) -> Person:
    """Whose use it was, as Slack describes him now; where Slack does not know him any more, as his
    request's row does: somebody has to be able to sign what he did. Raises NotFound.
    """
    with world.database.read() as session:
        row = requests.get(session, request_id)
    if row is None:
        raise NotFound(f"There is no break-glass use #{request_id}.")
    try:
        return world.directory.person(row.requester, now=world.clock.now())
    except Unreachable:
        return Person(
            user=row.requester,
            team=row.team,
            name=row.grantee_name,
            email=row.email,
            email_confirmed=row.email is not None,
            guest=False,
            bot=False,
            stranger=False,
            deleted=True,
        )


def _confirmed(heard: Heard, verb: str) -> None:
    if "view" not in heard.row.said:
        raise Refused(f"This has to be confirmed in its window: `/xacct {verb}` opens it.")
