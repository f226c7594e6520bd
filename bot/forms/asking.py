"""The form that asks for a role: the account, then a role in it, how long, and why."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

from bot import blocks
from bot.blocks import Json
from bot.command import Request, Unclear, parse, render
from bot.command.read import LONGEST_REASON
from bot.forms import parts
from workflows import names, rules
from workflows.catalog.model import Account, Catalog, GranteeKind, Role
from workflows.catalog.rule import Rule
from workflows.durations import duration_text, parse_duration
from workflows.errors import NotFound, Refused

T = TypeVar("T")

CALLBACK: Final = "request"
TITLE: Final = "Request AWS access"
MYSELF: Final = "-"
TICKET: Final = 60
_RULES_SHOWN: Final = 3


@dataclass(frozen=True)
class Chosen:
    """What of the form is known. `duration` is as it was typed."""

    account: Account | None = None
    role: Role | None = None
    duration: str = ""
    reason: str = ""
    ticket: str = ""
    machine: str | None = None
    complaint: str = ""  # mrkdwn: what of it was not understood


def prefilled(catalog: Catalog, user: str, command: Request) -> Chosen:
    """What a command that left something out has said already."""
    length = duration_text(command.duration) if command.duration is not None else ""
    known = Chosen(None, None, length, command.reason, machine=command.machine)
    roles = catalog.roles_for(user)
    try:
        account = _the_one(catalog.accounts_of(roles), command.account, catalog.find_account)
        known = replace(known, account=account)
        if account is None:
            return known
        there = [one for one in roles if one.account.id == account.id]
        role = _the_one(there, command.role, partial(catalog.find_role, account))
    except NotFound as sentence:
        return replace(known, complaint=str(sentence))
    return replace(known, role=role)


def _the_one(
    things: Sequence[T], called: str | None, find: Callable[[str, Sequence[T]], T]
) -> T | None:
    """The thing that was named, or the only one there is. Raises NotFound."""
    if called is not None:
        return find(called, things)
    return things[0] if len(things) == 1 else None


def form(catalog: Catalog, user: str, chosen: Chosen) -> Json:
    """The form as far as it is filled in. Raises Refused when there is nothing to ask for."""
    if not catalog.roles_for(user):
        raise Refused(
            "There is no role that you may ask for. Ask an administrator of xacct to name you "
            "under `requesters` in the catalog."
        )
    account, role = chosen.account, chosen.role
    shown = [blocks.section(f":warning: {chosen.complaint}")] if chosen.complaint else []
    shown.append(_account(account))
    if account is not None:
        shown.append(_role(account, role))
    if role is not None:
        shown += [_who_is_asked(role, user), *_rules(catalog, role, user)]
        shown += [_duration(role, chosen.duration)]
        shown += _machine(catalog, user, role, chosen.machine)
    shown += [
        parts.field(
            "reason",
            "Why",
            parts.line("reason", value=chosen.reason, most=LONGEST_REASON, multiline=True),
            hint="An approver reads it, and it stays in the audit log.",
        ),
        parts.field(
            "ticket",
            "Ticket",
            parts.line("ticket", value=chosen.ticket, most=TICKET),
            optional=True,
        ),
    ]
    submit = blocks.plain("Send Request", blocks.TITLE)
    return parts.modal(CALLBACK, TITLE, shown, submit=submit)


def _account(account: Account | None) -> Json:
    menu = parts.search(
        "account", "Name or id", chosen=account_option(account) if account is not None else None
    )
    return parts.field("account", "Account", menu, dispatch_action=True)


def _role(account: Account, role: Role | None) -> Json:
    """Its block is another one for each account: what was chosen elsewhere does not stay."""
    menu = parts.search("role", "Role", chosen=role_option(role) if role is not None else None)
    return parts.field(f"role-{account.id}", "Role", menu, dispatch_action=True)


def _who_is_asked(role: Role, user: str) -> Json:
    asked = blocks.users([one for one in role.approvers if one != user])
    if role.duty is not None:
        of = "the Slack user group" if role.duty.trusted else asked
        asked = f"Who is on duty, of {of}"
    number = "One of them has to approve" if role.approvals == 1 else f"{role.approvals} of them"
    more = "" if role.approvals == 1 else " have to approve"
    return {
        **blocks.context(f"{asked} will be asked. {number}{more}."),
        "block_id": f"asked-{role.account.id}-{role.name}",
    }


def _rules(catalog: Catalog, role: Role, user: str) -> list[Json]:
    """What is approved beforehand: how long, and when."""
    fitting = [one for one in catalog.auto_approve if one.may_fit(role.key, user)]
    if not fitting:
        return []
    said = "; ".join(map(_rule, fitting[:_RULES_SHOWN]))
    text = f"Without being asked, unless xacct finds in AWS what somebody has to judge: {said}."
    return [{**blocks.context(text), "block_id": f"rules-{role.account.id}-{role.name}"}]


def _rule(rule: Rule) -> str:
    return f"the rule {blocks.code(rule.name, 32)} approves {rule.limits}"


def _duration(role: Role, typed: str) -> Json:
    value = typed or duration_text(role.default_duration)
    return parts.field(
        f"duration-{role.account.id}-{role.name}",
        "For how long",
        parts.line("duration", value=value, most=30),
        hint=f"{duration_text(role.delivery.shortest)} to {duration_text(role.max_duration)}, "
        "like 45m or 1h30m.",
    )


def _machine(catalog: Catalog, user: str, role: Role, chosen: str | None) -> list[Json]:
    """Only who owns machines is asked for whom it is."""
    mine = [one.name for one in catalog.machines_of(user)]
    if not mine or GranteeKind.MACHINE not in role.kinds:
        return []
    alone = role.kinds == {GranteeKind.MACHINE}
    choices = [] if alone else [parts.option("Myself", MYSELF)]
    choices += [parts.option(f"The machine {one}", one) for one in mine]
    wanted = next((one for one in choices if one["value"] == chosen), choices[0])
    menu = {
        "type": "static_select",
        "action_id": "machine",
        "options": choices[: parts.OPTIONS],
        "initial_option": wanted,
    }
    return [parts.field(f"machine-{role.account.id}-{role.name}", "For", menu)]


# --- the menus, served from memory


def account_option(account: Account) -> Json:
    """An account as a menu shows it; its id tells apart what looks alike."""
    room = parts.OPTION - len(f" - {account.id}")
    return parts.option(f"{blocks.cut(account.name, room)} - {account.id}", account.id)


def role_option(role: Role) -> Json:
    """A role of an account that was chosen."""
    return parts.option(role.name, role.name)


def accounts(catalog: Catalog, user: str, typed: str) -> list[Json]:
    """The accounts to choose from whose name, alias or id holds what was typed."""
    found, wanted = catalog.accounts_of(catalog.roles_for(user)), names.folded(typed)
    held = (one for one in found if _holds(wanted, (one.name, one.id, *one.aliases)))
    return [account_option(one) for one in held][: parts.OPTIONS]


def roles(catalog: Catalog, user: str, account_id: str, typed: str) -> list[Json]:
    """The roles of an account to choose from whose name holds what was typed."""
    found = (one for one in catalog.roles_for(user) if one.account.id == account_id)
    wanted = names.folded(typed)
    return [role_option(one) for one in found if _holds(wanted, (one.name,))][: parts.OPTIONS]


def _holds(wanted: str, called: Iterable[str]) -> bool:
    """Whether one of the names holds it; `wanted` is folded already, which may take a while."""
    squeezed = wanted.replace("-", "").replace(" ", "")
    return any(wanted in names.folded(one) or (squeezed and squeezed in one) for one in called)


# --- what was filled in


def chosen(catalog: Catalog, user: str, view: Json) -> Chosen:
    """What stands in the form now; an account or role that he may not ask for is none."""
    said = parts.said(view)
    mine = catalog.roles_for(user)
    account = next(
        (one for one in catalog.accounts_of(mine) if one.id == said.get("account")), None
    )
    role = None
    if account is not None:
        role = next(
            (one for one in mine if one.account.id == account.id and one.name == said.get("role")),
            None,
        )
    machine = said.get("machine")
    return Chosen(
        account,
        role,
        said.get("duration", ""),
        said.get("reason", ""),
        said.get("ticket", ""),
        machine if machine != MYSELF else None,
    )


def command(filled: Chosen, view: Json) -> tuple[str, dict[str, str]]:
    """The command that the form says, or what is wrong beside which block: one of the two.

    The rules are those of the command; what cannot be judged from memory is judged when it is paid.
    """
    if filled.role is None:
        missing = "role" if filled.account is not None else "account"
        block = parts.block_of(view, missing) or "account"
        return "", {block: f"Choose the {missing} again." if missing == "role" else "Choose one."}
    duration = _length(filled)
    if isinstance(duration, str):
        return "", {parts.block_of(view, "duration") or "reason": duration}
    reason = f"{filled.ticket}: {filled.reason}" if filled.ticket.strip() else filled.reason
    role = filled.role
    asked = Request(role.account.id, role.name, duration, " ".join(reason.split()), filled.machine)
    text = render(asked)
    understood = parse(text)
    if isinstance(understood, Unclear):
        return "", {"reason": plainly(understood.sentence)}
    if not isinstance(understood, Request) or not understood.is_complete:
        return "", {"reason": "Say why, in words."}
    return text, {}


def _length(filled: Chosen) -> timedelta | str:
    """How long, or what is wrong with it."""
    role = filled.role
    assert role is not None
    try:
        duration = parse_duration(filled.duration)
        if duration is None:
            return "Write a length of time like 45m, 1h30m or 2h."
        rules.fits(role, duration)
    except Refused as refused:
        return plainly(str(refused))
    return duration


def plainly(sentence: str) -> str:
    """A sentence of mrkdwn for a place that shows plain text."""
    return sentence.replace("`", "").replace("*", "")
