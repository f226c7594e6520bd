"""Ending access before its time."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from db.lifecycle import UNDECIDED_OR_OPEN, Event, State, Why
from db.models import Request
from db.store import requests
from workflows import rules
from workflows.access.rows import describe, enders_of, owners_of
from workflows.catalog.model import Catalog
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.person import Person


def revoke(
    session: Session, catalog: Catalog, request_ids: Iterable[int], *, by: Person, now: datetime
) -> list[Request]:
    """Ends access at once: every pending and open request of the same grantee on the same role.

    Raises NotAllowed when the person may end none of them, NotFound when nothing is left to end.
    """
    rules.identified(by, catalog)
    ended: list[Request] = []
    refused: NotAllowed | None = None
    for request_id in request_ids:
        row = requests.get(session, request_id)
        if row is None:
            continue
        try:
            rules.may_revoke(catalog, catalog.role(row.role), by.user, of=enders_of(catalog, row))
        except NotAllowed as answer:
            refused = answer
            continue
        mine = by.user in {row.requester, *owners_of(catalog, row)}
        ended += _end_pair(
            session, row, why=Why.GIVEN_BACK if mine else Why.REVOKED, by=by, now=now
        )
    if not ended:
        raise refused or NotFound("Nothing is open there that could be ended.")
    return ended


def cancel(
    session: Session, catalog: Catalog, request_id: int, *, by: Person, now: datetime
) -> Request:
    """Takes one request back on which nobody has decided: only who asked, or owns the machine."""
    rules.identified(by, catalog)
    row = requests.lock(session, request_id)
    if row is None or by.user not in {row.requester, *owners_of(catalog, row)}:
        raise NotFound(f"There is no request #{request_id} of yours.")
    if row.state is State.PENDING:
        return requests.move(session, row, Event.CANCEL, actor=by.user, at=now)
    how = f" End it with `/xacct revoke #{row.id}`." if row.state in UNDECIDED_OR_OPEN else ""
    raise AlreadySettled(f"It cannot be taken back any more: {describe(row)}.{how}")


def _end_pair(
    session: Session, row: Request, *, why: Why, by: Person, now: datetime
) -> Sequence[Request]:
    pair = requests.of_pair(
        session,
        role_target_id=row.role_target_id,
        kind=row.grantee_kind,
        name=row.grantee_name,
        states=UNDECIDED_OR_OPEN,
        lock=True,
    )
    return [
        requests.move(session, one, Event.CANCEL, actor=by.user, at=now)
        if one.state is State.PENDING and why is Why.GIVEN_BACK
        else requests.move(session, one, Event.END, actor=by.user, at=now, why=why)
        for one in pair
    ]
