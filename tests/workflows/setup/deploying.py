"""Accounts of a sandbox, and a catalog with everything that setup makes in them."""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml

from sandbox.aws.process import SandboxAws
from tests.workflows.catalog import build
from workflows.aws.admin import Admin
from workflows.catalog.model import Account, Catalog
from workflows.setup import run, wanted
from workflows.setup.objects import Wanted
from workflows.setup.plan import Plan

SOMEBODY_ELSES = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
"""A trust policy that is nothing of xacct's."""

IDS = ("Id", "Date", "RoleLastUsed", "InstanceProfileList", "Count")
"""How keys begin or end whose values are of one deployment alone."""


def an_id() -> str:
    return f"{secrets.randbelow(9 * 10**11) + 10**11}"


@dataclass(frozen=True)
class Ids:
    """The accounts of one test; nobody else has them."""

    home: str = field(default_factory=an_id)
    tools: str = field(default_factory=an_id)
    owners: tuple[str, ...] = field(default_factory=lambda: (an_id(), an_id(), an_id()))

    @property
    def all(self) -> tuple[str, ...]:
        return (self.home, self.tools, *self.owners)


def parts(ids: Ids) -> dict[str, Any]:
    """Of a catalog in which each mechanism, kind and option that setup knows is used."""
    names = ("prod-payments", "prod-search", "dev-payments")
    both = {
        "statements": [allow("ec2:Describe*")],
        "managed": [arn("aws", "policy/ReadOnlyAccess")],
    }
    own = {"statements": [allow("s3:GetObject", "arn:aws:s3:::home/${aws:username}/*")]}
    logs = f"arn:aws:s3:::logs-{ids.owners[2]}/${{aws:username}}/*"  # both in one text
    tried = {"statements": [allow("s3:GetObject", logs)]}
    return {
        "bot": arn(ids.tools, "role/xacct-ctl/xacct-bot"),
        "grantee_account": {
            "id": ids.home,
            "name": "workforce",
            "external_id": "workforce-7f3a91c2",
            "vendor": {"role": "/xacct-ctl/xacct-vendor"},
            "administrators": ["root-alice"],
        },
        "accounts": [
            {"id": one, "name": name, "external_id": "owners-4be01d77"}
            for one, name in zip(ids.owners, names, strict=True)
        ],
        "roles": [
            {"accounts": "*", "name": "readonly", "permissions": both},
            {"accounts": "prod-*", "name": "admin", "permissions": {"managed": [ADMIN]}}
            | KEEPS_OUT,
            {"accounts": "*", "name": "deploy", "permissions": own} | COME_BY_TRUST,
            {"accounts": "dev-*", "name": "try", "permissions": tried, "delivery": "credentials"},
        ],
        "people": [
            {"slack": "U0ALICE", "iam_user": "alice"},
            {"slack": "U0BOB", "iam_user": "/platform/bob"},
            {"slack": "U0CAROL", "iam_user": "root-alice"},
        ],
        "machines": [{"name": "ci", "role": arn(ids.home, "role/build/ci"), "owners": ["U0BOB"]}],
        "standing": [
            {"roles": "dev-*/readonly", "whole_account": True},
            {"roles": "*/deploy", "users": ["/platform/bob"], "machines": ["ci"]},
        ],
    }


def arn(account: str, resource: str) -> str:
    return f"arn:aws:iam::{account}:{resource}"


def allow(action: str, on: str = "*") -> dict[str, Any]:
    return {"Effect": "Allow", "Action": [action], "Resource": on}


ADMIN = arn("aws", "policy/AdministratorAccess")
KEEPS_OUT = {"mechanism": "deny-group", "group": "/xacct/deny-all"}
COME_BY_TRUST = {"mechanism": "trust-policy", "kinds": ["user", "machine"]}


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def an_administrator(
    client: Callable[[str, str], Any], home: str, owners: Iterable[str]
) -> dict[str, str]:
    """Somebody of the grantee account whom each owner account lets do anything, as accounts of an
    organization do; the environment in which boto3 acts with his keys.
    """
    anything, iam = document(allow("*")), client("iam", home)
    iam.create_user(UserName="platform")
    key = iam.create_access_key(UserName="platform")["AccessKey"]
    iam.put_user_policy(UserName="platform", PolicyName="all", PolicyDocument=anything)
    root = {"AWS": arn(home, "root")}
    entrance = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    for account in owners:
        iam, named = client("iam", account), {"RoleName": "OrganizationAccountAccessRole"}
        iam.create_role(**named, AssumeRolePolicyDocument=document(entrance))
        iam.put_role_policy(**named, PolicyName="all", PolicyDocument=anything)
    return {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_DEFAULT_REGION": "us-east-1",
    }


