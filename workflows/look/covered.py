"""The trust policies of all that a deny group covers: remembered, and read where they are too old.

Leaving the group lifts the deny on each of these roles, so their trust policies must be known.
"""

from collections.abc import Iterable
from concurrent.futures import Future
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from db.store import targets
from workflows import addresses, edits
from workflows.catalog.model import Catalog, Role
from workflows.documents.text import Document
from workflows.errors import Trouble
from workflows.seen import RoleSeen
from workflows.world import World

REMEMBERED: Final = timedelta(minutes=30)
"""For how long a trust policy that was read counts as known. Drift reads them more often."""


def refresh(world: World, covered: Iterable[str]) -> None:
    """Reads what is not known of the covered roles, beside each other, and remembers it.

    What cannot be read stays unknown: then the group is not lifted.
    """
    with world.database.read() as session:
        known = _known(world, session)
    wanted = [role for role in _roles(world.catalog, covered) if known.get(role.arn) is None]
    asked = [(role, _ask(world, role)) for role in wanted]
    for role, answer in asked:
        try:
            seen = answer.result() if answer is not None else None
        except Trouble:
            continue
        if seen is not None:
            with world.database.write() as session:
                target = targets.ensure(session, addresses.role(role))
                edits.seen(session, world.catalog, target.id, seen, now=world.clock.now())


def trusts(world: World, session: Session) -> dict[str, Document | None]:
    """Each role of the catalog with its trust policy, None where it is not known."""
    known = _known(world, session)
    return {role.arn: known.get(role.arn) for role in world.catalog.roles}


def _known(world: World, session: Session) -> dict[str, Document | None]:
    since = world.clock.now() - REMEMBERED
    found = targets.trusts(session, [role.arn for role in world.catalog.roles], since=since)
    return {target.arn: target.trust for target in found}


def _roles(catalog: Catalog, covered: Iterable[str]) -> list[Role]:
    arns = frozenset(covered)
    return [role for role in catalog.roles if role.arn in arns]


def _ask(world: World, role: Role) -> Future[RoleSeen] | None:
    account = role.account
    try:
        fenced = world.managers.fenced(account.manager_arn, account.external_id)
    except Trouble:
        return None
    return fenced.ask(fenced.iam.role, role.name)
