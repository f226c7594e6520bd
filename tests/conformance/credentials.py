"""F: credentials: what is in none is refused."""

import dataclasses

from sandbox.aws.clients import Keys
from tests.conformance.checks import Need, check
from tests.conformance.documents import ASSUME, allow, deny, trust
from tests.conformance.world import World, fresh


@check("F1", "a wrong secret: SignatureDoesNotMatch")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    wrong = dataclasses.replace(user.keys, secret_access_key="x" * 40)
    world.refused(wrong, role, code="SignatureDoesNotMatch")


@check("F2", "an inactive, a deleted and an unknown key: InvalidClientTokenId")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    key = {"UserName": user.name, "AccessKeyId": user.keys.access_key_id}
    world.grantee.iam.update_access_key(**key, Status="Inactive")
    world.refused(user, role, code="InvalidClientTokenId")
    world.grantee.iam.delete_access_key(**key)
    world.refused(user, role, code="InvalidClientTokenId")
    unknown = Keys("AKIAABCDEFGHIJKLMNOP", "x" * 40)
    world.refused(unknown, role, code="InvalidClientTokenId")


@check("F3", "GetCallerIdentity answers even who is denied everything")
def _(world: World) -> None:
    user = world.user(deny("*"))
    who = world.may(user, "sts", "get_caller_identity")
    world.same([world.grantee.id, user.arn], [who["Account"], who["Arn"]])


@check("F4", "a key acts in its own account, whoever has the same name elsewhere")
def _(world: World) -> None:
    user = world.user(allow("iam:*"), name=fresh("user"))
    world.user(account=world.owner, name=user.name)
    found = world.may(user, "iam", "get_user", UserName=user.name)
    world.same(user.arn, found["User"]["Arn"])


@check("F5", "a wrong secret of an account's root is refused", Need.ROOT)
def _(world: World) -> None:
    wrong = Keys(world.owner.id, "wrong")
    world.may_not(wrong, "iam", "list_users", code="SignatureDoesNotMatch")


@check("F6", "a request without a signature is refused", Need.ENDPOINT)
def _(world: World) -> None:
    world.same(403, world.place.signed(None, "", "Action=ListUsers&Version=2010-05-08"))


@check("F7", "an access key of someone else cannot be deleted under one's own name")
def _(world: World) -> None:
    user = world.user(allow("iam:DeleteAccessKey", world.grantee.arn("user/${aws:username}")))
    other = world.user(allow(ASSUME))
    key = other.keys.access_key_id
    asked = {"UserName": user.name, "AccessKeyId": key}
    world.may_not(user, "iam", "delete_access_key", code="NoSuchEntity", **asked)
    world.may(other, "sts", "get_caller_identity")
