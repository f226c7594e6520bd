"""Extending access: a request of its own, for more time from the end of an open grant on."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request
from db.store import requests
from workflows import identity, rules
from workflows.access import asking
from workflows.access.asking import Ask
from workflows.access.rows import describe, grantee_of, owners_of
from workflows.catalog.model import SHORTEST, Catalog, Role
from workflows.durations import duration_text, whole_minute
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.panel import Panel
from workflows.panel import panel as panel_without_roster
from workflows.person import Person

_EARLIER: Final = re.compile(r"(?:extends #[0-9]+: )+")


@dataclass(frozen=True)
class More:
    """More time for an open grant, from its end on; an empty `reason` is that of the grant."""

    request_id: int
    duration: timedelta
    reason: str = ""


def extend(
    session: Session,
    catalog: Catalog,
    more: More,
    *,
    by: Person,
    now: datetime,
    panel: Panel | None = None,
) -> Request:
    """Files a request for more time. It lapses with the grant's end. Nothing is opened by it."""
    rules.identified(by, catalog)
    row = requests.lock(session, more.request_id)
    if row is None:
        raise NotFound(f"There is no request #{more.request_id}.")
    if by.user not in {row.requester, *owners_of(catalog, row)}:
        raise NotAllowed(f"Only who asked for #{row.id} can extend it, or an owner of its machine.")
    if not _is_open(row, now):
        raise AlreadySettled(f"Only what is open can be extended: {describe(row)}.")
    not_by_break_glass(row)
    ask = _ask(catalog, row, more, by)
    asked = panel or panel_without_roster(ask.role)
    asking.may_file(session, catalog, ask, by=by, panel=asked)
    _nothing_else(row, _pair(session, row), now)
    _fits(row, ask)
    return asking.file(session, catalog, ask, by=by, now=now, panel=asked, extends=row)


def not_by_break_glass(row: Request) -> None:
    """Refuses what was opened without an approver."""
    if row.break_glass:
        raise NotAllowed(
            f"#{row.id} was opened by break-glass, which is never extended. Ask an approver: "
            f"`/xacct request {row.role} 1h` and why."
        )


def _is_open(row: Request, now: datetime) -> bool:
    is_noted = row.state in (State.APPROVED, State.ACTIVE) and row.noted_at is not None
    return is_noted and row.ends_at is not None and row.ends_at > now


def _ask(catalog: Catalog, row: Request, more: More, by: Person) -> Ask:
    role = catalog.role(row.role)
    if role is None or role.arn != row.role_arn:
        raise NotAllowed(f"{row.role} is not in the catalog as it was, so #{row.id} just ends.")
    grantee = grantee_of(catalog, row)
    email = by.email if by.email_confirmed else None
    if not identity.still_his(catalog, by.user, grantee, email=email):
        raise NotAllowed(f"{row.grantee_name} is no longer yours to ask for.")
    before = _EARLIER.sub("", row.reason)
    return Ask(role, grantee, more.duration, more.reason or f"extends #{row.id}: {before}")


def _pair(session: Session, row: Request) -> list[Request]:
    """The other requests of the grantee for the role that wait or are open."""
    found = requests.of_pair(
        session,
        role_target_id=row.role_target_id,
        kind=row.grantee_kind,
        name=row.grantee_name,
        states=(State.PENDING, State.APPROVED, State.ACTIVE),
    )
    return [one for one in found if one.id != row.id]


def _nothing_else(row: Request, pair: Iterable[Request], now: datetime) -> None:
    """One at a time, and always the last: an extension never ends before what it extends."""
    for one in pair:
        if not _is_open(one, now) and one.state is not State.ACTIVE:
            raise AlreadySettled(f"This was asked already: {describe(one)}.")
        if one.ends_at is not None and row.ends_at is not None and one.ends_at > row.ends_at:
            raise AlreadySettled(
                f"The access goes on by #{one.id} until {_said(one.ends_at)}. Extend that one: "
                f"`/xacct extend #{one.id} 30m`."
            )


def _fits(row: Request, ask: Ask) -> None:
    """The unbroken time of a grantee in a role never exceeds what the role is lent for."""
    if ask.duration < SHORTEST:
        raise NotAllowed(
            f"{duration_text(ask.duration)} more is too short; {duration_text(SHORTEST)} is the "
            "least."
        )
    assert row.ends_at is not None  # it is open
    since = row.unbroken_since or row.noted_at or row.asked_at
    latest = whole_minute(since + ask.role.max_duration)
    if row.ends_at + ask.duration > latest:
        raise NotAllowed(f"{_longest(row, ask.role, since)} {_until(row, latest)}")


def _longest(row: Request, role: Role, since: datetime) -> str:
    return (
        f"{role.key} is lent for {duration_text(role.max_duration)} without a break at most, and "
        f"{row.grantee_name} has it since {_said(since)}."
    )


def _until(row: Request, latest: datetime) -> str:
    assert row.ends_at is not None
    if latest - row.ends_at < SHORTEST:
        return f"So #{row.id} cannot be extended; ask anew when it is over."
    return (
        f"#{row.id} can be extended until {_said(latest)} at the latest: by "
        f"{duration_text(latest - row.ends_at)}."
    )


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
