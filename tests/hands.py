"""What people do in IAM by hand, each with all that AWS asks for before and after."""

import json
from collections.abc import Callable
from typing import Any

from workflows.setup.wanted.naming import inline_name

INLINE = inline_name("lab")
"""The inline policy of a lab's groups."""


def delete_user(iam: Any, name: str) -> None:
    """Deletes a user with his keys, policies and memberships."""
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for group in iam.list_groups_for_user(UserName=name)["Groups"]:
        iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
    for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


def delete_role(iam: Any, name: str) -> None:
    """Deletes a role with its policies."""
    for policy in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=policy["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    iam.delete_role(RoleName=name)


def delete_group(iam: Any, name: str) -> None:
    """Deletes a group with its inline policies; its members have left it."""
    for policy in iam.list_group_policies(GroupName=name)["PolicyNames"]:
        iam.delete_group_policy(GroupName=name, PolicyName=policy)
    iam.delete_group(GroupName=name)


def rewrite_policy(iam: Any, role: str, change: Callable[[str], str]) -> None:
    """Gives the role's managed policy a new version: its text, changed."""
    (held,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    arn = held["PolicyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=change(json.dumps(document)), SetAsDefault=True
    )


def let_write_beyond_boundaries(iam: Any, manager: str) -> None:
    """Lets a manager role write roles that have no boundary of setup's, as somebody may who makes
    it by himself.
    """

    def without_conditions(text: str) -> str:
        document = json.loads(text)
        for statement in document["Statement"]:
            statement.pop("Condition", None)
        return json.dumps(document)

    rewrite_policy(iam, manager, without_conditions)