class Place:
    """The accounts, with people, machines and xacct's own identity in them."""

    def __init__(self, aws: SandboxAws, ids: Ids, **changed: Any) -> None:
        self._aws = aws
        self.ids = ids
        self.catalog = build.catalog(**(parts(ids) | changed))
        self.furnish()

    def furnish(self) -> None:
        """Starts anew."""
        self._aws.empty(*self.ids.all)
        home, tools = self.client("iam", self.ids.home), self.client("iam", self.ids.tools)
        for name, path in (("alice", "/"), ("bob", "/platform/"), ("root-alice", "/")):
            home.create_user(UserName=name, Path=path)
        for iam, name, path in ((home, "ci", "/build/"), (tools, "xacct-bot", "/xacct-ctl/")):
            iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=SOMEBODY_ELSES)

    def client(self, service: str, account: str) -> Any:
        return self._aws.client(service, self._aws.root(account))

    def enter(self, account: Account) -> Admin:
        return Admin(self.client("iam", account.id))

    def plans(self, now: datetime) -> list[Plan]:
        """What setup would still do, in each account."""
        everything = wanted.everything(self.catalog)
        readings = run.reading(self.catalog, everything, self.enter)
        return run.plans(readings, inside=run.let_in(self.catalog, readings, now=now))

    def apply(self, now: datetime) -> None:
        everything = wanted.everything(self.catalog)
        planned = {plan.account.id: plan for plan in self.plans(now)}
        done = run.apply(self.catalog, planned, everything, self.enter, inside=frozenset())
        assert [one.trouble for one in done] == [None] * len(done)

    def state(self) -> dict[str, Any]:
        """All of every account, but for what is of one deployment alone."""
        return {one.account.id: self._state(one) for one in wanted.everything(self.catalog)}

    def _state(self, one: Wanted) -> Any:
        iam = self.client("iam", one.account.id)
        details = self.enter(one.account).details(users=True)
        roles = [
            iam.get_role(RoleName=role["RoleName"])["Role"] for role in details["RoleDetailList"]
        ]
        held = [iam.get_policy(PolicyArn=policy["Arn"])["Policy"] for policy in details["Policies"]]
        return plain({"details": details, "roles": roles, "policies": held})

    def stack(self, account: str, template: str, **parameters: str) -> str:
        """Deploys a template; what became of it, with the reasons."""
        cfn = self.client("cloudformation", account)
        given = [
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ]
        stack = cfn.create_stack(
            StackName="xacct",
            TemplateBody=template,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=given,
        )["StackId"]
        status = settled(lambda: cfn.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        events = cfn.describe_stack_events(StackName=stack)["StackEvents"]
        told = {event.get("ResourceStatusReason", "") for event in events} - {"", "User Initiated"}
        return "; ".join([status, *sorted(told)])


def settled(status: Callable[[], str]) -> str:
    """What a stack has come to; each answer follows some of the work."""
    told = status()
    for _ in range(1000):
        if not told.endswith("IN_PROGRESS"):
            break
        told = status()
    return told


def plain(value: Any) -> Any:
    """Without ids and dates, lists in one order, and without CloudFormation's own tags."""
    if isinstance(value, Mapping):
        return {
            key: plain(one)
            for key, one in value.items()
            if not (key.startswith(IDS) or key.endswith(IDS)) and one != []
        }
    if isinstance(value, list):
        kept = [plain(one) for one in value if not _is_of_cloudformation(one)]
        return sorted(kept, key=lambda one: json.dumps(one, sort_keys=True, default=str))
    return value


def _is_of_cloudformation(one: Any) -> bool:
    return isinstance(one, Mapping) and str(one.get("Key", "")).startswith("aws:cloudformation:")


def resources(template: str) -> dict[str, Any]:
    """The resources of a template, as any reader of YAML has them."""
    found: dict[str, Any] = yaml.safe_load(template)["Resources"]
    return found


def a_catalog(ids: Ids, **changed: Any) -> Catalog:
    """The catalog alone, of accounts that are nowhere."""
    return build.catalog(**(parts(ids) | changed))
