"""H: the interface: errors, quotas, lists, simulation."""

import json
from typing import Any

from tests.conformance.checks import Need, check
from tests.conformance.documents import ASSUME, Statement, allow, before, deny, document, trust
from tests.conformance.world import World, fresh

_OFTEN = 11


@check("H3", "a trust policy that is no JSON, has no Principal or a Resource is refused")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    good = trust(world.grantee.root)
    bare = {key: value for key, value in good.items() if key != "Principal"}
    for text in ("{", document(bare), document(good | {"Resource": "*"})):
        _refuses_trust(world, role.name, text, "MalformedPolicyDocument")


@check("H4", "a trust policy over its quota: LimitExceeded; white space is not counted")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    quota = _quota(world, "AssumeRolePolicySizeQuota")
    full = _long(trust(world.grantee.root), quota)
    world.owner.iam.update_assume_role_policy(
        RoleName=role.name, PolicyDocument=full.replace(",", " ,\n")
    )
    over = _long(trust(world.grantee.root), quota + 1)
    _refuses_trust(world, role.name, over, "LimitExceeded")


@check("H5", "AddUserToGroup: unknown names: NoSuchEntity; twice is once; leaving twice too")
def _(world: World) -> None:
    iam, group, user = world.grantee.iam, world.group(), world.user()
    for wrong in (
        {"GroupName": group.name, "UserName": fresh("no")},
        {"GroupName": fresh("no"), "UserName": user.name},
    ):
        world.fails(iam.add_user_to_group, "NoSuchEntity", **wrong)
    world.join(group, user)
    world.join(group, user)
    world.leave(group, user)
    world.leave(group, user)


@check("H6", "members, groups, trust documents and users of a policy are told")
def _(world: World) -> None:
    iam, group, user = world.grantee.iam, world.group(), world.user()
    policy = world.policy(allow("s3:*"))
    world.join(group, user)
    iam.attach_group_policy(GroupName=group.name, PolicyArn=policy)
    members = iam.get_group(GroupName=group.name)["Users"]
    world.same([user.name], [each["UserName"] for each in members])
    groups = iam.list_groups_for_user(UserName=user.name)["Groups"]
    world.same([group.name], [each["GroupName"] for each in groups])
    attached = iam.list_entities_for_policy(PolicyArn=policy)["PolicyGroups"]
    world.same([group.name], [each["GroupName"] for each in attached])
    role = world.role(trust(world.grantee.root))
    told = world.owner.iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
    world.same(ASSUME, told["Statement"][0]["Action"])


@check("H7", "a simulation tells allowed, explicitDeny and implicitDeny apart")
def _(world: World) -> None:
    target = world.owner.arn("role/x")
    for identity, decision in (
        ([allow(ASSUME)], "allowed"),
        ([allow(ASSUME), deny(ASSUME)], "explicitDeny"),
        ([], "implicitDeny"),
    ):
        _simulates(world, world.user(*identity).arn, decision, ResourceArns=[target])


