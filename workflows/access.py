"""The verbs of people: request, approve, deny, cancel, revoke. Each is part of one transaction.

A verb checks the rules on what is true now, moves the state, and so owes what follows. It raises
Refused, having changed nothing, with the sentence that the person reads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import UNDECIDED_OR_OPEN, Event, State, Why
from db.models import Request, TargetKind
from db.store import requests, targets
from workflows import identity, rules
from workflows.catalog.model import Catalog, Delivery, GranteeKind, Role
from workflows.durations import duration_text
from workflows.errors import AlreadySettled, NotAllowed, NotFound
from workflows.person import Grantee, Person


@dataclass(frozen=True)
class Ask:
    """One ask of one grantee for one role."""

    role: Role
    grantee: Grantee
    duration: timedelta
    reason: str


def request(session: Session, catalog: Catalog, ask: Ask, *, by: Person, now: datetime) -> Request:
    """Files the ask: pending, with a look owed. Nothing is opened by it."""
    role = ask.role
    rules.identified(by, catalog)
    rules.may_ask(role, ask.grantee.kind)
    rules.can_be_approved(role, {by.user, *ask.grantee.owners})
    _fits(role, ask.duration)
    if requests.count_pending(session, by.user) >= catalog.pending_per_person:
        raise NotAllowed(
            f"You have {catalog.pending_per_person} requests waiting already. Cancel one, or wait "
            "for a decision."
        )
    target = targets.ensure(session, _role_address(role))
    waiting = requests.of_pair(
        session,
        role_target_id=target.id,
        kind=ask.grantee.kind,
        name=ask.grantee.name,
        states=(State.PENDING, State.APPROVED),
    )
    if waiting:
        raise AlreadySettled(f"This was asked already: {describe(waiting[0])}.")
    member = (
        targets.ensure(session, _member_address(catalog, ask.grantee)).id
        if rules.comes_by_group(role, ask.grantee.kind)
        else None
    )
    return requests.file(session, _row(catalog, ask, by, now, (target.id, member)))


def _fits(role: Role, duration: timedelta) -> None:
    if not role.shortest <= duration <= role.max_duration:
        raise NotAllowed(
            f"{role.key} is lent for {duration_text(role.shortest)} to "
            f"{duration_text(role.max_duration)}; you asked for {duration_text(duration)}."
        )


def _role_address(role: Role) -> targets.Address:
    account = role.account
    return targets.Address(
        kind=TargetKind.ROLE,
        arn=role.arn,
        account_id=account.id,
        name=role.name,
        manager_arn=account.manager_arn,
        external_id=account.external_id,
    )


def _member_address(catalog: Catalog, grantee: Grantee) -> targets.Address:
    account = catalog.grantee
    return targets.Address(
        kind=TargetKind.MEMBER,
        arn=f"arn:{account.partition}:iam::{account.id}:user/{grantee.name}",
        account_id=account.id,
        name=grantee.name,
        manager_arn=account.manager_arn,
        external_id=account.external_id,
    )


def _row(
    catalog: Catalog, ask: Ask, by: Person, now: datetime, owed: tuple[int, int | None]
) -> Request:
    role, grantee = ask.role, ask.grantee
    vends = role.delivery is Delivery.CREDENTIALS
    by_group = owed[1] is not None
    return Request(
        role_target_id=owed[0],
        member_target_id=owed[1],
        team=by.team,
        requester=by.user,
        email=by.email,
        account_id=role.account.id,
        account_name=role.account.name,
        partition=role.account.partition,
        role_name=role.name,
        role_arn=role.arn,
        mechanism=role.mechanism if by_group else "trust-policy",
        group_name=role.group.name if by_group and role.group else None,
        delivery=role.delivery,
        session_end=role.session_end,
        grantee_kind=grantee.kind,
        grantee_name=grantee.name,
        grantee_arn=grantee.arn,
        session_name=grantee.session_name,
        vendor_arn=catalog.grantee.vendor_arn if vends else None,
        approvals_needed=role.approvals,
        seconds=int(ask.duration.total_seconds()),
        reason=ask.reason,
        channel=role.channel,
        asked_at=now,
        lapses_at=now + catalog.pending_lapses,
    )


# --- deciding


@dataclass(frozen=True)
class Click:
    """A decision as it was made: on which request, and on which terms as they were shown."""

    request_id: int
    terms: str


def approve(
    session: Session,
    catalog: Catalog,
    click: Click,
    *,
    by: Person,
    requester: Person,
    now: datetime,
) -> Request:
    """Counts one approval; with the last one needed the opening is owed."""
    row = _decidable(session, catalog, click.request_id, by=by, requester=requester, now=now)
    rules.identified(requester, catalog)
    if row.terms is None:
        raise NotAllowed("AWS is still being looked at for this request. Try again in a moment.")
    if click.terms != row.terms:
        raise AlreadySettled(
            "The request changed since this card was drawn. Read the new card, then decide."
        )
    role = catalog.role(row.role)
    unchanged = role is not None and terms_of(row, role) == row.terms
    if role is None or not unchanged or not may_still_ask(catalog, row, role):
        raise NotAllowed(
            "The catalog changed since this was asked, so nobody can approve it as it stands. "
            "The requester has to ask again."
        )
    if any(one.by == by.user for one in row.decisions):
        raise AlreadySettled("You approved this already; another approver has to, too.")
    given = requests.decide(session, row, by=by.user, approves=True, at=now)
    if given >= row.approvals_needed:
        return requests.move(session, row, Event.APPROVE, actor=by.user, at=now)
    requests.note(session, row, at=now)
    audit.say(session, "approved by one", actor=by.user, at=now, request=row, given=given)
    return row


def deny(
    session: Session,
    catalog: Catalog,
    request_id: int,
    *,
    by: Person,
    requester: Person,
    now: datetime,
    reason: str | None = None,
) -> Request:
    """Denies for good: one approver's no is final."""
    row = _decidable(session, catalog, request_id, by=by, requester=requester, now=now)
    if any(one.by == by.user for one in row.decisions):
        raise AlreadySettled("You approved this already. An approval is taken back by a revoke.")
    requests.decide(session, row, by=by.user, approves=False, at=now, reason=reason)
    return requests.move(session, row, Event.DENY, actor=by.user, at=now)


