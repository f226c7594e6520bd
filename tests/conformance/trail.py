"""H: CloudTrail: which calls it tells, under which names, and whose they were."""

import json
from datetime import datetime, timedelta
from typing import Any

from tests.conformance.checks import check
from tests.conformance.documents import ASSUME, ASSUME_AS, allow, document, trust
from tests.conformance.world import Role, User, World, keys_of

_WRITE = "UpdateAssumeRolePolicy"


@check("H10", "CloudTrail tells a written trust by its name: who wrote it, when, and which text")
def _(world: World) -> None:
    role = world.role(trust(world.owner.root))
    writer = world.user(allow("iam:*"), account=world.owner)
    text = document(trust(world.grantee.root))
    asked = {"RoleName": role.name, "PolicyDocument": text}
    world.may(writer, "iam", "update_assume_role_policy", **asked)
    event = world.told(world.owner, "ResourceName", role.name, _WRITE)
    world.same([writer.name, "false"], [event["Username"], event["ReadOnly"]])
    world.same("iam.amazonaws.com", event["EventSource"])
    world.same(True, abs(event["EventTime"] - world.now()) < timedelta(minutes=25))
    world.same(True, ("AWS::IAM::Role", role.name) in _resources(event))
    record = event["CloudTrailEvent"]
    world.same({"roleName": role.name, "policyDocument": text}, record["requestParameters"])
    world.same([None, world.owner.id], [record["responseElements"], record["recipientAccountId"]])
    _is_user(world, record["userIdentity"], writer)


@check("H24", "an assumed role is told to both accounts; the role's hears of the user by his id")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    session = world.let_in(user, role)
    key = session.access_key_id
    sent = world.told(world.grantee, "AccessKeyId", user.keys.access_key_id, "AssumeRole")
    got = world.told(world.owner, "ResourceName", role.arn, "AssumeRole")
    ours, theirs = sent["CloudTrailEvent"], got["CloudTrailEvent"]
    world.same(ours["sharedEventID"], theirs["sharedEventID"])
    _is_user(world, ours["userIdentity"], user)
    stranger = {"type": "AWSAccount", "principalId": user.id, "accountId": user.account.id}
    world.same(stranger, theirs["userIdentity"])
    asked = {"roleArn": role.arn, "roleSessionName": "sess"}
    world.same([asked, asked], [ours["requestParameters"], theirs["requestParameters"]])
    world.same(key, theirs["responseElements"]["credentials"]["accessKeyId"])
    world.same(True, ("AWS::IAM::AccessKey", key) in _resources(got))


@check("H25", "a call that is refused is told with code and message, to the caller's account only")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.owner.root))
    world.refused(user, role)
    event = world.told(world.grantee, "Username", user.name, "AssumeRole")
    record = event["CloudTrailEvent"]
    world.same(["AccessDenied", None], [record["errorCode"], record["responseElements"]])
    world.same(True, role.arn in record["errorMessage"])
    world.may(user, "sts", "get_caller_identity")
    world.told(world.grantee, "Username", user.name, "GetCallerIdentity")
    about = [{"AttributeKey": "ResourceName", "AttributeValue": role.arn}]
    world.same([], world.owner.cloudtrail.lookup_events(LookupAttributes=about)["Events"])


@check("H26", "a role's session is told under its name, with the role; objects it reads are not")
def _(world: World) -> None:
    bucket = world.bucket(world.owner)
    user, role = world.user(allow(ASSUME_AS)), _bucket_role(world)
    session = world.let_in(user, role, session="alice", SourceIdentity="ann")
    s3 = world.place.client("s3", keys_of(session))
    s3.put_object(Bucket=bucket, Key="report", Body=b"x")
    s3.get_object(Bucket=bucket, Key="report")
    s3.delete_object(Bucket=bucket, Key="report")
    s3.list_objects_v2(Bucket=bucket)
    s3.get_bucket_location(Bucket=bucket)
    key = session.access_key_id
    event = world.told(world.owner, "AccessKeyId", key, "GetBucketLocation")
    world.same(["alice", "true"], [event["Username"], event["ReadOnly"]])
    identity = event["CloudTrailEvent"]["userIdentity"]
    world.same(["AssumedRole", f"{role.id}:alice"], [identity["type"], identity["principalId"]])
    context = identity["sessionContext"]
    issuer = context["sessionIssuer"]
    world.same([role.arn, role.id], [issuer["arn"], issuer["principalId"]])
    world.same("false", context["attributes"]["mfaAuthenticated"])
    world.same("ann", context["sourceIdentity"])
    by_key = [{"AttributeKey": "AccessKeyId", "AttributeValue": key}]
    told = world.owner.cloudtrail.lookup_events(LookupAttributes=by_key)["Events"]
    world.same(["GetBucketLocation"], [each["EventName"] for each in told])


