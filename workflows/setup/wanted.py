"""What a catalog wants in each of its accounts, as values."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from workflows.catalog.model import Account, Catalog, GranteeKind, Mechanism
from workflows.catalog.model import Role as Lent
from workflows.documents import text, trust
from workflows.documents.text import Document, Statement
from workflows.setup import rights
from workflows.setup.objects import (
    CONTROL,
    Attachment,
    Group,
    MadeBy,
    Policy,
    Role,
    Wanted,
    path_of,
)

STANDING: Final = "StandingByXacct"
"""How the Sids of standing access begin. xacct's settles leave them alone, as somebody else's."""

_GROUP_ROOM: Final = 5_120
"""Characters of all inline policies of a group (IAM User Guide, "IAM and AWS STS quotas")."""


class NoBot(Exception):  # noqa: N818  a sentence for who runs setup
    """The catalog does not say which identity xacct runs as."""


def everything(catalog: Catalog) -> list[Wanted]:
    """What is wanted in each account, the grantee account first. Raises NoBot."""
    return [grantee(catalog), *(owner(catalog, account) for account in catalog.accounts)]


def nothing(catalog: Catalog) -> list[Wanted]:
    """Nothing, in each account, the grantee account last: who is outside loses his way first."""
    accounts = (*catalog.accounts, catalog.grantee)
    return [Wanted(account, catalog.installation) for account in accounts]


# --- the grantee account


def grantee(catalog: Catalog) -> Wanted:
    """The manager and vendor roles, the governed groups, and what lets grantees try."""
    account, bot = catalog.grantee, _bot(catalog)
    groups, held = _groups(catalog)
    policies: list[Policy] = [*held]
    managed, roles = _own_role(
        catalog,
        account.manager_arn,
        "xacct changes memberships with it",
        rights.grantee_manager(account.manager_arn, [group.arn for group in groups]),
        rights.entrance(bot, account.external_id),
    )
    policies.append(managed)
    own = [roles]
    vended = [role.arn for role in catalog.roles if role.delivery == "credentials"]
    if account.vendor_arn is not None and vended:
        minting, vendor = _own_role(
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
    opened: dict[str, list[Lent]] = {}
    for role in catalog.roles:
        if role.group is not None and GranteeKind.USER in role.kinds:
            opened.setdefault(role.group.arn, []).append(role)
    groups, policies = [], []
    for arn, roles in opened.items():
        denies = roles[0].mechanism is Mechanism.DENY_GROUP
        effect, sid = ("Deny", "XacctDeny") if denies else ("Allow", "XacctAllow")
        members = catalog.roster if denies else frozenset()
        whole = rights.may_enter(effect, sid, [role.arn for role in roles])
        if text.length(whole) <= _GROUP_ROOM:
            groups.append(Group(arn, {inline_name(catalog.installation): whole}, (), members))
            continue
        name = f"{effect.lower()}-{arn.rpartition('/')[2]}"
        held = _in_parts(catalog, name, roles, effect=effect, sid=sid)
        policies += held
        groups.append(Group(arn, {}, tuple(one.arn for one in held), members))
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
        held = _in_parts(catalog, name, roles, effect="Allow", sid="XacctMayTry")
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


def user_arn(catalog: Catalog, name: str) -> str:
    """The ARN of an IAM user of the grantee account, whose name may have a path."""
    home = catalog.grantee
    return f"arn:{home.partition}:iam::{home.id}:user/{name.lstrip('/')}"


def _in_parts(
    catalog: Catalog, name: str, roles: Sequence[Lent], *, effect: str, sid: str
) -> list[Policy]:
    """One managed policy, or as many as AWS's limit of characters asks for."""
    parts: list[list[str]] = [[]]
    for role in roles:
        if text.length(rights.may_enter(effect, sid, [*parts[-1], role.arn])) > rights.LONGEST:
            parts.append([])
        parts[-1].append(role.arn)
    made = []
    for number, arns in enumerate(parts, 1):
        suffix = f"-{number}" if number > 1 else ""
        document = rights.may_enter(effect, sid, arns)
        purpose = f"{effect}s sts:AssumeRole on roles that xacct lends"
        made.append(_policy(catalog, catalog.grantee, f"{name}{suffix}", document, purpose))
    return made


# --- an owner account


def owner(catalog: Catalog, account: Account) -> Wanted:
    """The lent roles, sealed and within their boundaries, and the manager role."""
    lent = catalog.roles_of(account)
    arns = [role.arn for role in lent]
    policies: list[Policy] = []
    roles: list[Role] = []
    for role in lent:
        held, made = _lent_role(catalog, role, arns)
        policies += held
        roles.append(made)
    managed, manager = _own_role(
        catalog,
        account.manager_arn,
        "xacct writes trust policies and session ends with it",
        rights.owner_manager(
            account.manager_arn,
            [role.arn for role in lent if role.permissions is not None],
            [role.arn for role in lent if role.permissions is None],
            boundaries=policy_arn(catalog, account, "boundary-*"),
            installation=catalog.installation,
        ),
        rights.entrance(_bot(catalog), account.external_id),
    )
    return Wanted(
        account=account,
        installation=catalog.installation,
        policies=(*policies, managed),
        roles=(*roles, manager),
    )


