"""B: whom a trust policy names."""

from sandbox.aws.partition import PARTITIONS
from tests.conformance.checks import Need, check
from tests.conformance.documents import ASSUME, allow, document, trust
from tests.conformance.world import World, fresh


@check("B1", "a trust for another account does not let in", Need.THIRD)
def _(world: World) -> None:
    world.refused(world.user(allow(ASSUME)), world.role(trust(world.third.root)))


@check("B2", "a trust for one user lets him in, and no other of his account")
def _(world: World) -> None:
    named, other = world.user(allow(ASSUME)), world.user(allow(ASSUME))
    role = world.role(trust(named.arn))
    world.let_in(named, role)
    world.refused(other, role)


@check("B3", "across accounts, a trust that names a user does not replace his own allow")
def _(world: World) -> None:
    user = world.user()
    world.refused(user, world.role(trust(user.arn)))


@check("B4", "in the same account, a trust that names a user suffices")
def _(world: World) -> None:
    user = world.user(account=world.owner)
    world.let_in(user, world.role(trust(user.arn)))


@check("B5", "in the same account, a trust for the account needs the user's own allow")
def _(world: World) -> None:
    world.refused(world.user(account=world.owner), world.role(trust(world.owner.root)))


@check("B6", "a deny in the trust beats its allow")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), trust(user.arn, effect="Deny"))
    world.refused(user, role)


@check("B7", "principals may be a list, or a bare account id")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    world.let_in(user, world.role(trust([world.owner.root, user.arn])))
    world.let_in(user, world.role(trust(world.grantee.id)))


@check("B8", "a statement put into the trust opens it, taken out of it closes it")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.owner.root))
    world.refused(user, role)
    world.trusts(role, trust(world.owner.root), trust(user.arn))
    world.let_in(user, role)
    world.trusts(role, trust(world.owner.root))
    world.refused(user, role)


@check("B9", "a role of one account assumes a role of another, whose session works there")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    hub = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME))
    role = world.role(trust(hub.arn), may=allow("iam:ListRoles"))
    session = world.let_in(world.let_in(user, hub), role)
    world.may(session, "iam", "list_roles")


@check("B10", "a namesake of a deleted user is not whom the trust named")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(user.arn))
    _delete(world, user.name)
    namesake = world.user(allow(ASSUME), name=user.name)
    world.refused(namesake, role)


@check("B11", "a trust tells the unique id of a user who was deleted, and his ARN before")
def _(world: World) -> None:
    user = world.user()
    role = world.role(trust(user.arn))
    world.same(user.arn, _principal(world, role.name))
    _delete(world, user.name)
    world.same(user.id, _principal(world, role.name))


@check("B12", "no document with the unique id of somebody gone is accepted")
def _(world: World) -> None:
    user = world.user()
    role = world.role(trust(user.arn))
    _delete(world, user.name)
    statements = [trust(user.id), trust(world.grantee.root)]
    asked = {"RoleName": role.name, "PolicyDocument": document(*statements)}
    world.fails(world.owner.iam.update_assume_role_policy, "MalformedPolicyDocument", **asked)


@check("B13", "a namesake of a deleted role is not whom the trust named")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    hub = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME))
    role = world.role(trust(hub.arn))
    world.let_in(world.let_in(user, hub), role)
    world.grantee.iam.delete_role_policy(RoleName=hub.name, PolicyName="may")
    world.grantee.iam.delete_role(RoleName=hub.name)
    namesake = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME), name=hub.name)
    world.refused(world.let_in(user, namesake), role)


@check("B14", "the unique id of somebody who is there is accepted, and told as his ARN")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(user.id))
    world.same(user.arn, _principal(world, role.name))
    world.let_in(user, role)


@check("B15", "the account's root itself may not assume a role", Need.ROOT)
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    world.refused(world.place.root_keys(world.grantee.id), role)


@check("H1", "a group as principal is refused, and the whole document with it")
def _(world: World) -> None:
    _refuses_principal(world, world.group().arn)


@check("H2", "a user who does not exist is refused as principal")
def _(world: World) -> None:
    _refuses_principal(world, world.grantee.arn(f"user/{fresh('nobody')}"))


@check("B16", "a wildcard inside of a principal's ARN is refused")
def _(world: World) -> None:
    _refuses_principal(world, world.grantee.arn("user/*"))


@check("B17", "NotPrincipal is refused in a trust policy")
def _(world: World) -> None:
    statement = trust(world.grantee.root, effect="Deny")
    statement["NotPrincipal"] = statement.pop("Principal")
    asked = {"RoleName": fresh("role"), "AssumeRolePolicyDocument": document(statement)}
    world.fails(world.owner.iam.create_role, "MalformedPolicyDocument", **asked)


@check("B18", "an account is no principal under the name of another partition")
def _(world: World) -> None:
    for name, other in PARTITIONS.items():
        if name != world.grantee.partition.name:
            _refuses_principal(world, other.arn("iam", world.grantee.id, "root"))


@check("B19", "a bare account id is told as the ARN of the account's root, and stays one elsewhere")
def _(world: World) -> None:
    account = world.grantee.id
    of_account = {"StringEquals": {"aws:PrincipalAccount": account}}
    role = world.role(trust(account, of_account))
    told = world.owner.iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = told["Statement"]
    world.same(
        [world.grantee.root, of_account], [statement["Principal"]["AWS"], statement["Condition"]]
    )
    world.let_in(world.user(allow(ASSUME)), role)


@check("B20", "an ARN in a condition stays what it was: a namesake of a deleted user meets it")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    his = {"ArnEquals": {"aws:PrincipalArn": user.arn}}
    role = world.role(trust([user.arn, world.grantee.root], his))
    world.let_in(user, role)
    _delete(world, user.name)
    told = world.owner.iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = told["Statement"]
    named = sorted(statement["Principal"]["AWS"])
    world.same([sorted([user.id, world.grantee.root]), his], [named, statement["Condition"]])
    world.let_in(world.user(allow(ASSUME), name=user.name), role)


def _refuses_principal(world: World, principal: str) -> None:
    statements = [trust(world.grantee.root), trust(principal)]
    asked = {"RoleName": fresh("role"), "AssumeRolePolicyDocument": document(*statements)}
    world.fails(world.owner.iam.create_role, "MalformedPolicyDocument", **asked)


def _principal(world: World, role_name: str) -> str:
    role = world.owner.iam.get_role(RoleName=role_name)["Role"]
    return str(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"])


def _delete(world: World, user_name: str) -> None:
    iam = world.grantee.iam
    for key in iam.list_access_keys(UserName=user_name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user_name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=user_name)["PolicyNames"]:
        iam.delete_user_policy(UserName=user_name, PolicyName=policy)
    iam.delete_user(UserName=user_name)
