"""What administrators say to an alert: remove a member, or leave what was found as it is.

Each verb is part of one transaction. It raises Refused, having changed nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db import audit
from db.models import Alert
from db.store import alerts, memberships, standing, targets
from workflows import addresses, edits, rules
from workflows.catalog.model import Catalog
from workflows.drift import lost, strangers
from workflows.drift.places import Stranger
from workflows.errors import AlreadySettled, NotAllowed
from workflows.person import Person

LEAVABLE: Final = frozenset({strangers.KIND, edits.WIDENED, edits.UNSEALED, lost.KIND})
"""Kinds that an administrator may call meant. All others end when they are mended, not before."""


@dataclass(frozen=True)
class Spot:
    """One member on the digest: the alert it stood in, and its `Stranger.mark`."""

    alert_id: int
    mark: str


def remove(
    session: Session, catalog: Catalog, spot: Spot, *, by: Person, now: datetime
) -> Stranger:
    """Owes the removal of a member without a request, and returns him; a settle takes him out."""
    alert = _standing(session, catalog, spot.alert_id, by)
    listing = strangers.listed(alert) if alert.key == strangers.KEY else []
    found = [one for one in listing if one.mark == spot.mark]
    if not found:
        raise AlreadySettled("He is not on the list any more.")
    member = found[0]
    _owe(session, catalog, member, now)
    facts: dict[str, Any] = {
        "group": member.group,
        "user": member.user_name,
        "user_id": member.user_id,
    }
    audit.say(session, "remove member", actor=by.user, at=now, **facts)
    strangers.show(session, [one for one in listing if one != member], at=now)
    return member


def _owe(session: Session, catalog: Catalog, member: Stranger, now: datetime) -> None:
    """A note that he was not in the group before us: so a settle takes him out, and is not lost."""
    target = targets.ensure(session, addresses.member(catalog, member.user_name))
    standing.free(session, target.id)  # whoever notes something of him waits for us, or we for him
    lent = standing.by_group(session, closed_since=now)
    spots = {(one.group_name, one.grantee_id) for one in lent}
    noted = memberships.noted(session, catalog.grantee.id, member.user_id)
    if member.group in noted or (member.group, member.user_id) in spots:
        raise AlreadySettled(
            f"{member.user_name} is in {member.group} with a request by now: end that one instead."
        )
    memberships.note(
        session,
        account_id=catalog.grantee.id,
        group_name=member.group,
        user_id=member.user_id,
        user_name=member.user_name,
        was_member=False,
        at=now,
    )
    targets.owe(session, target.id, now, closing=True)


def leave(session: Session, catalog: Catalog, alert_id: int, *, by: Person, now: datetime) -> None:
    """An administrator says that what was found is meant: the alert is over."""
    alert = _standing(session, catalog, alert_id, by)
    if alert.kind not in LEAVABLE:
        raise NotAllowed("This alert ends when it is mended, and not before.")
    also: dict[str, object] = {"left_by": by.user}
    if alert.key == strangers.KEY:
        spots = strangers.left_alone(alert)
        spots |= {(one.group, one.user_id) for one in strangers.listed(alert)}
        also["left"] = [list(one) for one in sorted(spots)]
    alerts.over(session, alert.key, at=now, by=by.user, **also)


def _standing(session: Session, catalog: Catalog, alert_id: int, by: Person) -> Alert:
    rules.identified(by, catalog)
    if by.user not in catalog.admins:
        raise NotAllowed(
            f"Only an administrator of xacct can do that: {rules.people(catalog.admins)}."
        )
    alert = alerts.get(session, alert_id)
    if alert is None or alert.over_at is not None:
        raise AlreadySettled("This alert is over already.")
    return alert
