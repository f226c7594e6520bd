"""What the rows say, as the comparison takes it. Asked for after AWS was read: whatever xacct wrote
there was noted in the rows before.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request, Target
from db.store import requests, standing
from workflows import rows
from workflows.catalog.model import Catalog, Mechanism, Role
from workflows.drift.compare import Known
from workflows.drift.places import Active, Place, PlacesKnown, Spot
from workflows.settle.lease import LONGEST_WAIT

STALE: Final = rows.STALE
"""A read may be so much older than a write: IAM is eventually consistent."""


def role(
    session: Session, role: Role, target: Target | None, *, at: datetime, now: datetime
) -> Known:
    """What the rows want of a role that was read at `at`, AWS's time."""
    if target is None:
        return Known(role.key, 0, (), settled=True)
    found = requests.of_role(session, target.id, kept_since=at - rows.KEPT)
    return Known(
        key=role.key,
        number=target.id,
        grants=rows.grants(found, (), at=at),
        settled=_settled(target, found, at, now),
    )


def _settled(target: Target, found: Sequence[Request], at: datetime, now: datetime) -> bool:
    soon = now if target.trouble is None else now + LONGEST_WAIT  # it is being tried again
    owed = target.settle_at is not None and target.settle_at <= soon
    if owed or target.lease is not None:
        return False
    moments = [target.written_at]
    for row in found:
        moments += [row.noted_at, row.role_open_at, row.closing_at, row.role_closed_at]
    return all(moment is None or moment + STALE <= at for moment in moments)


def places(session: Session, catalog: Catalog, *, began: datetime) -> PlacesKnown:
    """What the rows say of places in groups that were read from `began` on, our time."""
    notes = {
        (one.group_name, one.user_id): Place(
            one.group_name, one.user_name, one.user_id, one.was_member
        )
        for one in standing.notes(session, catalog.grantee.id)
    }
    lent = standing.by_group(session, closed_since=began - STALE)
    active = {
        _spot(one): Active(one.member_target_id, one.mechanism == Mechanism.ALLOW_GROUP)
        for one in lent
        if one.state is State.ACTIVE and one.member_target_id is not None
    }
    return PlacesKnown(notes, frozenset(map(_spot, lent)), active)


def _spot(row: Request) -> Spot:
    return row.group_name or "", row.grantee_id or ""
