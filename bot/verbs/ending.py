"""Ending access before its time."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from bot import answers
from bot.command import said
from bot.verbs.heard import Deed, Heard, role_in_sight
from db import audit
from db.lifecycle import UNDECIDED_OR_OPEN
from db.models import Request
from db.store import listing, requests
from workflows import access
from workflows.catalog.model import Catalog, Role
from workflows.person import Person
from workflows.world import World


def pressed(world: World, heard: Heard, asked: dict[str, Any]) -> Deed:
    """Ends what the button was on."""
    catalog = world.catalog
    return lambda session: _revoke(catalog, session, heard, [int(asked["request"])])


def revoke(world: World, heard: Heard, command: said.Revoke) -> Deed:
    """Ends a request, a role's or a person's. Raises NotFound."""
    catalog = world.catalog
    target = command.target
    if isinstance(target, said.ByRole):
        role = role_in_sight(catalog, heard.by.user, target.account, target.role)

    def deed(session: Session) -> str:
        if isinstance(target, said.ById):
            ids = [target.id]
        elif isinstance(target, said.ByPerson):
            ids = [row.id for row in listing.of_person(session, target.slack_id, limit=None)]
        else:
            ids = _on_role(session, catalog, heard.by, role)
        return _revoke(catalog, session, heard, ids, reason=command.reason)

    return deed


def _on_role(session: Session, catalog: Catalog, by: Person, role: Role) -> list[int]:
    """The person's own requests for the role; if he has none, everybody's: the rules decide."""
    rows = listing.of_role(session, role.arn)
    own = [one for one in rows if by.user in {one.requester, *access.owners_of(catalog, one)}]
    return [one.id for one in own or rows]


def _revoke(
    catalog: Catalog, session: Session, heard: Heard, ids: Sequence[int], *, reason: str = ""
) -> str:
    rows: list[Request] = access.revoke(session, catalog, ids, by=heard.by, now=heard.at)
    say_why(session, heard, rows, reason)
    named = [requests.get(session, one) for one in ids]
    left = [row for row in named if row is not None and row.state in UNDECIDED_OR_OPEN]
    return answers.ended(rows, left)


def say_why(session: Session, heard: Heard, rows: Sequence[Request], reason: str) -> None:
    """Records why these were ended, if it was said."""
    for row in rows if reason else ():
        audit.say(session, "said why", actor=heard.by.user, at=heard.at, request=row, reason=reason)
