"""What is wanted in the grantee account."""

from collections.abc import Iterable, Sequence
from typing import Final

from workflows.catalog.arns import user_arn
from workflows.catalog.governed import governed
from workflows.catalog.model import Catalog, GranteeKind, Mechanism
from workflows.catalog.model import Role as Lent
from workflows.documents import text
from workflows.setup import rights
from workflows.setup.objects import Attachment, Group, Policy, Wanted
from workflows.setup.wanted import naming

_GROUP_ROOM: Final = 5_120
"""Characters of all inline policies of a group (IAM User Guide, "IAM and AWS STS quotas")."""


def grantee(catalog: Catalog) -> Wanted:
    """The manager and vendor roles, the governed groups, and what lets grantees try."""
    account, bot = catalog.grantee, naming.bot(catalog)
    groups, held = _groups(catalog)
    policies: list[Policy] = [*held]
    managed, manager = naming.own_role(
        catalog,
        account.manager_arn,
        "xacct changes memberships with it",
        rights.grantee_manager(account.manager_arn, [group.arn for group in groups]),
        rights.entrance(bot, account.external_id),
    )
    policies.append(managed)
    own = [manager]
    vended = [role.arn for role in catalog.roles if role.delivery == "credentials"]
    if account.vendor_arn is not None and vended:
        minting, vendor = naming.own_role(
            catalog,
            account.vendor_arn,
            "xacct mints credentials with it",
            rights.vendor(vended),
            rights.entrance(bot, account.vendor_external_id),
        )
        policies.append(minting)
        own.append(vendor)
    tries, attachments = _tries(catalog)
    return Wanted(
        account=account,
        installation=catalog.installation,
        policies=(*policies, *tries),
        groups=tuple(groups),
        roles=tuple(own),
        attachments=tuple(attachments),
    )


def _groups(catalog: Catalog) -> tuple[list[Group], list[Policy]]:
    """Every governed group, and policies for those whose documents are too long to be inline."""
    groups, policies = [], []
    for one in governed(catalog).values():
        arn = one.group.arn
        effect, sid = ("Deny", "XacctDeny") if one.denies else ("Allow", "XacctAllow")
        members = catalog.roster if one.denies else frozenset()
        whole = rights.may_enter(effect, sid, one.role_arns)
        if text.length(whole) <= _GROUP_ROOM:
            groups.append(
                Group(arn, {naming.inline_name(catalog.installation): whole}, (), members)
            )
            continue
        name = f"{effect.lower()}-{one.name}"
        held = _in_parts(catalog, name, one.role_arns, effect=effect, sid=sid)
        policies += held
        groups.append(Group(arn, {}, tuple(policy.arn for policy in held), members))
    return groups, policies


def _tries(catalog: Catalog) -> tuple[list[Policy], list[Attachment]]:
    """What lets grantees try who come by the trust policy alone, and who always enter.

    It opens nothing by itself: the role's trust policy does.
    """
    policies: list[Policy] = []
    attachments: list[Attachment] = []

    def give(name: str, roles: Sequence[Lent], holders: Iterable[str]) -> None:
        holding = list(dict.fromkeys(holders))
        if not roles or not holding:
            return
        arns = [role.arn for role in roles]
        held = _in_parts(catalog, name, arns, effect="Allow", sid="XacctMayTry")
        policies.extend(held)
        attachments.extend(Attachment(one.arn, arn) for arn in holding for one in held)

    by_trust = [
        role
        for role in catalog.roles
        if role.mechanism is Mechanism.TRUST_POLICY and GranteeKind.USER in role.kinds
    ]
    people = [one.iam_user for one in catalog.engineers if one.iam_user]
    give("try-users", by_trust, (user_arn(catalog, name) for name in people))
    of_machines = [role for role in catalog.roles if GranteeKind.MACHINE in role.kinds]
    give("try-machines", of_machines, (one.role_arn for one in catalog.machines))
    for number, standing in enumerate(catalog.standing, 1):
        roles = [role for role in catalog.roles if role.key in standing.roles]
        users = (user_arn(catalog, name) for name in standing.users)
        give(f"standing-{number}", roles, [*users, *standing.machines])
    return policies, attachments


def _in_parts(
    catalog: Catalog, name: str, role_arns: Sequence[str], *, effect: str, sid: str
) -> list[Policy]:
    """One managed policy, or as many as AWS's limit of characters asks for."""
    parts: list[list[str]] = [[]]
    for arn in role_arns:
        if text.length(rights.may_enter(effect, sid, [*parts[-1], arn])) > rights.LONGEST:
            parts.append([])
        parts[-1].append(arn)
    made = []
    for number, arns in enumerate(parts, 1):
        suffix = f"-{number}" if number > 1 else ""
        document = rights.may_enter(effect, sid, arns)
        purpose = f"{effect}s sts:AssumeRole on roles that xacct lends"
        made.append(naming.policy(catalog, catalog.grantee, f"{name}{suffix}", document, purpose))
    return made
