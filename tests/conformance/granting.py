"""A: the way a grant goes, through groups and policies of the grantee's account."""

from tests.conformance.checks import Need, check
from tests.conformance.documents import ASSUME, allow, deny, trust
from tests.conformance.world import World


@check("A1", "a trusted account's user without a policy is refused")
def _(world: World) -> None:
    world.refused(world.user(), world.role(trust(world.grantee.root)))


@check("A2", "a group's inline allow lets its member in, until he leaves it")
def _(world: World) -> None:
    user, role = world.user(), world.role(trust(world.grantee.root))
    group = world.group(allow(ASSUME, role.arn))
    world.refused(user, role)
    world.join(group, user)
    world.let_in(user, role)
    world.leave(group, user)
    world.refused(user, role)


@check("A3", "a group's managed policy lets its member in, until it is detached")
def _(world: World) -> None:
    user, role, group = world.user(), world.role(trust(world.grantee.root)), world.group()
    policy = world.policy(allow(ASSUME, role.arn))
    world.grantee.iam.attach_group_policy(GroupName=group.name, PolicyArn=policy)
    world.join(group, user)
    world.let_in(user, role)
    world.grantee.iam.detach_group_policy(GroupName=group.name, PolicyArn=policy)
    world.refused(user, role)


@check("A4", "a deny group beats an allow group; leaving it opens, joining it again closes")
def _(world: World) -> None:
    user, role = world.user(), world.role(trust(world.grantee.root))
    allowing, denying = world.group(allow(ASSUME, role.arn)), world.group(deny(ASSUME, role.arn))
    world.join(allowing, user)
    world.join(denying, user)
    world.refused(user, role)
    world.leave(denying, user)
    world.let_in(user, role)
    world.join(denying, user)
    world.refused(user, role)


@check("A5", "a deny in a group's managed policy beats the user's own allow")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    group = world.group()
    policy = world.policy(deny("sts:*"))
    world.grantee.iam.attach_group_policy(GroupName=group.name, PolicyArn=policy)
    world.let_in(user, role)
    world.join(group, user)
    world.refused(user, role)


@check("A6", "an allow for one role is none for another")
def _(world: World) -> None:
    named, other = world.role(trust(world.grantee.root)), world.role(trust(world.grantee.root))
    user = world.user(allow(ASSUME, named.arn))
    world.let_in(user, named)
    world.refused(user, other)


@check("A7", "roles of two owner accounts are granted each on its own", Need.THIRD)
def _(world: World) -> None:
    second = world.role(trust(world.grantee.root))
    third = world.role(trust(world.grantee.root), account=world.third)
    user = world.user(allow(ASSUME, third.arn))
    world.refused(user, second)
    session = world.let_in(user, third)
    who = world.may(session, "sts", "get_caller_identity")
    world.same(world.third.id, who["Account"])


@check("A8", "an allow on a path covers the roles there, and no RoleArn with a made-up path")
def _(world: World) -> None:
    user = world.user(allow(ASSUME, world.owner.arn("role/xacct-open/*")))
    there = world.role(trust(world.grantee.root), Path="/xacct-open/")
    elsewhere = world.role(trust(world.grantee.root))
    world.let_in(user, there)
    world.refused(user, elsewhere)
    made_up = world.owner.arn(f"role/xacct-open/{elsewhere.name}")
    asked = {"RoleArn": made_up, "RoleSessionName": "sess"}
    world.may_not(user, "sts", "assume_role", **asked)
