"""Furnishes the sandbox AWS with what a catalog describes: as setup leaves its accounts, with
people, machines, and something to visit.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sandbox.aws.process import Keys, SandboxAws
from workflows.aws.admin import Admin
from workflows.catalog.model import Account, Catalog, Mechanism
from workflows.catalog.permissions import Permissions
from workflows.setup import run, wanted
from workflows.setup.objects import path_of

BOT: Final = "xacct-bot"
LONGEST_SESSION: Final = timedelta(hours=4)
"""What governed roles allow: longer than a grant, so that its end has sessions to cut."""


@dataclass(frozen=True)
class Furnished:
    """What was made that has no place in the catalog: the keys to act with."""

    bot: Keys
    users: dict[str, Keys]
    machines: dict[str, Keys]  # of a user who may put on the machine's role


def furnish(aws: SandboxAws, catalog: Catalog, users: Iterable[str]) -> Furnished:
    """Makes the IAM `users`, the machines and the bot's own user, and has setup make the rest: the
    bot works with exactly the rights that setup gives it.
    """
    iam = aws.client("iam", aws.root(catalog.grantee.id))
    bot = _user(iam, BOT)
    managers = [account.manager_arn for account in (catalog.grantee, *catalog.accounts)]
    vendors = [arn for arn in [catalog.grantee.vendor_arn] if arn is not None]
    _user_policy(iam, BOT, [_allow("sts:AssumeRole", [*managers, *vendors])])
    made = Furnished(bot, {name: _user(iam, name) for name in users}, {})
    for machine in catalog.machines:
        made.machines[machine.name] = _machine(iam, catalog, machine.name, machine.role_arn)
    set_up(aws, catalog)
    for account in catalog.accounts:
        _to_visit(aws, catalog, account)
    return made


def set_up(aws: SandboxAws, catalog: Catalog) -> None:
    """Does what `xacct setup apply` does, with the keys of each account's root."""
    told = _with_permissions(catalog)

    def enter(account: Account) -> Admin:
        return Admin(aws.client("iam", aws.root(account.id)))

    everything = wanted.everything(told)
    readings = run.reading(told, everything, enter)
    inside: frozenset[str] = frozenset()  # a sandbox that is furnished lends nothing yet
    planned = {one.account.id: one for one in run.plans(readings, inside=inside)}
    done = run.apply(told, planned, everything, enter, inside=inside)
    if troubles := [one.trouble for one in done if one.trouble]:
        raise RuntimeError("; ".join(troubles))


def _with_permissions(catalog: Catalog) -> Catalog:
    """The catalog with what setup asks for, where it does not say it: who the bot is, and what a
    role may do.
    """
    home = catalog.grantee
    list_s3 = _document([_allow(["s3:ListBucket", "s3:ListAllMyBuckets"], "*")])
    usual = Permissions(managed=(), document=list_s3, at_most=("s3:Get*", "s3:List*"))
    return replace(
        catalog,
        bot_arn=f"arn:{home.partition}:iam::{home.id}:user/{BOT}",
        roles=tuple(replace(one, permissions=one.permissions or usual) for one in catalog.roles),
    )


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
    """The machine's role, and a user who can put it on."""
    keys = _user(iam, f"{name}-host")
    host = f"arn:{catalog.grantee.partition}:iam::{catalog.grantee.id}:user/{name}-host"
    _user_policy(iam, f"{name}-host", [_allow("sts:AssumeRole", role_arn)])
    iam.create_role(
        RoleName=role_arn.rpartition("/")[2],
        Path=path_of(role_arn),
        AssumeRolePolicyDocument=_document(
            [{"Effect": "Allow", "Principal": {"AWS": host}, "Action": "sts:AssumeRole"}]
        ),
    )
    return keys


def _to_visit(aws: SandboxAws, catalog: Catalog, account: Account) -> None:
    """Something to see in the account, and roles whose sessions outlive what ends them."""
    iam = aws.client("iam", aws.root(account.id))
    for role in catalog.roles_of(account):
        longest = int(LONGEST_SESSION.total_seconds())
        iam.update_role(RoleName=role.name, MaxSessionDuration=longest)
    s3 = aws.client("s3", aws.root(account.id))
    region = aws.partition.region
    there = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket(account), **({} if region == "us-east-1" else there))
    s3.put_object(Bucket=bucket(account), Key="open-invoices.csv", Body=b"number,amount\n")


def bucket(account: Account) -> str:
    """The name of the one bucket that every owner account has, to have something to visit."""
    return f"ledger-{account.id}"


def _allow(action: str | list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
