"""C and E: multi-factor authentication, and the sessions of users."""

from tests.conformance.checks import check
from tests.conformance.documents import ASSUME, Condition, allow, trust
from tests.conformance.world import World

_WITH_MFA: Condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@check("C29", "a code of the user's own MFA device meets a trust that wants MFA, once")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root, _WITH_MFA))
    mfa = world.mfa(user)
    coded = world.coded(mfa)
    world.let_in(user, role, **coded)
    world.refused(user, role, **coded)
    world.let_in(user, role, **world.coded(mfa))


@check("C30", "a wrong code, and a code of someone else's MFA device, are refused")
def _(world: World) -> None:
    user, other = world.user(allow(ASSUME)), world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root, _WITH_MFA))
    coded = world.coded(world.mfa(user))
    wrong = f"{(int(coded['TokenCode']) + 1) % 10**6:06}"
    world.refused(user, role, **coded | {"TokenCode": wrong})
    world.refused(other, role, **coded)


@check("C31", "aws:MultiFactorAuthPresent is no key of long-lived keys, and false of a session's")
def _(world: World) -> None:
    absent: Condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root, absent))
    world.let_in(user, role)
    world.refused(world.token(user), role)


@check("C32", "a session token taken with MFA opens what wants MFA; a role's session does not")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root, _WITH_MFA))
    hub = world.role(trust(user.arn), account=world.grantee, may=allow(ASSUME))
    session = world.token(user, **world.coded(world.mfa(user)))
    world.let_in(session, role)
    world.refused(world.let_in(session, hub), role)


@check("E23", "a session token without MFA gets no answer of IAM, with MFA it does")
def _(world: World) -> None:
    user = world.user(allow("iam:ListRoles"))
    asked = {"code": "InvalidClientTokenId"}
    world.may_not(world.token(user), "iam", "list_roles", **asked)
    session = world.token(user, **world.coded(world.mfa(user)))
    world.may(session, "iam", "list_roles")


@check("E24", "with a user's session token one asks for no other session token")
def _(world: World) -> None:
    user = world.user(allow("*"))
    session = world.token(user)
    who = world.may(session, "sts", "get_caller_identity")
    world.same(user.arn, who["Arn"])
    world.may_not(session, "sts", "get_session_token")
    world.may_not(session, "sts", "get_federation_token", Name="someone")


@check("E25", "a role entered with a user's session token lasts an hour at most")
def _(world: World) -> None:
    user = world.user(allow(ASSUME))
    role = world.role(trust(world.grantee.root), MaxSessionDuration=12 * 3600)
    session = world.token(user)
    world.refused(session, role, code="ValidationError", DurationSeconds=2 * 3600)
    world.let_in(session, role, DurationSeconds=3600)
