"""H: GetAccountAuthorizationDetails: an account told at once, as single reads tell it."""

import time
from typing import Any

from tests.conformance.checks import check
from tests.conformance.documents import ASSUME, allow, deny, document, trust
from tests.conformance.world import Account, Group, Role, User, World

_TAGS = [{"Key": "xacct:made-by", "Value": "setup"}, {"Key": "team", "Value": "platform"}]


@check("H37", "all that hangs on a role or user is told at once: boundary, tags, policies, groups")
def _(world: World) -> None:
    for account in (world.owner, world.grantee):
        bounds, held = (world.policy(allow("s3:*"), account=account) for _ in range(2))
        given: dict[str, Any] = {"PermissionsBoundary": bounds, "Tags": _TAGS}
        role = world.role(trust(account.root), account=account, may=allow(ASSUME), **given)
        user = world.user(allow(ASSUME), account=account, **given)
        group = world.group(deny(ASSUME), account=account)
        world.join(group, user)
        account.iam.attach_role_policy(RoleName=role.name, PolicyArn=held)
        account.iam.attach_user_policy(UserName=user.name, PolicyArn=held)
        account.iam.attach_group_policy(GroupName=group.name, PolicyArn=held)
        _tells(world, account, "Role", role, _hung(bounds, held, "may"))
        _tells(
            world, account, "User", user, _hung(bounds, held, "inline") | {"groups": [group.name]}
        )
        of_group = {"inline": {"inline": _document(deny(ASSUME))}, "managed": [held]}
        _tells(world, account, "Group", group, of_group)


@check("H38", "what has no boundary, tags or policies is told without them")
def _(world: World) -> None:
    bare: dict[str, Any] = {"boundary": None, "tags": {}, "inline": {}, "managed": []}
    _tells(world, world.owner, "Role", world.role(trust(world.owner.root)), bare)
    _tells(world, world.grantee, "User", world.user(), bare | {"groups": []})


@check("H39", "a managed policy is told with each version, its document, its date and which holds")
def _(world: World) -> None:
    iam, first, second = world.owner.iam, allow("s3:*"), allow("s3:GetObject")
    arn = world.policy(first, account=world.owner)
    asked = {"PolicyArn": arn, "PolicyDocument": document(second)}
    iam.create_policy_version(**asked, SetAsDefault=True)
    listed = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    dates = {one["VersionId"]: one["CreateDate"] for one in listed}
    meant = {
        "v1": (_document(first), False, dates["v1"]),
        "v2": (_document(second), True, dates["v2"]),
    }
    _seen(world, meant, lambda: _versions(world.owner, arn))


def _hung(bounds: str, held: str, inline: str) -> dict[str, Any]:
    return {
        "boundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": bounds},
        "tags": {tag["Key"]: tag["Value"] for tag in _TAGS},
        "inline": {inline: _document(allow(ASSUME))},
        "managed": [held],
    }


def _document(statement: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [statement]}


def _tells(
    world: World, account: Account, kind: str, one: Role | User | Group, meant: dict[str, Any]
) -> None:
    _seen(world, meant, lambda: {key: _told(account, kind, one.name)[key] for key in meant})


def _told(account: Account, kind: str, name: str) -> dict[str, Any]:
    found = _detail(account, kind, f"{kind}DetailList", f"{kind}Name", name)
    inline = found.get(f"{kind}PolicyList", ())
    return {
        "boundary": found.get("PermissionsBoundary"),
        "tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", ())},
        "inline": {held["PolicyName"]: held["PolicyDocument"] for held in inline},
        "managed": [held["PolicyArn"] for held in found.get("AttachedManagedPolicies", ())],
        "groups": found.get("GroupList", []),
    }


def _versions(account: Account, arn: str) -> dict[str, Any]:
    found = _detail(account, "LocalManagedPolicy", "Policies", "Arn", arn)
    return {
        held["VersionId"]: (held["Document"], held["IsDefaultVersion"], held.get("CreateDate"))
        for held in found.get("PolicyVersionList", ())
    }


def _detail(account: Account, kind: str, listed: str, key: str, value: str) -> dict[str, Any]:
    """What is told of one thing; nothing of it if it is not told yet."""
    pages = account.iam.get_paginator("get_account_authorization_details")
    every = (one for page in pages.paginate(Filter=[kind]) for one in page[listed])
    return next((dict(one) for one in every if one[key] == value), {})


def _seen(world: World, meant: dict[str, Any], told: Any) -> None:
    """It is told so, once the writes have spread."""
    deadline = time.monotonic() + world.place.patience
    while (now := told()) != meant and time.monotonic() < deadline:
        world.place.pause(1)
    world.same(meant, now)
