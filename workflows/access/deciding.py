"""Deciding on a request: the word of an approver, on the terms that he was shown."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State
from db.models import Request
from db.store import requests
from workflows import rules
from workflows.access.incidents import not_frozen
from workflows.access.rows import describe, is_escalated, may_decide, may_still_ask, terms_of
from workflows.catalog.model import Catalog, Role
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.panel import Panel
from workflows.panel import panel as panel_without_roster
from workflows.person import Person


@dataclass(frozen=True)
class Click:
    """A decision as it was made: on which request, and on which terms as they were shown; `seconds`
    where it is for less time than was asked for.
    """

    request_id: int
    terms: str
    seconds: int | None = None


@dataclass(frozen=True)
class Denial:
    """One approver's no, and why if he says it."""

    request_id: int
    reason: str | None = None


def approve(
    session: Session,
    catalog: Catalog,
    click: Click,
    *,
    by: Person,
    requester: Person,
    now: datetime,
    panel: Panel | None = None,
) -> Request:
    """Counts one approval; with the last one needed the opening is owed."""
    row = decidable(
        session, catalog, click.request_id, by=by, requester=requester, now=now, panel=panel
    )
    rules.identified(requester, catalog)
    if row.terms is None:
        raise NotAllowed("AWS is still being looked at for this request. Try again in a moment.")
    if click.terms != row.terms:
        raise AlreadySettled(
            "The request changed since this card was drawn. Read the new card, then decide."
        )
    role = _as_it_was(catalog, row)
    if any(one.by == by.user for one in row.decisions):
        raise AlreadySettled("You approved this already; another approver has to, too.")
    not_frozen(session, account_id=row.account_id, user=row.requester)
    rules.gives_less(role, click.seconds, asked=row.seconds)
    given = requests.decide(row, by=by.user, approves=True, at=now, seconds=click.seconds)
    least = min((one.seconds for one in row.decisions if one.seconds), default=None)
    if given >= row.approvals_needed:
        return requests.move(session, row, Event.APPROVE, actor=by.user, at=now, lent_seconds=least)
    requests.note(session, row, at=now, lent_seconds=least)
    _say_one(session, row, by, click, given, now)
    return row


def _say_one(
    session: Session, row: Request, by: Person, click: Click, given: int, now: datetime
) -> None:
    audit.say(
        session,
        "approved by one",
        actor=by.user,
        at=now,
        request=row,
        given=given,
        seconds=click.seconds,
    )


def _as_it_was(catalog: Catalog, row: Request) -> Role:
    """The role, if the catalog says of it what it said when it was asked for."""
    role = catalog.role(row.role)
    unchanged = role is not None and terms_of(row, role) == row.terms
    if role is None or not unchanged or not may_still_ask(catalog, row, role):
        raise NotAllowed(
            "The catalog changed since this was asked, so nobody can approve it as it stands. "
            "The requester has to ask again."
        )
    return role


def deny(
    session: Session,
    catalog: Catalog,
    denial: Denial,
    *,
    by: Person,
    requester: Person,
    now: datetime,
    panel: Panel | None = None,
) -> Request:
    """Denies for good: one approver's no is final."""
    row = decidable(
        session, catalog, denial.request_id, by=by, requester=requester, now=now, panel=panel
    )
    if any(one.by == by.user for one in row.decisions):
        raise AlreadySettled("You approved this already. An approval is taken back by a revoke.")
    requests.decide(row, by=by.user, approves=False, at=now, reason=denial.reason)
    return requests.move(session, row, Event.DENY, actor=by.user, at=now)


def decidable(
    session: Session,
    catalog: Catalog,
    request_id: int,
    *,
    by: Person,
    requester: Person,
    now: datetime,
    panel: Panel | None = None,
) -> Request:
    """The request, locked, if this person may decide on it now; nothing is changed.

    `panel` are those who may; without it, those who may while no roster can be read.
    """
    rules.identified(by, catalog)
    row = requests.lock(session, request_id)
    if row is None:
        raise NotFound(f"There is no request #{request_id}.")
    may_decide(catalog, row, by, requester=requester, able=_able(catalog, row, panel, now))
    if row.state is not State.PENDING:
        raise AlreadySettled(f"Nothing is left to decide: {describe(row)}{_decided_by(row)}.")
    if row.lapses_at <= now:
        raise AlreadySettled(f"#{row.id} has waited too long and lapsed. It can be asked anew.")
    return row


def _decided_by(row: Request) -> str:
    """Who approved or denied it, for who comes too late."""
    return f", decided by {rules.people(one.by for one in row.decisions)}" if row.decisions else ""


def _able(catalog: Catalog, row: Request, panel: Panel | None, now: datetime) -> tuple[str, ...]:
    role = catalog.role(row.role)
    if role is None:
        return ()
    found = panel or panel_without_roster(role, escalated=is_escalated(row, now))
    return found.able
