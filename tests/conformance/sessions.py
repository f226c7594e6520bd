"""E: sessions: whom they are, what limits them, how they end."""

import dataclasses
from typing import Any

from sandbox.aws.clients import Keys
from tests.conformance.checks import Need, check
from tests.conformance.documents import (
    ASSUME,
    Statement,
    allow,
    before,
    deny,
    document,
    since,
    stamp,
    trust,
)
from tests.conformance.world import DENIED, Role, User, World

_LIST = allow("iam:ListRoles")
_HOUR = 3600


def _session(world: World, may: Statement | None = _LIST, **asked: Any) -> tuple[User, Role, Keys]:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), may=may)
    return user, role, world.let_in(user, role, **asked)


@check("E1", "a session acts in the role's account, under the role's and the session's name")
def _(world: World) -> None:
    _, role, session = _session(world, None)
    who = world.may(session, "sts", "get_caller_identity")
    arn = world.owner.arn(f"assumed-role/{role.name}/sess", "sts")
    world.same([world.owner.id, arn], [who["Account"], who["Arn"]])


@check("E2", "a session sees what is in the role's account, and may what the role may")
def _(world: World) -> None:
    _, role, session = _session(world)
    roles = world.may(session, "iam", "list_roles", MaxItems=1000)["Roles"]
    world.same(True, role.name in [each["RoleName"] for each in roles])
    world.may_not(session, "iam", "list_users")


@check("E3", "a session lists a bucket of the role's account; the user's own keys do not")
def _(world: World) -> None:
    bucket = world.bucket(world.owner)
    user, _, session = _session(world, allow(["s3:ListBucket", "s3:ListAllMyBuckets"]))
    world.may(session, "s3", "list_objects_v2", Bucket=bucket)
    world.may_not(user, "s3", "list_objects_v2", Bucket=bucket)


@check("E4", "a deny on aws:TokenIssueTime ends the sessions issued before", Need.CLOCK)
def _(world: World) -> None:
    _, role, session = _session(world)
    world.may(session, "iam", "list_roles")
    world.move(5)
    world.puts(role, deny("*", when=_issued_before(world)))
    world.may_not(session, "iam", "list_roles")


@check("E5", "a deny on aws:TokenIssueTime leaves sessions issued afterwards", Need.CLOCK)
def _(world: World) -> None:
    user, role, _ = _session(world)
    world.puts(role, deny("*", when=_issued_before(world)))
    world.move(5)
    world.may(world.let_in(user, role), "iam", "list_roles")


@check("E6", "long-lived keys have no aws:TokenIssueTime")
def _(world: World) -> None:
    issued = {"DateLessThan": {"aws:TokenIssueTime": stamp(world.after(600))}}
    user = world.user(_LIST, deny("*", when=issued))
    world.may(user, "iam", "list_roles")


@check("E7", "a deny on aws:userid ends one session by its name, and no other")
def _(world: World) -> None:
    user, role, alice = _session(world, session="alice")
    bob = world.let_in(user, role, session="bob")
    world.puts(role, deny("*", when={"StringEquals": {"aws:userid": f"{role.id}:alice"}}))
    world.may_not(alice, "iam", "list_roles")
    world.may(bob, "iam", "list_roles")


@check("E8", "a session policy narrows what the role may")
def _(world: World) -> None:
    _, _, session = _session(world, allow("iam:*"), Policy=document(_LIST))
    world.may(session, "iam", "list_roles")
    world.may_not(session, "iam", "list_users")


@check("E9", "taking the grant away does not end a session")
def _(world: World) -> None:
    user, role = world.user(), world.role(trust(world.grantee.root), may=_LIST)
    group = world.group(allow(ASSUME, role.arn))
    world.join(group, user)
    session = world.let_in(user, role)
    world.leave(group, user)
    world.trusts(role, trust(world.owner.root))
    world.refused(user, role)
    world.may(session, "iam", "list_roles")


@check("E10", "a tampered session token is refused")
def _(world: World) -> None:
    _, _, session = _session(world)
    token = f"{str(session.session_token)[:-6]}AAAAAA"
    tampered = dataclasses.replace(session, session_token=token)
    world.may_not(tampered, "iam", "list_roles", code="InvalidClientTokenId")


@check("E11", "a session longer than the role's maximum is refused")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role, long = (
        world.role(trust(world.grantee.root), MaxSessionDuration=hours * _HOUR) for hours in (1, 12)
    )
    world.refused(user, role, code="ValidationError", DurationSeconds=2 * _HOUR)
    world.let_in(user, long, DurationSeconds=12 * _HOUR)


