"""C and D: conditions, in the trust and in the policies of the grantee's account."""

import json
from typing import Any

from tests.conformance.checks import Need, check
from tests.conformance.documents import ASSUME, ASSUME_AS, Condition, allow, before, deny, trust
from tests.conformance.world import User, World

_MINUTE = 60


def _tells_apart(world: World, user: User, good: Condition, bad: Condition, **asked: Any) -> None:
    """The good condition in a trust lets the user in, the bad one does not."""
    world.let_in(user, world.role(trust(world.grantee.root, good)), **asked)
    world.refused(user, world.role(trust(world.grantee.root, bad)), **asked)


@check("C1", "DateLessThan aws:CurrentTime: an end to come lets in, one gone by does not")
def _(world: World) -> None:
    ends = before(world.after(10 * _MINUTE)), before(world.after(-10 * _MINUTE))
    _tells_apart(world, world.user(allow(ASSUME)), *ends)


@check("C2", "DateGreaterThan aws:CurrentTime: a start gone by lets in, one to come does not")
def _(world: World) -> None:
    starts = [
        {"DateGreaterThan": {"aws:CurrentTime": world.after(seconds).isoformat()}}
        for seconds in (-10 * _MINUTE, 10 * _MINUTE)
    ]
    _tells_apart(world, world.user(allow(ASSUME)), *starts)


@check("C3", "a trust ends at its end, with no call in between", Need.CLOCK)
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root, before(world.after(_MINUTE))))
    world.let_in(user, role)
    world.move(_MINUTE)
    world.refused(user, role)


@check("C4", "ArnEquals aws:PrincipalArn")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    right, wrong = ({"ArnEquals": {"aws:PrincipalArn": user.arn + end}} for end in ("", "x"))
    _tells_apart(world, user, right, wrong)


@check("C5", "StringEquals aws:PrincipalArn with a list of values")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    right, wrong = ({"StringEquals": {"aws:PrincipalArn": ["x", arn]}} for arn in (user.arn, "y"))
    _tells_apart(world, user, right, wrong)


@check("C6", "StringEquals aws:username")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    right, wrong = ({"StringEquals": {"aws:username": name}} for name in (user.name, "else"))
    _tells_apart(world, user, right, wrong)


@check("C7", "StringEquals sts:RoleSessionName")
def _(world: World) -> None:
    right, wrong = ({"StringEquals": {"sts:RoleSessionName": name}} for name in ("sess", "else"))
    _tells_apart(world, world.user(allow(ASSUME)), right, wrong)


@check("C8", "sts:RoleSessionName equal to ${aws:username}: under one's own name only")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    own_name = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    role = world.role(trust(world.grantee.root, own_name))
    world.let_in(user, role, session=user.name)
    world.refused(user, role, session="other")


@check("C9", "sts:SourceIdentity: the right one lets in, a wrong one and none do not")
def _(world: World) -> None:
    user = world.user(allow(ASSUME_AS))
    identity = {"StringEquals": {"sts:SourceIdentity": "alice"}}
    role = world.role(trust(world.grantee.root, identity, ASSUME_AS))
    world.let_in(user, role, SourceIdentity="alice")
    world.refused(user, role, SourceIdentity="bob")
    world.refused(user, role)


@check("C10", "a source identity needs sts:SetSourceIdentity in the trust")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    world.refused(world.user(allow("sts:*")), role, SourceIdentity="alice")


@check("C11", "a source identity needs sts:SetSourceIdentity in the user's policy")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root, action=ASSUME_AS))
    world.refused(world.user(allow(ASSUME)), role, SourceIdentity="alice")


@check("C12", "a source identity is told in the answer and seen by the session's policies")
def _(world: World) -> None:
    as_alice = allow("iam:ListRoles", when={"StringEquals": {"aws:SourceIdentity": "alice"}})
    role = world.role(trust(world.grantee.root, action=ASSUME_AS), may=as_alice)
    user = world.user(allow(ASSUME_AS))
    asked = {"RoleArn": role.arn, "RoleSessionName": "sess", "SourceIdentity": "alice"}
    answer = world.may(user, "sts", "assume_role", **asked)
    world.same("alice", answer.get("SourceIdentity"))
    session = world.let_in(user, role, SourceIdentity="alice")
    world.may(session, "iam", "list_roles")