def _lent_role(catalog: Catalog, role: Lent, lent: Sequence[str]) -> tuple[list[Policy], Role]:
    account, purpose = role.account, f"lent by xacct ({catalog.installation}) for a while"
    seal = trust.seal(catalog.installation, partition=account.partition, account_id=account.id)
    standing = tuple(_standing(catalog, role))
    told = role.permissions
    if told is None:
        return [], Role(
            arn=role.arn,
            purpose=purpose,
            trust=(seal,),
            standing=standing,
            governed=True,
            made_by=MadeBy.OTHERS,
            adopt=role.adopt,
        )
    bounds = policy_arn(catalog, account, f"boundary-{role.name}")
    policies = [
        Policy(bounds, rights.boundary(bounds, told.at_most, lent), f"What {role.name} may at most")
    ]
    managed = [_in_partition(arn, account.partition) for arn in told.managed]
    if told.document is not None:
        document: Document = json.loads(told.document)
        own = _policy(catalog, account, f"role-{role.name}", document, f"What {role.name} may")
        policies.append(own)
        managed.append(own.arn)
    return policies, Role(
        arn=role.arn,
        purpose=purpose,
        trust=(seal,),
        standing=standing,
        managed=tuple(managed),
        boundary=bounds,
        governed=True,
    )


def _in_partition(arn: str, partition: str) -> str:
    """AWS's own policies have the same names in all partitions."""
    return f"arn:{partition}:{arn.split(':', 2)[2]}"


def _standing(catalog: Catalog, role: Lent) -> Iterable[Statement]:
    """Who always comes in, as principals: AWS binds each to the id of the user or role it names."""
    mine = [one for one in catalog.standing if role.key in one.roles]
    root = f"arn:{catalog.grantee.partition}:iam::{catalog.grantee.id}:root"
    if any(one.whole_account for one in mine):
        yield _always("WholeAccount", [root])
    users = dict.fromkeys(user_arn(catalog, name) for one in mine for name in one.users)
    if users:
        yield _always("Users", list(users))
    machines = dict.fromkeys(arn for one in mine for arn in one.machines)
    if machines:
        yield _always("Machines", list(machines))


def _always(which: str, principals: list[str]) -> Statement:
    return {
        "Sid": f"{STANDING}{which}",
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else sorted(principals)},
        "Action": "sts:AssumeRole",
    }


# --- what they share


def policy_arn(catalog: Catalog, account: Account, name: str) -> str:
    """The ARN of one of setup's policies: its name says which installation's it is."""
    prefix = policy_prefix(catalog.installation)
    return f"arn:{account.partition}:iam::{account.id}:policy{CONTROL}{prefix}{name}"


def policy_prefix(installation: str) -> str:
    """How the names of all policies of an installation begin."""
    return f"xacct-{installation}-"


def is_own_policy(arn: str, installation: str) -> bool:
    """Whether a managed policy is one of setup's, by its path and its name."""
    name = arn.rpartition("/")[2]
    return path_of(arn) == CONTROL and name.startswith(policy_prefix(installation))


def inline_name(installation: str) -> str:
    """The name of the one inline policy of a governed group."""
    return f"xacct-{installation}"


def _policy(
    catalog: Catalog, account: Account, name: str, document: Document, purpose: str
) -> Policy:
    return Policy(policy_arn(catalog, account, name), document, purpose)


def _own_role(
    catalog: Catalog, arn: str, purpose: str, document: Document, entrance: Statement
) -> tuple[Policy, Role]:
    """A role that xacct itself works with. Its policy is its boundary, too: whatever else somebody
    attaches to it gives it nothing.
    """
    name = arn.rpartition("/")[2].removeprefix("xacct-")
    home = f"{arn.partition(':role/')[0]}:policy{CONTROL}{policy_prefix(catalog.installation)}"
    policy = Policy(f"{home}{name}", document, f"What {arn.rpartition('/')[2]} may")
    role = Role(arn, purpose, (entrance,), managed=(policy.arn,), boundary=policy.arn)
    return policy, role


def _bot(catalog: Catalog) -> str:
    if catalog.bot_arn is None:
        raise NoBot(
            "The catalog does not say which identity in AWS xacct runs as: write, at the top, "
            "`bot: arn:aws:iam::<account>:role/xacct-ctl/xacct-bot`. The manager roles trust "
            "it and nobody else."
        )
    return catalog.bot_arn
