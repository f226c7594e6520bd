"""What the catalog says of one person and one role, in sentences: who may, by which rule, and why.

Nothing here decides; each answer is read from the values that the rules judge by.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from workflows import names
from workflows.catalog.duty import Roster
from workflows.catalog.model import EVERYONE, Catalog, Delivery, GranteeKind, Mechanism, Role
from workflows.durations import duration_text
from workflows.errors import NotFound


@dataclass(frozen=True)
class Told:
    """One question that people ask, and its answer."""

    question: str
    answer: str


def person(catalog: Catalog, text: str) -> str:
    """The Slack id that is meant by an id, or by an IAM user or an address under `people`.

    Raises NotFound.
    """
    if text.isalnum() and text.isupper() and text[:1] in ("U", "W"):
        return text
    wanted = text.casefold()
    for one in catalog.engineers:
        called = ((one.iam_user or "").rpartition("/")[2], one.email or "")
        if wanted in [name.casefold() for name in called if name]:
            return one.slack
    raise NotFound(
        f"Nobody under `people` is called {names.said(text)}. Write the member id in Slack, like "
        "U012ALICE."
    )


def explain(catalog: Catalog, user: str, role: Role) -> list[Told]:
    """Every rule that bears on this person and this role, in the order in which they are asked."""
    return [
        Told("Which entry describes it?", f"{role.told_by or 'one made by hand'}."),
        Told(f"May {user} ask for it?", _asks(role, user)),
        Told("As whom?", _as_whom(catalog, user, role)),
        Told("Who approves?", _approvers(user, role)),
        Told("Is it approved beforehand?", _beforehand(catalog, user, role)),
        Told("And if nobody decides?", _later(catalog, role)),
        Told("For how long?", _how_long(role)),
        Told("How does he come in?", _way(role)),
        Told("Who may end it?", _enders(catalog, role)),
    ]


def _asks(role: Role, user: str) -> str:
    if user in role.requesters:
        return "Yes: `requesters` names him."
    if EVERYONE in role.requesters:
        return "Yes, as every full member of the workspace: `requesters: everyone`."
    return f"No: `requesters` is {_list(role.requesters)}. To him it looks as if it did not exist."


def _as_whom(catalog: Catalog, user: str, role: Role) -> str:
    ways = []
    listed = catalog.engineer(user)
    if GranteeKind.USER in role.kinds:
        if listed is None:
            rules = [f"*@{one.domain}" for one in catalog.identity_rules]
            ways.append(f"the IAM user that `people_rules` find by his address ({_list(rules)})")
        elif listed.iam_user is not None:
            ways.append(f"the IAM user {listed.iam_user} (`people`)")
    if GranteeKind.PERSON in role.kinds:
        ways += [
            f"{one.user_name} of Identity Center" for one in catalog.visitors if one.slack == user
        ]
    if GranteeKind.MACHINE in role.kinds:
        ways += [f"the machine {one.name} (`--as`)" for one in catalog.machines_of(user)]
    kinds = _list(sorted(role.kinds))
    return f"{_list(ways)}; the role is lent to: {kinds}." if ways else f"Nobody: kinds {kinds}."


def _approvers(user: str, role: Role) -> str:
    able = [one for one in role.approvers if one != user]
    number = f"{role.approvals} of {_list(able)}"
    duty = role.duty
    if duty is not None:
        kind = "the Slack user group" if duty.roster is Roster.SLACK_GROUP else "PagerDuty schedule"
        who = (
            f"everybody in {kind} {duty.id}"
            if duty.trusted
            else f"{number}, who of them is on {kind} {duty.id}"
        )
        instead = _list(one for one in duty.fallback or role.approvers if one != user)
        number = f"{who}; while that cannot be read, or names nobody who may: {instead}"
    himself = " (he is an approver)" if user in role.approvers else ""
    return (
        f"{number}. Nobody approves for himself{himself}, for a machine of his, or under a second "
        "Slack id."
    )


def _beforehand(catalog: Catalog, user: str, role: Role) -> str:
    fitting = [one for one in catalog.auto_approve if one.may_fit(role.key, user)]
    if not fitting:
        return "No: no rule under `auto_approve` fits."
    said = "; ".join(f"{one.name} {one.limits}" for one in fitting)
    return f"Unless the look finds what somebody has to judge: {said}."


def _later(catalog: Catalog, role: Role) -> str:
    lapses = f"It lapses after {duration_text(catalog.pending_lapses)}"
    if role.escalation is None:
        return f"{lapses}; nobody else is asked."
    after, duty = duration_text(role.escalation.after), role.escalation.duty
    group = [f"everybody in the Slack user group {duty.id}"] if duty is not None else []
    asked = " and ".join([*([_list(role.escalation.to)] if role.escalation.to else []), *group])
    return f"After {after} {asked} may decide, too. {lapses}."


def _how_long(role: Role) -> str:
    return (
        f"{duration_text(role.delivery.shortest)} to {duration_text(role.max_duration)}, "
        f"{duration_text(role.default_duration)} when nobody says."
    )


def _way(role: Role) -> str:
    by = {
        Mechanism.ALLOW_GROUP: "He joins a group",
        Mechanism.DENY_GROUP: "He leaves a deny group for a while",
        Mechanism.TRUST_POLICY: "By the trust policy alone",
    }[role.mechanism]
    group = f" ({role.group.path}{role.group.name})" if role.group is not None else ""
    others = ""
    if group and role.kinds != {GranteeKind.USER}:
        others = " Machines and people of Identity Center come by the trust policy."
    mfa = " He needs his MFA device." if role.mfa else ""
    keys = " Credentials are handed out, too." if role.delivery is Delivery.CREDENTIALS else ""
    cut = "" if role.session_end else " A session that has begun is not ended."
    return f"{by}{group}.{others}{mfa}{keys}{cut}"


def _enders(catalog: Catalog, role: Role) -> str:
    widened = role.escalation.duty if role.escalation is not None else None
    trusted = any(one is not None and one.trusted for one in (role.duty, widened))
    asked = " whoever was asked or approved," if trusted else ""
    return (
        f"He himself (of a machine: its owners), {_list(role.deciders)},{asked} and the "
        f"administrators: {_list(catalog.admins)}."
    )


def _list(things: Iterable[str]) -> str:
    return ", ".join(things) or "nobody"
