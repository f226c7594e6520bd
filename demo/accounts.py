"""Furnishes the sandbox AWS with what a catalog describes: the accounts as setup would leave them.

Manager roles hold the least that settling needs, in the shape of the IAM pages: the owner side may
rewrite trust and inline policies of governed roles only, the grantee side may change memberships of
governed groups only.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sandbox.aws.process import Keys, SandboxAws
from workflows.catalog.model import Account, Catalog, Mechanism, Role
from workflows.documents import trust

BOT: Final = "xacct-bot"
CONTROL: Final = "/xacct-ctl/"
LONGEST_SESSION: Final = timedelta(hours=4)
"""What governed roles allow: longer than a grant, so that its end has sessions to cut."""


@dataclass(frozen=True)
class Furnished:
    """What was made that has no place in the catalog: the keys to act with."""

    bot: Keys
    users: dict[str, Keys]
    machines: dict[str, Keys]  # of a user who may put on the machine's role


def furnish(aws: SandboxAws, catalog: Catalog, users: Iterable[str]) -> Furnished:
    """Makes every account, role and group of the catalog, the IAM `users`, and the bot's user.

    Those of them whom the catalog lists are in its deny groups.
    """
    grantee = catalog.grantee.id
    iam = aws.client("iam", aws.root(grantee))
    bot = _user(iam, BOT)
    managers = [account.manager_arn for account in (catalog.grantee, *catalog.accounts)]
    vendors = [arn for arn in [catalog.grantee.vendor_arn] if arn is not None]
    _user_policy(iam, BOT, [_allow("sts:AssumeRole", [*managers, *vendors])])
    made = Furnished(bot, {name: _user(iam, name) for name in users}, {})
    for machine in catalog.machines:
        made.machines[machine.name] = _machine(iam, catalog, machine.name, machine.role_arn)
    _grantee_account(iam, catalog)
    for account in catalog.accounts:
        _owner_account(aws, catalog, account)
    for role in catalog.roles:
        _group(iam, role)
        if role.group is not None and role.mechanism is Mechanism.DENY_GROUP:
            for name in sorted(catalog.roster & made.users.keys()):
                iam.add_user_to_group(GroupName=role.group.name, UserName=name)
    return made


def let_assume_anything(aws: SandboxAws, catalog: Catalog, user: str) -> None:
    """Gives the user `sts:AssumeRole` on every role there is, as some administrators hold it.

    What keeps him out of roles behind deny groups is his place in those groups.
    """
    iam = aws.client("iam", aws.root(catalog.grantee.id))
    _user_policy(iam, user, [_allow("sts:AssumeRole", "*")])
    for role in catalog.roles:
        if role.mechanism is Mechanism.DENY_GROUP and role.group is not None:
            iam.add_user_to_group(GroupName=role.group.name, UserName=user)


def _user(iam: Any, name: str) -> Keys:
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Keys(key["AccessKeyId"], key["SecretAccessKey"])


def _user_policy(iam: Any, name: str, statements: list[dict[str, Any]]) -> None:
    iam.put_user_policy(UserName=name, PolicyName="allowed", PolicyDocument=_document(statements))


def _machine(iam: Any, catalog: Catalog, name: str, role_arn: str) -> Keys:
    """The machine's role, which may try every governed role, and a user who can put it on."""
    keys = _user(iam, f"{name}-host")
    host = f"arn:{catalog.grantee.partition}:iam::{catalog.grantee.id}:user/{name}-host"
    _user_policy(iam, f"{name}-host", [_allow("sts:AssumeRole", role_arn)])
    role_name = role_arn.rpartition("/")[2]
    iam.create_role(
        RoleName=role_name,
        AssumeRolePolicyDocument=_document(
            [{"Effect": "Allow", "Principal": {"AWS": host}, "Action": "sts:AssumeRole"}]
        ),
    )
    _role_policy(iam, role_name, "allowed", [_allow("sts:AssumeRole", _every_role(catalog))])
    return keys


def _every_role(catalog: Catalog) -> list[str]:
    return [role.arn for role in catalog.roles]