def _decidable(
    session: Session,
    catalog: Catalog,
    request_id: int,
    *,
    by: Person,
    requester: Person,
    now: datetime,
) -> Request:
    rules.identified(by, catalog)
    row = requests.lock(session, request_id)
    if row is None:
        raise NotFound(f"There is no request #{request_id}.")
    owners = owners_of(catalog, row)
    rules.may_decide(catalog.role(row.role), by, requester=requester, owners=owners)
    if row.state is not State.PENDING:
        raise AlreadySettled(f"Nothing is left to decide: {describe(row)}.")
    if row.lapses_at <= now:
        raise AlreadySettled(f"#{row.id} has waited too long and lapsed. It can be asked anew.")
    return row


def may_still_ask(catalog: Catalog, row: Request, role: Role) -> bool:
    """Whether the grantee is still the requester's to ask for, and the role lent to its kind."""
    kind = GranteeKind(row.grantee_kind)
    return kind in role.kinds and identity.still_his(catalog, row.requester, kind, row.grantee_name)


def terms_of(row: Request, role: Role) -> str:
    """The hash of what an approver decides on, from the row and the catalog as they are now."""
    return rules.terms(
        role,
        request=row.id,
        requester=row.requester,
        kind=row.grantee_kind,
        grantee=row.grantee_arn,
        grantee_id=row.grantee_id,
        seconds=row.seconds,
        reason=row.reason,
        findings=row.findings,
    )


# --- ending


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
        owners = owners_of(catalog, row)
        try:
            rules.may_revoke(
                catalog, catalog.role(row.role), by.user, requester=row.requester, owners=owners
            )
        except NotAllowed as answer:
            refused = answer
            continue
        mine = by.user in {row.requester, *owners}
        ended += _end_pair(
            session, row, why=Why.GIVEN_BACK if mine else Why.REVOKED, by=by, now=now
        )
    if not ended:
        raise refused or NotFound("Nothing is open there that could be ended.")
    return ended


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


def owners_of(catalog: Catalog, row: Request) -> tuple[str, ...]:
    """The owners of the machine that a request is for; nobody for a person's own identity."""
    machine = catalog.machine(row.grantee_name) if row.grantee_kind == "machine" else None
    return machine.owners if machine is not None else ()


def describe(row: Request) -> str:
    """One line about a request, for answers: number, role, grantee, state."""
    because = f" ({'its time was over' if row.why is Why.TIME else row.why})" if row.why else ""
    return f"#{row.id} {row.role} for {row.grantee_name} is {row.state}{because}"