@check("H8", "a simulation takes its context from ContextEntries")
def _(world: World) -> None:
    user = world.user(allow(ASSUME, when=before(world.now())))
    for seconds, decision in ((-600, "allowed"), (600, "implicitDeny")):
        moment = {
            "ContextKeyName": "aws:CurrentTime",
            "ContextKeyType": "date",
            "ContextKeyValues": [world.after(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")],
        }
        _simulates(world, user.arn, decision, ContextEntries=[moment])


@check("H9", "a simulation counts the policies of a user's groups")
def _(world: World) -> None:
    user, group = world.user(), world.group(allow(ASSUME))
    _simulates(world, user.arn, "implicitDeny")
    world.join(group, user)
    _simulates(world, user.arn, "allowed")


@check("H11", "the 11th group of a user and the 11th policy of a group: LimitExceeded")
def _(world: World) -> None:
    iam, user, group = world.grantee.iam, world.user(), world.group()
    for _ in range(_OFTEN - 1):
        world.join(world.group(), user)
        iam.attach_group_policy(GroupName=group.name, PolicyArn=world.policy(allow("s3:*")))
    world.fails(iam.add_user_to_group, "LimitExceeded", GroupName=group.name, UserName=user.name)
    policy = world.policy(allow("s3:*"))
    asked = {"GroupName": group.name, "PolicyArn": policy}
    world.fails(iam.attach_group_policy, "LimitExceeded", **asked)


@check("H12", "a group with a member and a role with a policy are not deleted: DeleteConflict")
def _(world: World) -> None:
    group, user = world.group(), world.user()
    world.join(group, user)
    world.fails(world.grantee.iam.delete_group, "DeleteConflict", GroupName=group.name)
    role = world.role(trust(world.grantee.root), may=allow(ASSUME))
    world.fails(world.owner.iam.delete_role, "DeleteConflict", RoleName=role.name)


@check("H13", "a user in a group, or with an inline policy, is not deleted: DeleteConflict")
def _(world: World) -> None:
    iam = world.grantee.iam
    for user in (world.user(allow(ASSUME)), world.user()):
        key = user.keys.access_key_id
        iam.delete_access_key(UserName=user.name, AccessKeyId=key)
        if not iam.list_user_policies(UserName=user.name)["PolicyNames"]:
            world.join(world.group(), user)
        world.fails(iam.delete_user, "DeleteConflict", UserName=user.name)


@check("H14", "inline policies share a quota by user, group and role, told by the summary")
def _(world: World) -> None:
    user, group = world.user(), world.group()
    role = world.role(trust(world.owner.root))
    for kind, name, iam in (
        ("user", user.name, world.grantee.iam),
        ("group", group.name, world.grantee.iam),
        ("role", role.name, world.owner.iam),
    ):
        quota = _quota(world, f"{kind.title()}PolicySizeQuota")
        put = getattr(iam, f"put_{kind}_policy")
        asked: dict[str, Any] = {f"{kind.title()}Name": name}
        half = _long(deny("s3:GetObject"), quota // 2)
        put(**asked, PolicyName="first", PolicyDocument=half.replace(",", " ,\n"))
        put(
            **asked,
            PolicyName="second",
            PolicyDocument=_long(deny("s3:GetObject"), quota - quota // 2),
        )
        put(
            **asked,
            PolicyName="second",
            PolicyDocument=_long(deny("s3:GetObject"), quota - quota // 2),
        )
        over = asked | {"PolicyName": "third", "PolicyDocument": document(deny("*"))}
        world.fails(put, "LimitExceeded", **over)


@check("H15", "a trust quota that was raised or lowered is told and kept", Need.QUOTA)
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    longer = _long(trust(world.grantee.root), 3000)
    _refuses_trust(world, role.name, longer, "LimitExceeded")
    world.place.set_quota(world.owner.id, "AssumeRolePolicySizeQuota", 4096)
    world.same(4096, _quota(world, "AssumeRolePolicySizeQuota"))
    world.owner.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=longer)
    world.place.set_quota(world.owner.id, "AssumeRolePolicySizeQuota", 2048)
    _refuses_trust(world, role.name, longer, "LimitExceeded")


@check("H16", "names are unique whatever their case: EntityAlreadyExists")
def _(world: World) -> None:
    user, role, group = world.user(), world.role(trust(world.owner.root)), world.group()
    trusted = document(trust(world.owner.root))
    owner, grantee = world.owner.iam, world.grantee.iam
    code = "EntityAlreadyExists"
    world.fails(grantee.create_user, code, UserName=user.name.upper())
    world.fails(grantee.create_group, code, GroupName=group.name.upper())
    asked = {"RoleName": role.name.upper(), "AssumeRolePolicyDocument": trusted}
    world.fails(owner.create_role, code, **asked)


@check("H17", "account details tell users page by page, with their tags and groups")
def _(world: World) -> None:
    tag = {"Key": "slack", "Value": fresh("U")}
    user, others = world.user(Tags=[tag], Path="/xacct/"), [world.user(), world.user()]
    group = world.group()
    world.join(group, user)
    pages = world.grantee.iam.get_paginator("get_account_authorization_details")
    asked = {"Filter": ["User"], "PaginationConfig": {"PageSize": 2}}
    told = [each for page in pages.paginate(**asked) for each in page["UserDetailList"]]
    names = [each["UserName"] for each in told]
    world.same(True, {user.name, *(each.name for each in others)} <= set(names))
    world.same(len(names), len(set(names)))
    (found,) = (each for each in told if tag in each.get("Tags", []))
    world.same([user.arn, [group.name]], [found["Arn"], found["GroupList"]])


@check("H18", "lists of users, roles and members do not tell tags")
def _(world: World) -> None:
    tags = [{"Key": "team", "Value": "data"}]
    user, group = world.user(Tags=tags), world.group()
    role = world.role(trust(world.owner.root), Tags=tags)
    world.join(group, user)
    listed = [
        *world.grantee.iam.list_users(MaxItems=1000)["Users"],
        *world.grantee.iam.get_group(GroupName=group.name)["Users"],
        *world.owner.iam.list_roles(MaxItems=1000)["Roles"],
    ]
    world.same([], [each["Arn"] for each in listed if each.get("Tags")])
    world.same(tags, world.grantee.iam.get_user(UserName=user.name)["User"]["Tags"])
    world.same(tags, world.owner.iam.get_role(RoleName=role.name)["Role"]["Tags"])


@check("H19", "a simulation counts the boundary, and says that it was the boundary")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    boundary = world.policy(allow("s3:*"))
    world.grantee.iam.put_user_permissions_boundary(
        UserName=user.name, PermissionsBoundary=boundary
    )
    result = _simulates(world, user.arn, "implicitDeny")
    detail = result["PermissionsBoundaryDecisionDetail"]
    world.same(False, detail["AllowedByPermissionsBoundary"])


@check("H20", "Sids are letters and digits, each once in a document")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    dashed = trust(world.grantee.root) | {"Sid": "Xacct-Seal"}
    twice = trust(world.grantee.root) | {"Sid": "Xacct"}
    for text in (document(dashed), document(twice, twice)):
        _refuses_trust(world, role.name, text, "MalformedPolicyDocument")


@check("H21", "a role, a policy of it and a trust of one who is not there: NoSuchEntity")
def _(world: World) -> None:
    iam, role = world.owner.iam, world.role(trust(world.owner.root))
    missing = fresh("no")
    trusted = document(trust(world.owner.root))
    code = "NoSuchEntity"
    world.fails(iam.get_role, code, RoleName=missing)
    asked = {"RoleName": missing, "PolicyDocument": trusted}
    world.fails(iam.update_assume_role_policy, code, **asked)
    named = {"RoleName": role.name, "PolicyName": missing}
    world.fails(iam.get_role_policy, code, **named)
    world.fails(iam.delete_role_policy, code, **named)
    world.fails(iam.get_role_policy, code, **named | {"RoleName": missing})


@check("H22", "a policy of a user or role names no principal, and needs a resource")
def _(world: World) -> None:
    user = world.user()
    bare = {"Effect": "Allow", "Action": "s3:*"}
    for text in (document(bare), document(allow("s3:*") | {"Principal": "*"}), "{"):
        asked = {"UserName": user.name, "PolicyName": "x", "PolicyDocument": text}
        world.fails(world.grantee.iam.put_user_policy, "MalformedPolicyDocument", **asked)


@check("H23", "a renamed user keeps his id, keys, groups and policies; trusts follow him")
def _(world: World) -> None:
    user, group = world.user(allow("iam:ListRoles")), world.group(allow(ASSUME))
    world.join(group, user)
    role = world.role(trust(user.arn))
    world.let_in(user, role)
    renamed = f"{user.name}-2"
    world.grantee.iam.update_user(UserName=user.name, NewUserName=renamed)
    world.will_remove_user(world.grantee, renamed)
    now = world.grantee.iam.get_user(UserName=renamed)["User"]
    world.same(user.id, now["UserId"])
    world.may(user, "iam", "list_roles")
    world.let_in(user, role)
    told = world.owner.iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
    world.same(now["Arn"], told["Statement"][0]["Principal"]["AWS"])


@check("H29", "a managed policy that is not there is attached to nobody, and is no boundary")
def _(world: World) -> None:
    user, role, code = world.user(), world.role(trust(world.owner.root)), "NoSuchEntity"
    named_by = (("user", user.name, user.account), ("role", role.name, role.account))
    for kind, name, account in named_by:
        missing = account.arn(f"policy/{fresh('no')}")
        named: dict[str, Any] = {f"{kind.title()}Name": name}
        attach = getattr(account.iam, f"attach_{kind}_policy")
        world.fails(attach, code, **named, PolicyArn=missing)
        limit = getattr(account.iam, f"put_{kind}_permissions_boundary")
        world.fails(limit, code, **named, PermissionsBoundary=missing)


def _long(statement: Statement, length: int) -> str:
    """A document of exactly that many characters, padded by a condition that always holds."""
    padded = statement | {"Condition": {"StringNotEquals": {"aws:username": "-"}}}
    whole = {"Version": "2012-10-17", "Statement": [padded]}
    text = json.dumps(whole, separators=(",", ":"))
    return text.replace('"-"', f'"{"-" * (length - len(text) + 1)}"')


def _quota(world: World, name: str) -> int:
    account = world.owner if name in _OWNERS else world.grantee
    return int(account.iam.get_account_summary()["SummaryMap"][name])


_OWNERS = ("AssumeRolePolicySizeQuota", "RolePolicySizeQuota")


def _refuses_trust(world: World, role_name: str, text: str, code: str) -> None:
    asked = {"RoleName": role_name, "PolicyDocument": text}
    world.fails(world.owner.iam.update_assume_role_policy, code, **asked)


def _simulates(world: World, arn: str, decision: str, **asked: Any) -> dict[str, Any]:
    asked = {"PolicySourceArn": arn, "ActionNames": [ASSUME], **asked}
    (result,) = world.grantee.iam.simulate_principal_policy(**asked)["EvaluationResults"]
    world.same(decision, result["EvalDecision"])
    return dict(result)
