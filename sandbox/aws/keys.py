"""What a call is about: its resource ARN, and the condition keys its parameters bring along.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from typing import Any

from sandbox.aws.records import Record, Records
from sandbox.aws.request import Params

# Calls that mean the caller himself when they name no user.
ABOUT_ONESELF = frozenset(
    {
        *("GetUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey"),
        "ListMFADevices",
    }
)
_OF_USER = ABOUT_ONESELF | {"EnableMFADevice", "DeactivateMFADevice", "ResyncMFADevice"}
_MEMBERSHIP = frozenset({"AddUserToGroup", "RemoveUserFromGroup"})
_SETS_BOUNDARY = frozenset(
    {"CreateUser", "CreateRole", "PutUserPermissionsBoundary", "PutRolePermissionsBoundary"}
)


def subject(action: str) -> str | None:
    """What an IAM action is about, told by the action alone: user, role or group.

    A parameter that belongs to another action must not move the judgement to another resource.
    """
    if action in _MEMBERSHIP:
        return "group"
    if action in _OF_USER:
        return "user"
    return next((kind for kind in ("user", "role", "group") if kind.title() in action), None)


def resource_of(records: Records, account_id: str, params: Params) -> str:
    """The ARN an IAM call is judged on, path included; `*` where the action has no resource."""
    action = params.get("Action", "")
    if action == "SimulatePrincipalPolicy":
        return params.get("PolicySourceArn") or "*"
    if action == "CreatePolicy":
        return _arn(records, account_id, "policy", params, params.get("PolicyName", ""))
    if action == "CreateVirtualMFADevice":
        device = params.get("VirtualMFADeviceName", "")
        return _arn(records, account_id, "mfa", params, device)
    kind = subject(action)
    if kind is None:
        return params.get(_named_by(action)) or "*"
    name = params.get(f"{kind.title()}Name")
    if not name:
        return "*"
    record = records.get(kind, account_id, name)
    return str(record["Arn"]) if record else _arn(records, account_id, kind, params, name)


def _named_by(action: str) -> str:
    """The parameter with the ARN of what an action is about, if that is no user, role or group."""
    if action == "DeleteVirtualMFADevice":
        return "SerialNumber"
    return "PolicyArn" if "Policy" in action and "Password" not in action else ""


def _arn(records: Records, account_id: str, kind: str, params: Params, name: str) -> str:
    path = params.get("Path") or "/"
    return records.partition.arn("iam", account_id, f"{kind}{path}{name}")


def iam_keys(records: Records, account_id: str, params: Params) -> dict[str, Any]:
    """The `iam:` condition keys of a call, and the tags of the user or role it is about."""
    action = params.get("Action", "")
    kind = subject(action)
    about = None
    if kind in ("user", "role"):
        about = records.get(kind, account_id, params.get(f"{kind.title()}Name", ""))
    keys: dict[str, Any] = {}
    boundary = (about or {}).get("PermissionsBoundary")
    if action in _SETS_BOUNDARY:
        boundary = params.get("PermissionsBoundary")
    if boundary:
        keys["iam:permissionsboundary"] = boundary
    if params.get("PolicyArn"):
        keys["iam:policyarn"] = params["PolicyArn"]
    return {**keys, **_tags(about)}


def assume_role_keys(records: Records, params: Params, inherited: str | None) -> dict[str, Any]:
    """The `sts:` condition keys of an AssumeRole call; `inherited` is the caller's source identity.

    `sts:DurationSeconds` is not among them: AWS has it for bearer tokens only.
    """
    keys: dict[str, Any] = {}
    for name in ("RoleSessionName", "ExternalId"):
        if params.get(name):
            keys[f"sts:{name.lower()}"] = params[name]
    if identity := params.get("SourceIdentity") or inherited:
        keys["sts:sourceidentity"] = identity
    return {**keys, **_tags(records.named(params.get("RoleArn", "")))}


def _tags(record: Record | None) -> dict[str, str]:
    tags = (record or {}).get("Tags") or []
    return {
        f"{service}:resourcetag/{tag['Key']}".lower(): tag["Value"]
        for tag in tags
        for service in ("aws", "iam")
    }
