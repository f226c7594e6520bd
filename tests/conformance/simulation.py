"""H: simulations of users and roles: whose policies count, and what is told of them."""

from typing import Any

from tests.conformance.checks import check
from tests.conformance.documents import ASSUME, allow, before, deny, document, stamp, trust
from tests.conformance.world import World

_MINUTE = 60


@check("H30", "a simulation names the policies that allow, and of those that deny only these")
def _(world: World) -> None:
    user, group = world.user(allow(ASSUME)), world.group()
    world.join(group, user)
    allowed = _simulated(world, user.arn)
    world.same(["allowed", [f"user_{user.name}_inline"]], [allowed["EvalDecision"], _by(allowed)])
    managed = world.policy(deny(ASSUME))
    iam = world.grantee.iam
    iam.attach_group_policy(GroupName=group.name, PolicyArn=managed)
    named = {"GroupName": group.name, "PolicyName": "no"}
    iam.put_group_policy(**named, PolicyDocument=document(deny("sts:*")))
    denied = _simulated(world, user.arn)
    by = sorted((f"group_{group.name}_no", managed.rpartition("/")[2]))
    world.same(["explicitDeny", by], [denied["EvalDecision"], sorted(_by(denied))])


@check("H31", "a simulation of a role counts its policies and its boundary")
def _(world: World) -> None:
    boundary = world.policy(allow("iam:*"))
    role = world.role(
        trust(world.grantee.root), account=world.grantee, may=allow(["iam:GetUser", ASSUME])
    )
    world.same("allowed", _simulated(world, role.arn)["EvalDecision"])
    world.grantee.iam.put_role_permissions_boundary(
        RoleName=role.name, PermissionsBoundary=boundary
    )
    for action, decision, inside in (
        ("iam:GetUser", "allowed", True),
        (ASSUME, "implicitDeny", False),
        ("iam:GetRole", "implicitDeny", True),
    ):
        found = _simulated(world, role.arn, ActionNames=[action])
        detail = found["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"]
        world.same([decision, inside], [found["EvalDecision"], detail])
    world.grantee.iam.delete_role_permissions_boundary(RoleName=role.name)


@check("H32", "ContextEntries say who comes when: aws:userid, aws:username and aws:CurrentTime")
def _(world: World) -> None:
    user = world.user()
    for key, right in (("aws:userid", user.id), ("aws:username", user.name)):
        _puts(world, user.name, allow(ASSUME, when={"StringEquals": {key: right}}))
        for value, decision in ((right, "allowed"), ("else", "implicitDeny")):
            found = _simulated(world, user.arn, ContextEntries=[_entry(key, value)])
            world.same([decision, []], [found["EvalDecision"], found["MissingContextValues"]])
    _puts(world, user.name, allow(ASSUME, when=before(world.now())))
    for seconds, decision in ((-10 * _MINUTE, "allowed"), (10 * _MINUTE, "implicitDeny")):
        entry = _entry("aws:CurrentTime", stamp(world.after(seconds)), "date")
        found = _simulated(world, user.arn, ContextEntries=[entry])
        world.same(decision, found["EvalDecision"])


@check("H33", "a condition key that nobody gave is not met, and is told as missing")
def _(world: World) -> None:
    vpc = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    user = world.user(allow(ASSUME, when=vpc))
    found = _simulated(world, user.arn)
    world.same("implicitDeny", found["EvalDecision"])
    world.same(["aws:SourceVpc"], found["MissingContextValues"])
    given = _simulated(world, user.arn, ContextEntries=[_entry("aws:SourceVpc", "vpc-1")])
    world.same(["allowed", []], [given["EvalDecision"], given["MissingContextValues"]])


@check("H34", "who may simulate one user may not simulate another: judged on his ARN")
def _(world: World) -> None:
    user, other = world.user(allow(ASSUME)), world.user()
    bot = world.user(allow("iam:SimulatePrincipalPolicy", user.arn))
    call, asked = "simulate_principal_policy", [ASSUME]
    world.may(bot, "iam", call, PolicySourceArn=user.arn, ActionNames=asked)
    world.may_not(bot, "iam", call, PolicySourceArn=other.arn, ActionNames=asked)
    world.may_not(other, "iam", call, PolicySourceArn=user.arn, ActionNames=asked)


@check("H35", "several resources: one result an action, the strictest, and each one's own below it")
def _(world: World) -> None:
    one, other = (world.owner.arn(f"role/{name}") for name in ("one", "other"))
    user = world.user(allow(ASSUME, one))
    asked = {"ActionNames": [ASSUME, "sts:TagSession"], "ResourceArns": [one, other]}
    told = world.grantee.iam.simulate_principal_policy(PolicySourceArn=user.arn, **asked)
    first, second = told["EvaluationResults"]
    world.same([ASSUME, "sts:TagSession"], [first["EvalActionName"], second["EvalActionName"]])
    world.same("implicitDeny", first["EvalDecision"])
    specific = {
        each["EvalResourceName"]: each["EvalResourceDecision"]
        for each in first["ResourceSpecificResults"]
    }
    world.same({one: "allowed", other: "implicitDeny"}, specific)


@check("H36", "a simulation of who is not there: NoSuchEntity; of a group: its own policies")
def _(world: World) -> None:
    group = world.group(allow(ASSUME))
    world.same("allowed", _simulated(world, group.arn)["EvalDecision"])
    asked = {"PolicySourceArn": world.grantee.arn("user/nobody-here"), "ActionNames": [ASSUME]}
    world.fails(world.grantee.iam.simulate_principal_policy, "NoSuchEntity", **asked)


def _simulated(world: World, arn: str, **asked: Any) -> dict[str, Any]:
    asked = {"PolicySourceArn": arn, "ActionNames": [ASSUME], **asked}
    (result,) = world.grantee.iam.simulate_principal_policy(**asked)["EvaluationResults"]
    return dict(result)


def _by(result: dict[str, Any]) -> list[str]:
    return [each["SourcePolicyId"] for each in result["MatchedStatements"]]


def _entry(key: str, value: str, kind: str = "string") -> dict[str, Any]:
    return {"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": [value]}


def _puts(world: World, user_name: str, statement: dict[str, Any]) -> None:
    world.grantee.iam.put_user_policy(
        UserName=user_name, PolicyName="put", PolicyDocument=document(statement)
    )
