"""What a card needs beside its row, out of the database and the catalog."""

from datetime import datetime

from sqlalchemy.orm import Session

from bot.headlines import Facts
from db.lifecycle import State, Why
from db.models import Request
from db.store import anchors, history, requests, targets
from workflows.anchors import SHORT
from workflows.catalog.model import Catalog
from workflows.documents.session_end import Anchor


def facts_of(session: Session, catalog: Catalog, row: Request, *, now: datetime) -> Facts:
    """The facts of a request as it stands."""
    ids = [row.role_target_id, row.member_target_id]
    said = [targets.get(session, one).trouble for one in ids if one is not None]
    by_person = row.why in (Why.REVOKED, Why.GIVEN_BACK)
    ended_by = history.who_ended(session, row.id) if by_person else None
    number, signed = anchors.of_request(session, row.id)
    extended = requests.get(session, row.extends) if row.extends is not None else None
    return Facts(
        approvers=list(row.asked_of) if catalog.role(row.role) is not None else [],
        trouble=next((one for one in said if one and one != "spreading"), None),
        ended_by=ended_by,
        extended_end=extended.ends_at if extended is not None else None,
        goes_on=_goes_on(session, row, now),
        anchor=Anchor(number, signed[:SHORT]),
    )


def _goes_on(session: Session, row: Request, now: datetime) -> tuple[int, datetime] | None:
    """The open grant of the pair that ends last, if it ends after a grant that ends in time."""
    if row.ends_at is None or (row.state is not State.ACTIVE and row.why is not Why.TIME):
        return None
    pair = requests.of_pair(
        session,
        role_target_id=row.role_target_id,
        kind=row.grantee_kind,
        name=row.grantee_name,
        states=[State.ACTIVE],
    )
    after = max(row.ends_at, now)
    later = [(one.ends_at, one.id) for one in pair if one.ends_at and one.ends_at > after]
    return (max(later)[1], max(later)[0]) if later else None
