"""G: the rights of a bot that manages a few roles and groups, and nothing else."""

from tests.conformance.checks import Need, check
from tests.conformance.documents import ASSUME, allow, deny, document, trust
from tests.conformance.world import World


@check("G1", "AddUserToGroup is judged on the group, not on the user")
def _(world: World) -> None:
    governed, other, user = world.group(Path="/xacct/"), world.group(), world.user()
    bot = world.user(allow(["iam:AddUserToGroup", "iam:RemoveUserFromGroup"], governed.arn))
    asked = {"UserName": user.name}
    world.may(bot, "iam", "add_user_to_group", GroupName=governed.name, **asked)
    world.may_not(bot, "iam", "add_user_to_group", GroupName=other.name, **asked)
    world.may(bot, "iam", "remove_user_from_group", GroupName=governed.name, **asked)


@check("G2", "UpdateAssumeRolePolicy is judged on the role")
def _(world: World) -> None:
    governed, other = world.role(trust(world.owner.root)), world.role(trust(world.owner.root))
    may = allow(["iam:UpdateAssumeRolePolicy", "iam:GetRole"], governed.arn)
    bot = world.user(may, account=world.owner)
    asked = {"PolicyDocument": document(trust(world.grantee.root))}
    world.may(bot, "iam", "update_assume_role_policy", RoleName=governed.name, **asked)
    world.may_not(bot, "iam", "update_assume_role_policy", RoleName=other.name, **asked)


@check("G3", "inline policies of one role: put, listed, read and deleted by who may just that")
def _(world: World) -> None:
    governed, other = world.role(trust(world.owner.root)), world.role(trust(world.owner.root))
    actions = [f"iam:{verb}RolePolicy" for verb in ("Put", "Get", "Delete")]
    bot = world.user(allow([*actions, "iam:ListRolePolicies"], governed.arn), account=world.owner)
    named = {"RoleName": governed.name, "PolicyName": "x"}
    body = {"PolicyDocument": document(deny("*"))}
    world.may(bot, "iam", "put_role_policy", **named, **body)
    listed = world.may(bot, "iam", "list_role_policies", RoleName=governed.name)
    world.same(["x"], listed["PolicyNames"])
    world.may(bot, "iam", "get_role_policy", **named)
    world.may(bot, "iam", "delete_role_policy", **named)
    world.may_not(bot, "iam", "put_role_policy", **named | {"RoleName": other.name}, **body)


@check("G4", "a role with a path is judged by its whole ARN")
def _(world: World) -> None:
    governed = world.role(trust(world.owner.root), Path="/xacct/")
    other = world.role(trust(world.owner.root))
    bot = world.user(allow("iam:GetRole", world.owner.arn("role/xacct/*")), account=world.owner)
    world.may(bot, "iam", "get_role", RoleName=governed.name)
    world.may_not(bot, "iam", "get_role", RoleName=other.name)


@check("G5", "iam:PermissionsBoundary on a role's writes is the boundary the role has")
def _(world: World) -> None:
    boundary = world.policy(allow("s3:*"), account=world.owner)
    capped = world.role(trust(world.owner.root), PermissionsBoundary=boundary)
    free = world.role(trust(world.owner.root))
    writes = ["iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy"]
    only_capped = {"ArnEquals": {"iam:PermissionsBoundary": boundary}}
    bot = world.user(allow(writes, when=only_capped), account=world.owner)
    opened = {"PolicyDocument": document(trust(world.grantee.root))}
    put = {"PolicyName": "x", "PolicyDocument": document(allow("*"))}
    world.may(bot, "iam", "update_assume_role_policy", RoleName=capped.name, **opened)
    world.may(bot, "iam", "put_role_policy", RoleName=capped.name, **put)
    world.may_not(bot, "iam", "update_assume_role_policy", RoleName=free.name, **opened)
    world.may_not(bot, "iam", "put_role_policy", RoleName=free.name, **put)


@check("G6", "iam:PermissionsBoundary on CreateRole is the boundary asked for")
def _(world: World) -> None:
    boundary = world.policy(allow("s3:*"), account=world.owner)
    only_capped = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    maker = world.user(allow("iam:CreateRole", when=only_capped), account=world.owner)
    named = world.role(trust(world.owner.root)).name + "-x"
    asked = {"RoleName": named, "AssumeRolePolicyDocument": document(trust(world.owner.root))}
    world.may_not(maker, "iam", "create_role", **asked)
    world.will_remove_role(world.owner, named)
    world.may(maker, "iam", "create_role", **asked, PermissionsBoundary=boundary)


@check("G7", "aws:ResourceTag and iam:ResourceTag on a role's writes are the role's tags")
def _(world: World) -> None:
    governed = world.role(trust(world.owner.root), Tags=[{"Key": "xacct:managed", "Value": "true"}])
    other = world.role(trust(world.owner.root))
    put = {"PolicyName": "x", "PolicyDocument": document(deny("*"))}
    for service in ("aws", "iam"):
        tagged = {"StringEquals": {f"{service}:ResourceTag/xacct:managed": "true"}}
        bot = world.user(allow("iam:PutRolePolicy", when=tagged), account=world.owner)
        world.may(bot, "iam", "put_role_policy", RoleName=governed.name, **put)
        world.may_not(bot, "iam", "put_role_policy", RoleName=other.name, **put)


@check("G8", "a deny of all but reads on oneself keeps a role from freeing itself")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), may=allow("*"))
    itself = {"Effect": "Deny", "NotAction": ["iam:Get*", "iam:List*"], "Resource": role.arn}
    world.puts(role, itself)
    session = world.let_in(user, role)
    world.may(session, "iam", "get_role", RoleName=role.name)
    named = {"RoleName": role.name, "PolicyName": "put"}
    world.may_not(session, "iam", "delete_role_policy", **named)


@check("G9", "a call that says two things does what was judged, or nothing", Need.ENDPOINT)
def _(world: World) -> None:
    other = world.user()
    own = allow("iam:DeleteUser", world.grantee.arn("user/own*"))
    user = world.user(allow("iam:ListUsers"), own)
    forged = f"Action=DeleteUser&UserName={other.name}&Version=2010-05-08"
    judged = "Action=DeleteUser&UserName=own"
    key = other.keys.access_key_id
    world.grantee.iam.delete_access_key(UserName=other.name, AccessKeyId=key)
    for query, form in (
        ("Action=ListUsers", forged),
        ("", f"Action=&{forged}"),
        (judged, forged),
        ("", f"{judged}&UserName={other.name}"),
    ):
        world.same(True, world.place.signed(user.keys, query, form) >= 400)
    world.grantee.iam.get_user(UserName=other.name)
