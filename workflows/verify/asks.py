"""What xacct's own roles must be able to do, and what they may not: the one list of both.

It is written beside the rights that setup gives (`workflows/setup/rights.py`), not out of them: a
right that was forgotten there, or given too widely, is to be seen here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

# --- what lending takes, each with the call of xacct that needs it

ON_A_ROLE: Final = (
    "iam:GetRole",  # each look, settle and drift
    "iam:ListRolePolicies",
    "iam:GetRolePolicy",
    "iam:UpdateAssumeRolePolicy",  # trust
    "iam:PutRolePolicy",  # session end
    "iam:SimulatePrincipalPolicy",  # ways back in that the role has
)
IN_AN_OWNER_ACCOUNT: Final = ("iam:GetAccountSummary", "cloudtrail:LookupEvents")
ON_A_GROUP: Final = (
    "iam:AddUserToGroup",
    "iam:RemoveUserFromGroup",
    "iam:GetGroup",
    "iam:GetGroupPolicy",
    "iam:ListGroupPolicies",
    "iam:ListAttachedGroupPolicies",
)
ON_A_USER: Final = ("iam:GetUser", "iam:ListGroupsForUser", "iam:SimulatePrincipalPolicy")
ON_A_VISITORS_ROLE: Final = ("iam:GetRole", "iam:SimulatePrincipalPolicy")
IN_THE_GRANTEE_ACCOUNT: Final = (
    "iam:GetAccountSummary",
    "iam:GetAccountAuthorizationDetails",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
)


# --- what they may not


class On(StrEnum):
    """Whose thing it is done to: the first four are anybody's but xacct's."""

    USER = "user"
    GROUP = "group"
    ROLE = "role"
    POLICY = "policy"
    ITSELF = "itself"
    LENT = "lent"
    GOVERNED = "governed"


@dataclass(frozen=True)
class Forbidden:
    """One thing that no role of xacct's may do.

    `call` are the parameters of a real call that changes nothing even where AWS would allow it,
    because one of the things that it names is not there: IAM judges whether somebody may before it
    looks whether there is anything. None: there is no such call, and the simulation alone is asked.
    """

    what: str
    action: str
    on: On
    call: Mapping[str, str] | None = None


NOBODY: Final = "{nobody}"
"""Stands in `call` for a name that nobody has; `{policy}` for the ARN of such a policy, `{role}`
for the name of the role that it is done to.
"""

_NOTHING: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    }
)
_TRUSTS_NOBODY: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": {"AWS": "{account}"}, "Action": "sts:AssumeRole"}
        ],
    }
)
_USER: Final = {"UserName": NOBODY}
_GROUP: Final = {"GroupName": NOBODY}
_ROLE: Final = {"RoleName": NOBODY}
_INLINE: Final = {"PolicyName": NOBODY, "PolicyDocument": _NOTHING}
_MANAGED: Final = {"PolicyArn": "{policy}"}
_LENT: Final = {"RoleName": "{role}"}

ANYWHERE: Final = (
    Forbidden("make a user", "iam:CreateUser", On.USER),
    Forbidden("delete a user", "iam:DeleteUser", On.USER, _USER),
    Forbidden("make keys", "iam:CreateAccessKey", On.USER, _USER),
    Forbidden("make a password", "iam:CreateLoginProfile", On.USER),
    Forbidden("give a user rights", "iam:PutUserPolicy", On.USER, {**_USER, **_INLINE}),
    Forbidden("attach a policy to a user", "iam:AttachUserPolicy", On.USER, {**_USER, **_MANAGED}),
    Forbidden(
        "put a user into a group of others", "iam:AddUserToGroup", On.GROUP, {**_USER, **_GROUP}
    ),
    Forbidden("give a group rights", "iam:PutGroupPolicy", On.GROUP, {**_GROUP, **_INLINE}),
    Forbidden(
        "attach a policy to a group", "iam:AttachGroupPolicy", On.GROUP, {**_GROUP, **_MANAGED}
    ),
    Forbidden("make a role", "iam:CreateRole", On.ROLE),
    Forbidden(
        "open a role of others",
        "iam:UpdateAssumeRolePolicy",
        On.ROLE,
        {**_ROLE, "PolicyDocument": _TRUSTS_NOBODY},
    ),
    Forbidden("give a role of others rights", "iam:PutRolePolicy", On.ROLE, {**_ROLE, **_INLINE}),
    Forbidden(
        "attach a policy to a role of others",
        "iam:AttachRolePolicy",
        On.ROLE,
        {**_ROLE, **_MANAGED},
    ),
    Forbidden("delete a role", "iam:DeleteRole", On.ROLE, _ROLE),
    Forbidden("hand a role to a service", "iam:PassRole", On.ROLE),
    Forbidden("enter a role of others", "sts:AssumeRole", On.ROLE),
    Forbidden("make a policy", "iam:CreatePolicy", On.POLICY),
    Forbidden(
        "write a policy of others anew",
        "iam:CreatePolicyVersion",
        On.POLICY,
        {**_MANAGED, "PolicyDocument": _NOTHING},
    ),
)
TO_ITSELF: Final = (
    Forbidden("let somebody else into itself", "iam:UpdateAssumeRolePolicy", On.ITSELF),
    Forbidden("give itself rights", "iam:PutRolePolicy", On.ITSELF),
    Forbidden(
        "attach a policy to itself", "iam:AttachRolePolicy", On.ITSELF, {**_LENT, **_MANAGED}
    ),
    Forbidden("take its own boundary away", "iam:DeleteRolePermissionsBoundary", On.ITSELF),
)
TO_WHAT_IS_LENT: Final = (
    Forbidden("attach a policy", "iam:AttachRolePolicy", On.LENT, {**_LENT, **_MANAGED}),
    Forbidden("take its boundary away", "iam:DeleteRolePermissionsBoundary", On.LENT),
    Forbidden("put another boundary", "iam:PutRolePermissionsBoundary", On.LENT),
    Forbidden(
        "delete a policy of it", "iam:DeleteRolePolicy", On.LENT, {**_LENT, "PolicyName": NOBODY}
    ),
    Forbidden("let its sessions last longer", "iam:UpdateRole", On.LENT),
    Forbidden("tag it", "iam:TagRole", On.LENT),
    Forbidden("delete it", "iam:DeleteRole", On.LENT),
    Forbidden("enter it", "sts:AssumeRole", On.LENT),
)
TO_A_GOVERNED_GROUP: Final = (
    Forbidden("give it rights", "iam:PutGroupPolicy", On.GOVERNED),
    Forbidden("take its policy away", "iam:DeleteGroupPolicy", On.GOVERNED),
    Forbidden("delete the group", "iam:DeleteGroup", On.GOVERNED),
)


def parameters(call: Mapping[str, str], **names: str) -> dict[str, Any]:
    """The parameters with names in the place of what stands for them."""
    made = dict(call)
    for name, value in names.items():
        made = {key: held.replace(f"{{{name}}}", value) for key, held in made.items()}
    return made