@check("C13", "sts:ExternalId: the right one lets in, a wrong one and none do not")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    external = {"StringEquals": {"sts:ExternalId": "x-1"}}
    role = world.role(trust(world.grantee.root, external))
    world.let_in(user, role, ExternalId="x-1")
    world.refused(user, role, ExternalId="x-2")
    world.refused(user, role)


@check("C14", "Bool aws:MultiFactorAuthPresent refuses without MFA")
def _(world: World) -> None:
    with_mfa: Condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    world.refused(world.user(allow(ASSUME)), world.role(trust(world.grantee.root, with_mfa)))


@check("C15", "principal * with aws:PrincipalArn lets in that one only")
def _(world: World) -> None:
    named, other = world.user(allow(ASSUME)), world.user(allow(ASSUME))
    role = world.role(trust("*", {"ArnEquals": {"aws:PrincipalArn": named.arn}}))
    world.let_in(named, role)
    world.refused(other, role)


@check("C16", "two operators must both hold")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    name: Condition = {"StringEquals": {"aws:username": user.name}}
    ends = before(world.after(5 * _MINUTE)), before(world.after(-5 * _MINUTE))
    _tells_apart(world, user, name | ends[0], name | ends[1])


@check("C17", "a deny with StringNotEquals aws:username leaves one")
def _(world: World) -> None:
    left, other = world.user(allow(ASSUME)), world.user(allow(ASSUME))
    but_him = {"StringNotEquals": {"aws:username": left.name}}
    role = world.role(trust(world.grantee.root), trust("*", but_him, effect="Deny"))
    world.let_in(left, role)
    world.refused(other, role)


@check("C18", "aws:PrincipalTag and aws:PrincipalAccount are known, another's organization is not")
def _(world: World) -> None:
    user = world.user(allow(ASSUME), Tags=[{"Key": "team", "Value": "data"}])
    for key, value in (
        ("aws:PrincipalTag/team", "data"),
        ("aws:PrincipalAccount", user.account.id),
    ):
        world.let_in(user, world.role(trust(world.grantee.root, {"StringEquals": {key: value}})))
    elsewhere = {"StringEquals": {"aws:PrincipalOrgID": "o-xacct12345"}}
    world.refused(user, world.role(trust(world.grantee.root, elsewhere)))


@check("C19", "a key that the request does not have refuses")
def _(world: World) -> None:
    vpc: Condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    world.refused(world.user(allow(ASSUME)), world.role(trust(world.grantee.root, vpc)))


@check("C20", "sts:DurationSeconds is no key of AssumeRole: a trust that asks for it refuses")
def _(world: World) -> None:
    short: Condition = {"NumericLessThanEquals": {"sts:DurationSeconds": "3600"}}
    role = world.role(trust(world.grantee.root, short))
    world.refused(world.user(allow(ASSUME)), role, DurationSeconds=900)


@check("C21", "IpAddress aws:SourceIp: everywhere lets in, a private network does not")
def _(world: World) -> None:
    everywhere, elsewhere = (
        {"IpAddress": {"aws:SourceIp": network}}
        for network in (["0.0.0.0/0", "::/0"], ["198.51.100.0/24"])
    )
    _tells_apart(world, world.user(allow(ASSUME)), everywhere, elsewhere)


@check("C22", "aws:userid of an IAM user is his unique id")
def _(world: World) -> None:
    user, other = world.user(allow(ASSUME)), world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root, {"StringEquals": {"aws:userid": [user.id]}}))
    world.let_in(user, role)
    world.refused(other, role)


