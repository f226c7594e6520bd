"""What administrators say in an incident."""

from sqlalchemy.orm import Session

from bot import answers
from bot.command import said
from bot.verbs import ending
from bot.verbs.heard import Deed, Heard
from workflows import access
from workflows.access import Scope
from workflows.catalog.model import Catalog
from workflows.errors import Refused
from workflows.world import World


def scope_of(catalog: Catalog, scope: said.Everything | said.Account | said.ByPerson) -> Scope:
    """What is meant. Raises NotFound."""
    if isinstance(scope, said.Account):
        return Scope(account=catalog.find_account(scope.name, catalog.accounts))
    return Scope(user=scope.slack_id) if isinstance(scope, said.ByPerson) else Scope()


def freeze(world: World, heard: Heard, command: said.Freeze) -> Deed:
    """Opens nothing there any more."""
    _admin(world.catalog, heard)
    scope = scope_of(world.catalog, command.scope)

    def deed(session: Session) -> str:
        access.freeze(
            session, world.catalog, scope, by=heard.by, reason=command.reason, now=heard.at
        )
        return answers.frozen(scope)

    return deed


def thaw(world: World, heard: Heard, command: said.Thaw) -> Deed:
    """Ends that freeze."""
    _admin(world.catalog, heard)
    scope = scope_of(world.catalog, command.scope)
    return lambda session: answers.thawed(
        scope, access.thaw(session, world.catalog, scope, by=heard.by, now=heard.at)
    )


def revoke_all(world: World, heard: Heard, command: said.RevokeAll) -> Deed:
    """Ends everything there; only what was confirmed in its form comes here."""
    _admin(world.catalog, heard)
    scope = scope_of(world.catalog, command.scope)
    if "view" not in heard.row.said:
        raise Refused("This has to be confirmed first: `/xacct revoke --all` asks for it.")

    def deed(session: Session) -> str:
        rows = access.end_all(session, world.catalog, scope, by=heard.by, now=heard.at)
        ending.say_why(session, heard, rows, command.reason)
        return answers.ended(rows)

    return deed


def _admin(catalog: Catalog, heard: Heard) -> None:
    """Before names are looked up: who is none learns nothing of accounts."""
    access.administers(heard.by, catalog)