def _grantee_account(iam: Any, catalog: Catalog) -> None:
    account = catalog.grantee
    home = f"arn:{account.partition}:iam::{account.id}"
    _manager(
        iam,
        account.manager_arn,
        catalog,
        [
            _allow(
                ["iam:AddUserToGroup", "iam:RemoveUserFromGroup"],
                sorted({role.group.arn for role in catalog.roles if role.group}) or ["none"],
            ),
            _allow(
                [
                    "iam:GetGroup",
                    "iam:GetGroupPolicy",
                    "iam:ListGroupPolicies",
                    "iam:ListAttachedGroupPolicies",
                    "iam:GetPolicy",
                    "iam:GetPolicyVersion",
                    "iam:GetUser",
                    "iam:ListGroupsForUser",
                    "iam:GetRole",
                ],
                [f"{home}:group/*", f"{home}:user/*", f"{home}:role/*", f"{home}:policy/*"],
            ),
            _allow(["iam:GetAccountSummary", "iam:GetAccountAuthorizationDetails"], "*"),
            _allow("iam:SimulatePrincipalPolicy", [f"{home}:user/*", f"{home}:role/*"]),
        ],
        external_id=account.external_id,
    )
    if account.vendor_arn is not None:
        roles = [_allow("sts:AssumeRole", _every_role(catalog))]
        _manager(iam, account.vendor_arn, catalog, roles, external_id=account.vendor_external_id)


def _owner_account(aws: SandboxAws, catalog: Catalog, account: Account) -> None:
    iam = aws.client("iam", aws.root(account.id))
    mine = [role for role in catalog.roles if role.account.id == account.id]
    _manager(
        iam,
        account.manager_arn,
        catalog,
        [
            _allow(
                [
                    "iam:GetRole",
                    "iam:ListRolePolicies",
                    "iam:GetRolePolicy",
                    "iam:UpdateAssumeRolePolicy",
                    "iam:PutRolePolicy",
                ],
                [role.arn for role in mine] or ["none"],
            ),
            _allow(
                "iam:SimulatePrincipalPolicy", [role.arn for role in mine] + [account.manager_arn]
            ),
            _allow(["iam:GetAccountSummary", "cloudtrail:LookupEvents"], "*"),
        ],
        external_id=account.external_id,
    )
    boundary = iam.create_policy(
        Path=CONTROL,
        PolicyName="xacct-boundary",
        PolicyDocument=_document([_allow(["s3:Get*", "s3:List*"], "*")]),
    )["Policy"]["Arn"]
    for role in mine:
        _governed(iam, catalog, role, boundary)
    s3 = aws.client("s3", aws.root(account.id))
    region = aws.partition.region
    there = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket(account), **({} if region == "us-east-1" else there))
    s3.put_object(Bucket=bucket(account), Key="open-invoices.csv", Body=b"number,amount\n")


def bucket(account: Account) -> str:
    """The name of the one bucket that every owner account has, to have something to visit."""
    return f"ledger-{account.id}"


def _governed(iam: Any, catalog: Catalog, role: Role, boundary: str) -> None:
    sealed = trust.seal(
        catalog.installation, partition=role.account.partition, account_id=role.account.id
    )
    iam.create_role(
        RoleName=role.name,
        Path=role.path,
        AssumeRolePolicyDocument=_document([sealed]),
        PermissionsBoundary=boundary,
        MaxSessionDuration=int(LONGEST_SESSION.total_seconds()),
    )
    _role_policy(
        iam, role.name, "permissions", [_allow(["s3:ListBucket", "s3:ListAllMyBuckets"], "*")]
    )


def _group(iam: Any, role: Role) -> None:
    if role.group is None or role.mechanism is Mechanism.TRUST_POLICY:
        return
    effect = "Allow" if role.mechanism is Mechanism.ALLOW_GROUP else "Deny"
    iam.create_group(GroupName=role.group.name, Path=role.group.path)
    statement = {"Effect": effect, "Action": "sts:AssumeRole", "Resource": role.arn}
    iam.put_group_policy(
        GroupName=role.group.name, PolicyName="xacct", PolicyDocument=_document([statement])
    )


def _manager(
    iam: Any,
    arn: str,
    catalog: Catalog,
    statements: list[dict[str, Any]],
    *,
    external_id: str | None,
) -> None:
    path, _, name = arn.partition(":role")[2].rpartition("/")
    bot = f"arn:{catalog.grantee.partition}:iam::{catalog.grantee.id}:user/{BOT}"
    entrance: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": bot},
        "Action": "sts:AssumeRole",
    }
    if external_id is not None:
        entrance["Condition"] = {"StringEquals": {"sts:ExternalId": external_id}}
    iam.create_role(RoleName=name, Path=f"{path}/", AssumeRolePolicyDocument=_document([entrance]))
    _role_policy(iam, name, "allowed", statements)


def _role_policy(iam: Any, role: str, name: str, statements: list[dict[str, Any]]) -> None:
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=_document(statements))


def _allow(action: str | list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