@check("E12", "aws:PrincipalArn of a session is the role's ARN, path included")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), may=_LIST, Path="/xacct-path/")
    session = world.let_in(user, role)
    world.may(session, "iam", "list_roles")
    world.puts(role, deny("*", when={"ArnEquals": {"aws:PrincipalArn": role.arn}}))
    world.may_not(session, "iam", "list_roles")


@check("E13", "a session taken with a session's keys lasts an hour at most")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    hub = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME))
    role = world.role(trust(world.grantee.root), MaxSessionDuration=12 * _HOUR)
    chained = world.let_in(user, hub)
    world.refused(chained, role, code="ValidationError", DurationSeconds=2 * _HOUR)
    world.let_in(chained, role, DurationSeconds=_HOUR)


@check("E14", "a session ends by itself: ExpiredToken", Need.CLOCK)
def _(world: World) -> None:
    _, _, session = _session(world, DurationSeconds=900)
    world.move(899)
    world.may(session, "iam", "list_roles")
    world.move(2)
    _session(world)  # a new one does not take the place of the old
    world.may_not(session, "iam", "list_roles", code="ExpiredToken")


@check("E15", "a deny on aws:userid from a date on ends that session then", Need.CLOCK)
def _(world: World) -> None:
    user, role, alice = _session(world, session="alice")
    bob = world.let_in(user, role, session="bob")
    named = {"StringEquals": {"aws:userid": [f"{role.id}:alice"]}}
    world.puts(role, deny("*", when=named | since(world.after(60))))
    world.may(alice, "iam", "list_roles")
    world.move(61)
    world.may_not(alice, "iam", "list_roles")
    world.may(bob, "iam", "list_roles")


@check("E16", "a deny on aws:userid from a past date on ends that session now")
def _(world: World) -> None:
    _, role, session = _session(world, session="alice")
    named = {"StringEquals": {"aws:userid": [f"{role.id}:alice"]}}
    world.puts(role, deny("*", when=named | since(world.after(-300))))
    world.may_not(session, "iam", "list_roles")


@check("E17", "a session policy with an end refuses everything after it: the fence", Need.CLOCK)
def _(world: World) -> None:
    fence = document(allow("*", when=before(world.after(90))))
    _, _, session = _session(world, Policy=fence)
    world.may(session, "iam", "list_roles")
    world.move(91)
    world.may_not(session, "iam", "list_roles")


@check("E18", "a session policy with an end gone by refuses everything")
def _(world: World) -> None:
    _, _, session = _session(world, Policy=document(allow("*", when=before(world.after(-90)))))
    world.may_not(session, "iam", "list_roles")


@check("E19", "a role's boundary caps its sessions")
def _(world: World) -> None:
    boundary = world.policy(_LIST, account=world.owner)
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), may=allow("iam:*"), PermissionsBoundary=boundary)
    session = world.let_in(user, role)
    world.may(session, "iam", "list_roles")
    world.may_not(session, "iam", "list_users")


@check("E20", "a session policy never gives what the role may not")
def _(world: World) -> None:
    _, _, session = _session(world, None, Policy=document(allow("*")))
    world.may_not(session, "iam", "list_roles", code=DENIED)


@check("E21", "lowering the role's maximum does not shorten a session", Need.CLOCK)
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), may=_LIST, MaxSessionDuration=12 * _HOUR)
    session = world.let_in(user, role, DurationSeconds=12 * _HOUR)
    world.owner.iam.update_role(RoleName=role.name, MaxSessionDuration=_HOUR)
    world.move(2 * _HOUR)
    world.may(session, "iam", "list_roles")


@check("E22", "the Date of an answer and the end of a session follow the clock", Need.CLOCK)
def _(world: World) -> None:
    user, role, _ = _session(world)
    world.move(_HOUR)
    asked = {"RoleArn": role.arn, "RoleSessionName": "sess", "DurationSeconds": 900}
    answer = world.may(user, "sts", "assume_role", **asked)
    told = world.dated(answer)
    world.same(True, abs((told - world.now()).total_seconds()) < 5)
    end = answer["Credentials"]["Expiration"]
    world.same(True, abs((end - world.after(900)).total_seconds()) < 5)


def _issued_before(world: World) -> dict[str, dict[str, str]]:
    return {"DateLessThan": {"aws:TokenIssueTime": stamp(world.now())}}