@check("H27", "LookupEvents needs its permission, one attribute at most and a time that runs on")
def _(world: World) -> None:
    asked = {"LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": _WRITE}]}
    world.may_not(world.user(allow("iam:*")), "cloudtrail", "lookup_events", code=_DENIED, **asked)
    reader = world.user(allow("cloudtrail:LookupEvents"))
    world.may(reader, "cloudtrail", "lookup_events", **asked)
    look = world.place.client("cloudtrail", reader.keys).lookup_events
    twice = {"LookupAttributes": asked["LookupAttributes"] * 2}
    world.fails(look, "InvalidLookupAttributesException", **twice)
    times = {"StartTime": world.now(), "EndTime": world.after(-60)}
    world.fails(look, "InvalidTimeRangeException", **times)
    world.fails(look, "InvalidNextTokenException", NextToken="x")


@check("H28", "events come newest first, page by page; a token goes with what it was asked with")
def _(world: World) -> None:
    user = world.user()
    for _ in range(3):
        world.may(user, "sts", "get_caller_identity")
    world.told(world.grantee, "Username", user.name, "GetCallerIdentity")
    by_user = [{"AttributeKey": "Username", "AttributeValue": user.name}]
    look = world.grantee.cloudtrail.lookup_events
    first = look(LookupAttributes=by_user, MaxResults=2)
    second = look(LookupAttributes=by_user, MaxResults=2, NextToken=first["NextToken"])
    found = first["Events"] + second["Events"]
    world.same([3, 3], [len(found), len({event["EventId"] for event in found})])
    times = [event["EventTime"] for event in found]
    world.same(sorted(times, reverse=True), times)
    asked = {"MaxResults": 2, "NextToken": first["NextToken"]}
    world.fails(look, "InvalidNextTokenException", **asked)


@check("H40", "an AssumeRole is found by role id and session name, with the key that came of it")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    session, other = world.let_in(user, role, "alice"), world.let_in(user, role, "alice2")
    event = world.told(world.owner, "ResourceName", f"{role.id}:alice", "AssumeRole")
    made = event["CloudTrailEvent"]["responseElements"]
    world.same(f"{role.id}:alice", made["assumedRoleUser"]["assumedRoleId"])
    world.same(session.access_key_id, made["credentials"]["accessKeyId"])
    theirs = world.told(world.owner, "ResourceName", f"{role.id}:alice2", "AssumeRole")
    made = theirs["CloudTrailEvent"]["responseElements"]
    world.same(other.access_key_id, made["credentials"]["accessKeyId"])


@check("H41", "what a session is refused is told under its name, with its key and its beginning")
def _(world: World) -> None:
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root))
    session = world.let_in(user, role, "alice")
    world.may_not(session, "iam", "create_user", UserName="eve")
    event = world.told(world.owner, "AccessKeyId", session.access_key_id, "CreateUser")
    record = event["CloudTrailEvent"]
    world.same(["AccessDenied", "alice"], [record["errorCode"], event["Username"]])
    identity = record["userIdentity"]
    world.same(f"{role.id}:alice", identity["principalId"])
    began = datetime.fromisoformat(identity["sessionContext"]["attributes"]["creationDate"])
    world.same(True, timedelta(0) <= event["EventTime"] - began < timedelta(minutes=25))
    world.same(False, record["readOnly"])


@check("H42", "a role that a session goes on into is told under its name, and no more of it")
def _(world: World) -> None:
    bucket = world.bucket(world.owner)
    user, role = world.user(allow(ASSUME)), world.role(trust(world.grantee.root), may=allow("*"))
    onward = world.role(trust(role.arn), may=allow("s3:*"))
    session = world.let_in(user, role, "alice")
    beyond = world.let_in(session, onward, "beyond")
    world.may(beyond, "s3", "get_bucket_location", Bucket=bucket)
    key = session.access_key_id
    event = world.told(world.owner, "AccessKeyId", key, "AssumeRole")
    record = event["CloudTrailEvent"]
    world.same([onward.arn, True], [record["requestParameters"]["roleArn"], record["readOnly"]])
    world.told(world.owner, "Username", "beyond", "GetBucketLocation")
    by_key = [{"AttributeKey": "AccessKeyId", "AttributeValue": key}]
    told = world.owner.cloudtrail.lookup_events(LookupAttributes=by_key)["Events"]
    world.same({"AssumeRole"}, {each["EventName"] for each in told})


_DENIED = "AccessDeniedException"


def _bucket_role(world: World) -> Role:
    return world.role(trust(world.grantee.root, action=ASSUME_AS), may=allow("s3:*"))


def _resources(event: Any) -> list[tuple[str, str]]:
    return [(each["ResourceType"], each["ResourceName"]) for each in event["Resources"]]


def _is_user(world: World, identity: dict[str, str], user: User) -> None:
    told = {key: identity[key] for key in ("type", "principalId", "arn", "accountId", "userName")}
    wanted = ("IAMUser", user.id, user.arn, user.account.id, user.name)
    world.same(json.dumps(wanted), json.dumps(tuple(told.values())))
    world.same(user.keys.access_key_id, identity["accessKeyId"])
