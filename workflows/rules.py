"""Who may do what. Facts in, a sentence out when the answer is no; no I/O, no clock."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from workflows.catalog.model import Catalog, GranteeKind, Mechanism, Role
from workflows.durations import duration_text
from workflows.errors import NotAllowed
from workflows.panel import Panel
from workflows.person import Person


def identified(person: Person, catalog: Catalog) -> None:
    """Refuses everybody who is not a full member of the one Slack workspace."""
    if person.stranger or person.team != catalog.team:
        raise NotAllowed("xacct serves the members of its own Slack workspace only.")
    if person.deleted:
        raise NotAllowed("This Slack account is deactivated.")
    if person.bot:
        raise NotAllowed("xacct serves people, not bots.")
    if person.guest:
        raise NotAllowed("Guests of the workspace cannot use xacct. Ask a full member to help.")
    if not person.email_confirmed:
        raise NotAllowed(
            "Your e-mail address in Slack is not confirmed. Confirm it in your Slack profile, "
            "then try again."
        )


def may_ask(role: Role, kind: GranteeKind, user: str) -> None:
    """Refuses a person, or a kind of grantee, that the catalog does not let ask for the role."""
    if not role.is_asked_for_by(user):
        raise NotAllowed(f"{role.key} is not yours to ask for.")
    if kind not in role.kinds:
        allowed = ", ".join(sorted(role.kinds))
        raise NotAllowed(f"{role.key} cannot be lent to a {kind}; it can be lent to: {allowed}.")


def fits(role: Role, duration: timedelta) -> None:
    """Refuses a length of time that the role is not lent for."""
    if not role.delivery.shortest <= duration <= role.max_duration:
        raise NotAllowed(
            f"{role.key} is lent for {duration_text(role.delivery.shortest)} to "
            f"{duration_text(role.max_duration)}; you asked for {duration_text(duration)}."
        )


def gives_less(role: Role, seconds: int | None, *, asked: int) -> None:
    """Refuses an approval for more than was asked for, or for less than the role is lent for."""
    if seconds is not None and not role.delivery.shortest.total_seconds() <= seconds < asked:
        raise NotAllowed(
            "An approval can be for less than was asked for, and "
            f"{duration_text(role.delivery.shortest)} is the least."
        )


def can_be_approved(role: Role, panel: Panel, own: Collection[str]) -> None:
    """Refuses a request that too few could approve; those in `own` cannot, it is their own."""
    able = [one for one in panel.able if one not in own]
    if len({*able, *panel.later} - {*own}) < role.approvals:
        because = f" ({panel.because})" if panel.because else ""
        raise NotAllowed(
            f"Nobody could approve this: {role.key} needs {role.approvals} "
            f"approval{'s' if role.approvals != 1 else ''} by somebody other than you, and "
            f"{len(able)} can be asked{because}. Ask an administrator of xacct to name approvers."
        )


def may_decide(
    able: Collection[str], approver: Person, *, requester: Person, owners: Sequence[str] = ()
) -> None:
    """Refuses everybody but those in `able`, and of them who has a part in the request.

    `owners` are the owners of the machine it is for. One person under two Slack ids is one person:
    the e-mail addresses are compared as well.
    """
    if approver.user == requester.user or same_person(approver, requester):
        raise NotAllowed("You cannot decide on your own request. Another approver has to.")
    if approver.user in owners:
        raise NotAllowed("You own this machine, so somebody else has to decide on its access.")
    if approver.user not in able:
        raise NotAllowed(f"Only the approvers of this role can decide on it: {people(able)}.")


def same_person(one: Person, other: Person) -> bool:
    """Whether one person is behind two Slack ids, by the address."""
    return bool(one.email) and (one.email or "").casefold() == (other.email or "").casefold()


def may_revoke(catalog: Catalog, role: Role | None, actor: str, *, of: Iterable[str]) -> None:
    """Refuses everybody but the approvers of the role, the admins, and `of`: whose request it is,
    who was asked about it, and who approved it.
    """
    if not can_revoke(catalog, role, actor, of=of):
        raise NotAllowed(
            "Only the requester, an approver of the role or an administrator of xacct can end this."
        )


def can_revoke(catalog: Catalog, role: Role | None, actor: str, *, of: Iterable[str]) -> bool:
    """Whether `may_revoke` would not refuse."""
    approvers = role.deciders if role is not None else ()
    return actor in {*of, *approvers, *catalog.admins}


def administers(person: Person, catalog: Catalog) -> None:
    """Refuses everybody but the administrators that the catalog names."""
    if person.user not in catalog.admins:
        raise NotAllowed(f"Only an administrator of xacct can do this: {people(catalog.admins)}.")


def people(users: Iterable[str]) -> str:
    """`<@U1>, <@U2>` in Slack's markup, or the word nobody."""
    return ", ".join(f"<@{user}>" for user in users) or "nobody"


def rule_of(role: Role) -> dict[str, Any]:
    """All of the catalog that an approver relies on when he decides."""
    further = {"duty": role.duty, "escalation": role.escalation}
    told = {name: asdict(one) for name, one in further.items() if one is not None}
    return {
        "role": role.arn,
        "mechanism": role.mechanism,
        "group": role.group.arn if role.group else None,
        "approvers": sorted(role.approvers),
        "approvals": role.approvals,
        "longest": int(role.max_duration.total_seconds()),
        "delivery": role.delivery,
        "session_end": role.session_end,
        "mfa": role.mfa,
        **{
            name: {field: value for field, value in one.items() if value is not None}
            for name, one in told.items()
        },
    }


def terms(role: Role, **asked: Any) -> str:
    """The hash of all that is decided on: the rule, who, how long, why, and what was found."""
    text = json.dumps({"rule": rule_of(role), **asked}, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def comes_by_group(role: Role, kind: GranteeKind) -> bool:
    """Whether lending this role changes a group: only IAM users come through groups."""
    return kind is GranteeKind.USER and role.mechanism is not Mechanism.TRUST_POLICY
