"""Break-glass: an emergency opens a role without an approver, and another person signs it after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import FINAL, Event, State, Why
from db.models import Request
from db.store import requests, reviews, targets
from workflows import addresses, identity, rules
from workflows.access import asking
from workflows.access.asking import Ask
from workflows.access.incidents import not_frozen
from workflows.access.rows import describe, may_still_ask, owners_of
from workflows.catalog.break_glass import GIVER, BreakGlass
from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.panel import Panel
from workflows.person import Person

EACH: Final = timedelta(days=1)
"""A person breaks glass once in this time."""


def glass_of(role: Role, user: str) -> BreakGlass:
    """What the role says of break-glass by this person. Raises NotAllowed."""
    if role.break_glass is None:
        raise NotAllowed(f"{role.key} has no break-glass. Ask for it: `/xacct request {role.key}`.")
    if user not in role.break_glass.people:
        raise NotAllowed(
            f"You are not named under `break_glass` of {role.key}. Ask for it: `/xacct request "
            f"{role.key}`."
        )
    return role.break_glass


def channel_of(catalog: Catalog, glass: BreakGlass) -> str:
    """The channel that hears of a use."""
    return glass.channel or catalog.alerts_channel


def break_glass(
    session: Session, catalog: Catalog, ask: Ask, *, by: Person, now: datetime, panel: Panel
) -> Request:
    """Files a use: pending until AWS was looked at, and then approved by nobody. Its channel is
    owed a word now. `panel` are the role's approvers, who hear of it.
    """
    rules.identified(by, catalog)
    glass = glass_of(ask.role, by.user)
    rules.may_ask(ask.role, ask.grantee.kind, by.user)
    not_frozen(session, account_id=ask.role.account.id, user=by.user)
    if not {*panel.able, *ask.role.deciders, *catalog.admins} - {by.user}:
        raise NotAllowed("Nobody but you could sign the review of this, so it cannot be opened so.")
    reviews.one_at_a_time(session, by.user, by.email)
    may_break(session, by, now)
    _not_open(session, ask)
    row = asking.file(session, catalog, ask, by=by, now=now, panel=panel)
    reviews.opened(session, row, channel=channel_of(catalog, glass), at=now)
    audit.say(
        session,
        "broke glass",
        actor=by.user,
        at=now,
        request=row,
        told=row.asked_of,
        seconds=row.seconds,
        reason=row.reason,
    )
    return row


def may_break(session: Session, by: Person, now: datetime) -> None:
    """Refuses a second use before the first is signed, and within a day."""
    for row, review in reviews.of_person(session, by.user, by.email):
        if review.signed_at is None:
            raise NotAllowed(
                f"Your break-glass use #{row.id} of {row.role} is not signed yet. When it is over "
                "another person has to sign its review before you can break glass again; until "
                "then ask for the role: `/xacct request`."
            )
        if row.asked_at + EACH > now:
            again = f"{row.asked_at + EACH:%Y-%m-%d %H:%M} UTC"
            raise NotAllowed(
                f"You broke glass by #{row.id}, and once a day is the most: you can again from "
                f"{again} on. Until then ask for the role: `/xacct request`."
            )


def _not_open(session: Session, ask: Ask) -> None:
    """A request that waits does not matter: nobody may be there to decide on it."""
    pair = requests.of_pair(
        session,
        role_target_id=targets.ensure(session, addresses.role(ask.role)).id,
        kind=ask.grantee.kind,
        name=ask.grantee.name,
        states=(State.APPROVED, State.ACTIVE),
    )
    if pair:
        raise AlreadySettled(f"You have this role already: {describe(pair[0])}.")


def approve_glass(session: Session, catalog: Catalog, row: Request, *, now: datetime) -> None:
    """Approves a use that was just looked at, on the terms that the look fixed: AWS forbids nothing
    of it. What does not hold any more, or was frozen since, ends it.
    """
    try:
        glass_holds(catalog, row)
        not_frozen(session, account_id=row.account_id, user=row.requester)
    except NotAllowed as refusal:
        requests.move(
            session, row, Event.END, actor="xacct", at=now, why=Why.FAILED, trouble=str(refusal)
        )
        return
    requests.decide(row, by=GIVER, approves=True, at=now, reason=row.reason)
    requests.move(session, row, Event.APPROVE, actor=GIVER, at=now)


def glass_holds(catalog: Catalog, row: Request) -> None:
    """Refuses a use that the catalog would not allow now."""
    role = catalog.role(row.role)
    if role is None or not may_still_ask(catalog, row, role):
        raise NotAllowed(f"{row.role} is not the requester's to ask for any more.")
    if not row.break_glass or row.length > glass_of(role, row.requester).longest:
        raise NotAllowed(f"Break-glass of {row.role} does not allow this any more.")


# --- signing


@dataclass(frozen=True)
class Signature:
    """One person's word that he looked into a use."""

    request_id: int
    note: str


def signable(
    session: Session, catalog: Catalog, request_id: int, *, by: Person, requester: Person
) -> Request:
    """The use, locked, if this person may sign its review now; nothing is changed."""
    rules.identified(by, catalog)
    row = requests.lock(session, request_id)
    review = reviews.of_request(session, request_id, lock=True)
    if row is None or review is None:
        raise NotFound(f"There is no break-glass use #{request_id}.")
    _may_sign(catalog, row, by, requester)
    if review.signed_at is not None:
        raise AlreadySettled(f"<@{review.signed_by}> signed the review of #{row.id} already.")
    if row.state not in FINAL:
        raise NotAllowed(f"It is signed when it is over: {describe(row)}.")
    return row


def sign(
    session: Session,
    catalog: Catalog,
    signature: Signature,
    *,
    by: Person,
    requester: Person,
    now: datetime,
) -> Request:
    """Signs the review of a use. `requester` is who used it, as Slack describes him now."""
    row = signable(session, catalog, signature.request_id, by=by, requester=requester)
    if not signature.note:
        raise NotAllowed("Write what you looked at: a review that says nothing is none.")
    reviews.remember(session, row.id, signed_by=by.user, signed_at=now, note=signature.note)
    reviews.owe(session, row.id, now)
    audit.say(session, "signed review", actor=by.user, at=now, request=row, reason=signature.note)
    return row


def _may_sign(catalog: Catalog, row: Request, by: Person, requester: Person) -> None:
    role = catalog.role(row.role)
    able = {*(role.deciders if role is not None else ()), *row.asked_of, *catalog.admins}
    address = (by.email or "").casefold()
    is_he = by.user == row.requester or (address and address == (row.email or "").casefold())
    if is_he or rules.same_person(by, requester):
        raise NotAllowed("You cannot sign the review of your own break-glass use.")
    if by.user in owners_of(catalog, row):
        raise NotAllowed("You own this machine, so somebody else has to sign.")
    if identity.is_own(catalog, by, GranteeKind(row.grantee_kind), row.grantee_name):
        raise NotAllowed(
            f"{row.grantee_name} is your own identity in AWS, so somebody else has to sign."
        )
    if by.user not in able:
        raise NotAllowed(
            f"Only an approver of {row.role} or an administrator of xacct can sign this: "
            f"{rules.people(sorted(able - {row.requester}))}."
        )
