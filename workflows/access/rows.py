"""What a request's row says beside the catalog: whose it is, its terms, and one line about it."""

from collections.abc import Collection
from datetime import datetime

from db.lifecycle import Why
from db.models import Request
from workflows import identity, rules
from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.errors import NotAllowed
from workflows.panel import Panel
from workflows.person import Grantee, Person


def may_still_ask(catalog: Catalog, row: Request, role: Role) -> bool:
    """Whether the requester may ask for the role, the grantee is still his to ask for, and the role
    lent to its kind.
    """
    grantee = grantee_of(catalog, row)
    mine = identity.still_his(catalog, row.requester, grantee, email=row.email)
    return role.is_asked_for_by(row.requester) and grantee.kind in role.kinds and mine


def may_decide(
    catalog: Catalog, row: Request, by: Person, *, requester: Person, able: Collection[str]
) -> None:
    """Refuses everybody who may not decide on this request, which those in `able` may: nobody does
    for himself, for an identity of his, or under a second name in Slack.
    """
    rules.may_decide(able, by, requester=requester, owners=owners_of(catalog, row))
    if identity.is_own(catalog, by, GranteeKind(row.grantee_kind), row.grantee_name):
        raise NotAllowed(
            f"{row.grantee_name} is your own identity in AWS, so somebody else has to decide."
        )


def asked_of(panel: Panel, row: Request, catalog: Catalog) -> list[str]:
    """Whom of the panel the request is asked of: nobody decides on his own."""
    own = {row.requester, *owners_of(catalog, row)}
    return [one for one in panel.able if one not in own]


def is_escalated(row: Request, now: datetime) -> bool:
    """Whether more may decide on the request by now."""
    return row.escalate_at is not None and row.escalate_at <= now


def grantee_of(catalog: Catalog, row: Request) -> Grantee:
    """The grantee as the row has him."""
    return Grantee(
        kind=GranteeKind(row.grantee_kind),
        name=row.grantee_name,
        arn=row.grantee_arn,
        session_name=row.session_name,
        owners=owners_of(catalog, row),
    )


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
        extends=row.extends,
        outlives=None if row.session_end else row.longest_session,
        findings=row.findings,
        **({"break_glass": True} if row.break_glass else {}),
    )


def owners_of(catalog: Catalog, row: Request) -> tuple[str, ...]:
    """The owners of the machine that a request is for; nobody for a person's own identity."""
    machine = catalog.machine(row.grantee_name) if row.grantee_kind == "machine" else None
    return machine.owners if machine is not None else ()


def enders_of(catalog: Catalog, row: Request) -> set[str]:
    """Who may end it whatever the catalog says of the role: whose it is, who was asked about it,
    and who approved it, also one of a trusted group whom the catalog never named. Who left that
    group since may still end what he was asked about: an end opens nothing.
    """
    approved = {one.by for one in row.decisions if one.approves and one.is_persons}
    return {row.requester, *owners_of(catalog, row), *row.asked_of, *approved}


def describe(row: Request) -> str:
    """One line about a request, for answers: number, role, grantee, state."""
    because = f" ({'its time was over' if row.why is Why.TIME else row.why})" if row.why else ""
    return f"#{row.id} {row.role} for {row.grantee_name} is {row.state}{because}"
