"""CloudFormation's template of one account, as a value.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from workflows.catalog.model import Account
from workflows.documents.text import document
from workflows.setup.objects import (
    INSTALLATION,
    MADE_BY,
    Attachment,
    Group,
    MadeBy,
    Policy,
    Role,
    Wanted,
    path_of,
)
from workflows.setup.render.layout import as_yaml
from workflows.setup.render.names import logical_id
from workflows.setup.render.notes import Mind
from workflows.setup.render.refusal import CannotRender

MOST: Final = 500
_LARGEST: Final = 1_000_000
"""Resources and bytes of a template (CloudFormation User Guide, "Understand CloudFormation
quotas").
"""

Template = dict[str, Any]
Resource = tuple[str, dict[str, Any]]


_FILLED_IN: Final = "{{resolve:"
"""How a dynamic reference begins: it has no escape (CloudFormation User Guide)."""

MIND: Final = Mind(
    roles=(
        "CloudFormation writes a trust policy when it makes a role, and when an update changes",
        "something of that role. Update it while nothing is lent; `xacct setup plan` must be empty",
        "then. No stack deletes a role with xacct-session-end in it: `xacct setup destroy` does.",
    ),
    groups=(
        "CloudFormation puts each member in once; each is a resource, so that a change of the",
        "others leaves him alone.",
    ),
)


def template(wanted: Wanted, description: str) -> Template:
    """All that is wanted in the account. Raises CannotRender."""
    resources = dict(_resources(wanted))
    if len(resources) > MOST:
        raise CannotRender(
            f"CloudFormation takes {MOST} resources in a template, and {wanted.account.name} "
            f"needs {len(resources)}. Let one deny group cover many roles (leave {{account}} and "
            "{role} out of its name), or render Terraform, or use `xacct setup apply`."
        )
    if _FILLED_IN in json.dumps(resources):
        raise CannotRender(
            f"A policy of {wanted.account.name} holds `{_FILLED_IN}`, which CloudFormation would "
            "fill in. Render Terraform, or use `xacct setup apply`."
        )
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": description,
        "Resources": resources,
    }


def text(template: Template, account: Account) -> str:
    """The template as YAML. Raises CannotRender."""
    body = as_yaml(template)
    if len(body.encode()) > _LARGEST:
        raise CannotRender(
            f"The template of {account.name} has {len(body.encode())} bytes, and CloudFormation "
            f"takes {_LARGEST}. Render Terraform, or use `xacct setup apply`."
        )
    return body


def only_here(template: Template, account_id: str) -> Template:
    """A template that makes nothing in any other account."""
    here = {"RightAccount": {"Fn::Equals": [{"Ref": "AWS::AccountId"}, account_id]}}
    resources = {
        name: {"Type": one["Type"], "Condition": "RightAccount", "Properties": one["Properties"]}
        for name, one in template["Resources"].items()
    }
    head = {key: value for key, value in template.items() if key != "Resources"}
    return {**head, "Conditions": here, "Resources": resources}


def _resources(wanted: Wanted) -> Iterator[Resource]:
    own = {policy.arn: {"Ref": _policy_id(policy.arn)} for policy in wanted.policies}
    for policy in wanted.policies:
        yield _policy(policy, [one for one in wanted.attachments if one.policy_arn == policy.arn])
    for group in wanted.groups:
        yield _group(group, own)
        yield from _members(group)
    for role in wanted.roles:
        if role.made_by is MadeBy.SETUP:
            yield _role(wanted, role, own)


def _policy(policy: Policy, attached: list[Attachment]) -> Resource:
    users = sorted(one.holder for one in attached if one.kind == "user")
    roles = sorted(one.holder for one in attached if one.kind == "role")
    return _resource(
        _policy_id(policy.arn),
        "ManagedPolicy",
        ManagedPolicyName=policy.name,
        Path=path_of(policy.arn),
        Description=policy.purpose,
        PolicyDocument=policy.document,
        Users=users or None,
        Roles=roles or None,
    )


def _group(group: Group, own: Mapping[str, Any]) -> Resource:
    inline = [
        {"PolicyName": name, "PolicyDocument": document}
        for name, document in group.documents.items()
    ]
    return _resource(
        logical_id("Group", group.name),
        "Group",
        GroupName=group.name,
        Path=group.path,
        Policies=inline or None,
        ManagedPolicyArns=[own.get(arn, arn) for arn in group.managed] or None,
    )


def _members(group: Group) -> Iterator[Resource]:
    """One resource a member: who joins the roster moves nobody else, and a member whom xacct has
    lifted out is not put back.
    """
    ref = {"Ref": logical_id("Group", group.name)}
    for name in sorted(group.members):
        named = logical_id("Member", f"{name}/{group.name}")
        yield _resource(named, "UserToGroupAddition", GroupName=ref, Users=[name])


def _role(wanted: Wanted, role: Role, own: Mapping[str, Any]) -> Resource:
    tags = {INSTALLATION: wanted.installation, MADE_BY: str(role.made_by)}
    boundary = None if role.boundary is None else own.get(role.boundary, role.boundary)
    return _resource(
        logical_id("Role", role.name),
        "Role",
        RoleName=role.name,
        Path=role.path,
        Description=role.purpose,
        MaxSessionDuration=role.longest_session,
        PermissionsBoundary=boundary,
        ManagedPolicyArns=[own.get(arn, arn) for arn in role.managed] or None,
        AssumeRolePolicyDocument=document([*role.trust, *role.standing]),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )


def _policy_id(arn: str) -> str:
    return logical_id("Policy", arn.rpartition("/")[2])


def _resource(name: str, kind: str, **properties: Any) -> Resource:
    said = {key: value for key, value in properties.items() if value is not None}
    return name, {"Type": f"AWS::IAM::{kind}", "Properties": said}
