"""Denies that are lifted, of groups that cover several roles: each lift must still open only what
trust opens. What was so at the opening is compared again when all accounts have been read.
"""

from sqlalchemy.orm import Session

from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import requests, standing
from workflows import rows
from workflows.catalog.model import Mechanism
from workflows.documents import groups
from workflows.drift.seen import AccountSeen
from workflows.look import covered
from workflows.settle import alarm
from workflows.world import World


def check(world: World, seen: AccountSeen) -> bool:
    """Ends the grants whose lifted deny kept something else shut that opens now; True if any.

    `seen` is the grantee account. A role whose trust policy is not known says nothing.
    """
    now, news = world.clock.now(), False
    with world.database.write() as session:
        for found in standing.by_group(session, closed_since=now):
            row = requests.lock(session, found.id) if _is_lifted(found) else None
            wrong = _fault(world, session, row, seen) if row is not None else None
            if row is not None and wrong is not None and _is_lifted(row):
                requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.WIDENED)
                alarm.lifted(session, row, wrong, now)
                news = True
    return news


def _is_lifted(row: Request) -> bool:
    return row.state is State.ACTIVE and row.mechanism == Mechanism.DENY_GROUP


def _fault(world: World, session: Session, row: Request, seen: AccountSeen) -> str | None:
    """What the lift opens beyond the row's role, or None."""
    group = seen.groups.get(row.group_name or "")
    if group is None:
        return None
    names = groups.covers(group.documents)
    if names <= {row.role_arn}:
        return None
    trusts = covered.trusts(world, session)
    known = [arn for arn in names if arn not in trusts or trusts[arn] is not None]
    return groups.wide_fault(known, trusts, rows.visitor(row), world.catalog.installation)
