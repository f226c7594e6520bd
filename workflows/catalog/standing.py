"""What setup makes of the roles of a catalog file, and who may always enter them."""

import json
from collections.abc import Sequence
from typing import Any, Final

from workflows.catalog.auto_approve import reached
from workflows.catalog.mistakes import Mistakes, Sheet
from workflows.catalog.model import Account, GranteeKind, Machine, Role
from workflows.catalog.permissions import Permissions, Standing
from workflows.catalog.schema import PermissionsEntry, RoleFields, StandingEntry
from workflows.catalog.tree import Place
from workflows.names import did_you_mean, said

LONGEST_DOCUMENT: Final = 6_144
"""Characters of a managed policy (IAM User Guide, "IAM and AWS STS quotas")."""


def permissions(told: PermissionsEntry | None, account: Account) -> Permissions | None:
    """What a role of this account may do; None where setup does not make it.

    Without `at_most` the boundary allows what the statements allow, or, with managed policies,
    whose contents are not known here, everything that xacct's guards leave.
    """
    if told is None:
        return None
    managed = tuple(dict.fromkeys(one.replace("{account}", account.id) for one in told.managed))
    return Permissions(
        managed=managed,
        document=_document(told) if told.statements else None,
        at_most=tuple(dict.fromkeys(told.at_most)) or _allowed(told),
    )


def _document(told: PermissionsEntry) -> str:
    whole = {"Version": "2012-10-17", "Statement": told.statements}
    return json.dumps(whole, separators=(",", ":"))


def _allowed(told: PermissionsEntry) -> tuple[str, ...]:
    allowing = [one for one in told.statements if one["Effect"] == "Allow"]
    if told.managed or any("Action" not in one for one in allowing):
        return ("*",)
    return tuple(dict.fromkeys(name for one in allowing for name in _names(one["Action"])))


def _names(action: Any) -> list[str]:
    return [str(name) for name in action] if isinstance(action, list) else [str(action)]


def judge_permissions(place: Place, told: RoleFields, mistakes: Mistakes) -> None:
    """Notes permissions that would be none, or that AWS would not take."""
    if told.permissions is None:
        return
    if not (told.permissions.managed or told.permissions.statements):
        mistakes.add(
            (*place, "permissions"),
            "Name at least one of `managed` (ARNs of managed policies) and `statements`, or leave "
            "`permissions` out for a role that somebody else makes.",
        )
    if len("".join(_document(told.permissions).split())) > LONGEST_DOCUMENT:
        mistakes.add(
            (*place, "permissions", "statements"),
            f"They have more than {LONGEST_DOCUMENT:,} characters, the most a managed policy of "
            "AWS holds.",
        )


def standing(
    sheet: Sheet, roles: Sequence[Role], machines: Sequence[Machine], mistakes: Mistakes
) -> tuple[Standing, ...]:
    """Who may always enter which roles, in the order of the file."""
    return tuple(
        _standing(place, entry, roles, machines, mistakes)
        for place, entry in sheet.placed("standing", sheet.file.standing)
    )


def _standing(
    place: Place,
    entry: StandingEntry,
    roles: Sequence[Role],
    machines: Sequence[Machine],
    mistakes: Mistakes,
) -> Standing:
    found = reached((*place, "roles"), entry.roles, roles, mistakes, not_by_pattern=_not_by_pattern)
    if not (entry.whole_account or entry.users or entry.machines):
        mistakes.add(
            place, "Say who: `whole_account: true`, `users: [alice]`, or `machines: [ci]`."
        )
    known = {one.name.casefold(): one for one in machines}
    for index, name in enumerate(entry.machines):
        if name.casefold() not in known:
            meant = did_you_mean(name, [one.name for one in machines])
            mistakes.add(
                (*place, "machines", index), f"No machine is called {said(name)}. {meant}".strip()
            )
    if entry.users:
        _judge_users(place, found, mistakes)
    return Standing(
        roles=frozenset(role.key for role in found),
        whole_account=entry.whole_account,
        users=tuple(dict.fromkeys(entry.users)),
        machines=tuple(
            known[name.casefold()].role_arn
            for name in dict.fromkeys(entry.machines)
            if name.casefold() in known
        ),
    )


def _not_by_pattern(role: Role) -> str | None:
    if role.approvals == 1:
        return None
    return (
        f"reaches {role.key}, which {role.approvals} people have to approve. Name it in full if "
        "somebody is to enter it without them."
    )


def _judge_users(place: Place, found: Sequence[Role], mistakes: Mistakes) -> None:
    for role in found:
        if role.mechanism == "deny-group" and GranteeKind.USER in role.kinds:
            mistakes.add(
                (*place, "users"),
                f"{role.key} is behind a deny group, which keeps out whoever is in it, whatever "
                "else lets him in. Who must always enter it is named under "
                "`grantee_account: administrators`.",
            )