@check("C23", "aws:userid of a role's session is the role's unique id and the session's name")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    machine = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME))
    named = {"StringEquals": {"aws:userid": f"{machine.id}:worker"}}
    role = world.role(trust(world.grantee.root, named))
    world.let_in(world.let_in(user, machine, session="worker"), role)
    world.refused(world.let_in(user, machine, session="other"), role)


@check("C24", "without version 2012-10-17, ${aws:username} is no variable")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root))
    own_name = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    plain = trust(world.grantee.root, own_name)
    text = json.dumps({"Statement": [plain]})
    world.owner.iam.update_assume_role_policy(RoleName=role.name, PolicyDocument=text)
    world.refused(user, role, session=user.name)


@check("C25", "StringNotEquals holds where the key is absent")
def _(world: World) -> None:
    absent: Condition = {"StringNotEquals": {"aws:PrincipalTag/team": "data"}}
    world.let_in(world.user(allow(ASSUME)), world.role(trust(world.grantee.root, absent)))


@check("C26", "an unknown operator is refused when it is written")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    unknown = json.dumps(
        {"Version": "2012-10-17", "Statement": [trust("*", {"StringSame": {"aws:username": "x"}})]}
    )
    asked = {"RoleName": role.name, "PolicyDocument": unknown}
    world.fails(world.owner.iam.update_assume_role_policy, "MalformedPolicyDocument", **asked)


@check("C27", "in the same account too, a source identity needs sts:SetSourceIdentity in the trust")
def _(world: World) -> None:
    user = world.user(allow("sts:*"), account=world.owner)
    role = world.role(trust(world.owner.root))
    world.let_in(user, role)
    world.refused(user, role, SourceIdentity="alice")
    world.trusts(role, trust(world.owner.root, action=ASSUME_AS))
    world.let_in(user, role, SourceIdentity="alice")


@check("C28", "who has no aws:username is not let in where his session must bear it")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    machine = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME))
    own_name = {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    role = world.role(trust(world.grantee.root, own_name))
    session = world.let_in(user, machine, session="worker")
    world.refused(session, role, session="worker")


@check("D1", "a group's allow with an end: to come lets in, gone by does not")
def _(world: World) -> None:
    for seconds, lets_in in ((10 * _MINUTE, True), (-10 * _MINUTE, False)):
        user, role = world.user(), world.role(trust(world.grantee.root))
        world.join(world.group(allow(ASSUME, role.arn, before(world.after(seconds)))), user)
        if lets_in:
            world.let_in(user, role)
        else:
            world.refused(user, role)


@check("D2", "a deny whose condition does not hold denies nothing")
def _(world: World) -> None:
    role = world.role(trust(world.grantee.root))
    over, to_come = before(world.after(-10 * _MINUTE)), before(world.after(10 * _MINUTE))
    world.let_in(world.user(allow(ASSUME), deny(ASSUME, role.arn, over)), role)
    world.refused(world.user(allow(ASSUME), deny(ASSUME, role.arn, to_come)), role)


@check("D3", "a user's boundary without sts:AssumeRole refuses")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    world.grantee.iam.put_user_permissions_boundary(
        UserName=user.name, PermissionsBoundary=world.policy(allow("s3:*"))
    )
    world.refused(user, role)


@check("D4", "sts:RoleSessionName is seen by the user's own policy")
def _(world: World) -> None:
    named = {"StringEquals": {"sts:RoleSessionName": "sess"}}
    user, role = world.user(allow(ASSUME, when=named)), world.role(trust(world.grantee.root))
    world.let_in(user, role, session="sess")
    world.refused(user, role, session="other")


@check("D5", "${aws:username} in a Resource is one's own")
def _(world: World) -> None:
    own = allow("iam:GetUser", world.grantee.arn("user/${aws:username}"))
    user, other = world.user(own), world.user()
    world.same(user.arn, world.may(user, "iam", "get_user", UserName=user.name)["User"]["Arn"])
    world.may_not(user, "iam", "get_user", UserName=other.name)
    world.same(user.name, world.may(user, "iam", "get_user")["User"]["UserName"])
