"""Asking for access: what files a request. Nothing is opened by it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db.lifecycle import State
from db.models import Request
from db.store import requests, targets
from workflows import addresses, rules
from workflows.access.incidents import not_frozen
from workflows.access.rows import asked_of, describe
from workflows.catalog.model import Catalog, Delivery, Role
from workflows.errors import AlreadySettled, NotAllowed
from workflows.panel import Panel
from workflows.panel import panel as panel_without_roster
from workflows.person import Grantee, Person


@dataclass(frozen=True)
class Ask:
    """One ask of one grantee for one role; with `break_glass` nobody is to decide on it."""

    role: Role
    grantee: Grantee
    duration: timedelta
    reason: str
    break_glass: bool = False


def request(
    session: Session,
    catalog: Catalog,
    ask: Ask,
    *,
    by: Person,
    now: datetime,
    panel: Panel | None = None,
) -> Request:
    """Files the ask: pending, with a look owed. Nothing is opened by it.

    `panel` are those who may decide on it; without it, those who may while no roster can be read.
    """
    rules.identified(by, catalog)
    asked = panel or panel_without_roster(ask.role)
    may_file(session, catalog, ask, by=by, panel=asked)
    rules.fits(ask.role, ask.duration)
    waiting = requests.of_pair(
        session,
        role_target_id=targets.ensure(session, addresses.role(ask.role)).id,
        kind=ask.grantee.kind,
        name=ask.grantee.name,
        states=(State.PENDING, State.APPROVED),
    )
    if waiting:
        raise AlreadySettled(f"This was asked already: {describe(waiting[0])}.")
    return file(session, catalog, ask, by=by, now=now, panel=asked)


def may_file(session: Session, catalog: Catalog, ask: Ask, *, by: Person, panel: Panel) -> None:
    """Refuses what nobody could grant, and more than one person may have waiting."""
    rules.may_ask(ask.role, ask.grantee.kind, by.user)
    not_frozen(session, account_id=ask.role.account.id, user=by.user)
    rules.can_be_approved(ask.role, panel, {by.user, *ask.grantee.owners})
    if requests.count_pending(session, by.user) >= catalog.pending_per_person:
        raise NotAllowed(
            f"You have {catalog.pending_per_person} requests waiting already. Cancel one, or wait "
            "for a decision."
        )


def file(
    session: Session,
    catalog: Catalog,
    ask: Ask,
    *,
    by: Person,
    now: datetime,
    panel: Panel,
    extends: Request | None = None,
) -> Request:
    """Puts the request down. One that extends an open grant has to be decided on before its end."""
    owed = targets.ensure(session, addresses.role(ask.role)).id
    member = (
        targets.ensure(session, addresses.member(catalog, ask.grantee.name)).id
        if rules.comes_by_group(ask.role, ask.grantee.kind)
        else None
    )
    row = _row(catalog, ask, by, now, (owed, member))
    row.asked_of, row.asked_because = asked_of(panel, row, catalog), panel.because
    if extends is not None and extends.ends_at is not None:
        row.extends = extends.id
        row.lapses_at = min(row.lapses_at, extends.ends_at)
    return requests.file(session, row)


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
        email=by.email if by.email_confirmed else None,
        account_id=role.account.id,
        account_name=role.account.name,
        partition=role.account.partition,
        role_name=role.name,
        role_arn=role.arn,
        mechanism=role.mechanism if by_group else "trust-policy",
        group_name=role.group.name if by_group and role.group else None,
        delivery=role.delivery,
        session_end=role.session_end,
        mfa=role.mfa,
        grantee_kind=grantee.kind,
        grantee_name=grantee.name,
        grantee_arn=grantee.arn,
        session_name=grantee.session_name,
        vendor_arn=catalog.grantee.vendor_arn if vends else None,
        approvals_needed=1 if ask.break_glass else role.approvals,
        break_glass=ask.break_glass,
        seconds=int(ask.duration.total_seconds()),
        reason=ask.reason,
        channel=role.channel,
        asked_at=now,
        **_waits(catalog, ask, now),
    )


def _waits(catalog: Catalog, ask: Ask, now: datetime) -> dict[str, datetime | None]:
    """When somebody hears again of what waits, and when it ends by itself; break-glass waits for
    AWS alone.
    """
    if ask.break_glass:
        return {"lapses_at": now + requests.OPENING_TIME}
    later = ask.role.escalation.after if ask.role.escalation is not None else None
    waits = [catalog.remind_after, *([later] if later is not None else [])]
    return {
        "remind_at": min(now + after for after in waits),
        "escalate_at": now + later if later is not None else None,
        "lapses_at": now + catalog.pending_lapses,
    }
