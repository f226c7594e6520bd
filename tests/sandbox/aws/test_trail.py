"""CloudTrail: every call by somebody known, once, under AWS's names, without secrets."""

import json
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from sandbox.aws.elements import answered, parameters
from sandbox.aws.process import Keys, SandboxAws
from sandbox.aws.request import Params
from sandbox.aws.trail import Event, Trail
from sandbox.clock import SharedClock
from tests.sandbox.aws.conftest import NewAccount

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"


def _document(**statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


class Office:
    """An account, its users, and what CloudTrail tells there."""

    def __init__(self, aws: SandboxAws, account: str) -> None:
        self.aws = aws
        self.account = account
        self.root = aws.root(account)
        self.iam = aws.client("iam", self.root)
        self.look = aws.client("cloudtrail", self.root).lookup_events

    def user(self, name: str, action: str = "*") -> Keys:
        self.iam.create_user(UserName=name)
        document = _document(Action=action, Resource="*")
        self.iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=document)
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(key["AccessKeyId"], key["SecretAccessKey"])

    def told(self, key: str, value: str, **asked: Any) -> list[dict[str, Any]]:
        attribute = {"AttributeKey": key, "AttributeValue": value}
        events: list[dict[str, Any]] = self.look(LookupAttributes=[attribute], **asked)["Events"]
        return events

    def record(self, key: str, value: str) -> dict[str, Any]:
        """The newest event with that attribute, as CloudTrail writes it to a log file."""
        record: dict[str, Any] = json.loads(self.told(key, value)[0]["CloudTrailEvent"])
        return record


@pytest.fixture
def office(aws: SandboxAws, new_account: NewAccount) -> Office:
    return Office(aws, new_account())


@pytest.fixture
def delayed(aws: SandboxAws) -> Iterator[Callable[[float], None]]:
    """Switches the worker's sandbox to late events; off again with the test."""
    yield aws.delay_events
    aws.delay_events(0)


def _names(events: list[dict[str, Any]]) -> list[str]:
    return [event["EventName"] for event in events]


def test_every_attribute_finds_its_events_and_no_others(office: Office) -> None:
    keys = office.user("alice")
    alice = office.aws.client("iam", keys)
    alice.create_group(GroupName="one")
    alice.get_group(GroupName="one")
    event = office.told("EventName", "CreateGroup")[0]
    for key, value, names in (
        ("EventId", event["EventId"], ["CreateGroup"]),
        ("Username", "alice", ["GetGroup", "CreateGroup"]),
        ("AccessKeyId", keys.access_key_id, ["GetGroup", "CreateGroup"]),
        ("ResourceName", "one", ["GetGroup", "CreateGroup"]),
        ("ResourceType", "AWS::IAM::Group", ["GetGroup", "CreateGroup"]),
        ("ReadOnly", "true", ["LookupEvents", "LookupEvents"]),
        ("EventSource", "iam.amazonaws.com", ["GetGroup", "CreateGroup"]),
        ("EventSource", "IAM.amazonaws.com", []),
    ):
        assert _names(office.told(key, value))[: len(names) or None] == names


def test_looking_events_up_is_an_event_and_the_root_is_called_root(office: Office) -> None:
    office.look()
    record = office.record("EventName", "LookupEvents")
    assert record["eventSource"] == "cloudtrail.amazonaws.com"
    assert record["userIdentity"] == {
        "type": "Root",
        "principalId": office.account,
        "arn": f"arn:aws:iam::{office.account}:root",
        "accountId": office.account,
        "accessKeyId": office.account,
    }
    assert office.told("EventName", "LookupEvents")[0]["Username"] == "root"


def test_an_account_hears_nothing_of_another(
    office: Office, aws: SandboxAws, new_account: NewAccount
) -> None:
    office.user("alice")
    assert Office(aws, new_account()).look()["Events"] == []


def test_each_region_tells_what_was_asked_of_it_and_iams_calls_are_told_in_the_first(
    office: Office, aws: SandboxAws
) -> None:
    keys = office.user("alice")

    def elsewhere(service: str) -> Any:
        session: Any = boto3.Session(keys.access_key_id, keys.secret_access_key)
        return session.client(service, region_name="eu-west-1", endpoint_url=aws.endpoint)

    elsewhere("sts").get_caller_identity()
    elsewhere("iam").list_users()

    by_key = [{"AttributeKey": "AccessKeyId", "AttributeValue": keys.access_key_id}]
    there = elsewhere("cloudtrail").lookup_events(LookupAttributes=by_key)["Events"]
    assert _names(there) == ["GetCallerIdentity"]
    assert json.loads(there[0]["CloudTrailEvent"])["awsRegion"] == "eu-west-1"
    assert _names(office.told("AccessKeyId", keys.access_key_id)) == ["ListUsers"]


def test_times_are_those_of_the_clock_and_both_ends_are_included(
    office: Office, clock: SharedClock
) -> None:
    office.iam.create_user(UserName="early")
    at = office.told("EventName", "CreateUser")[0]["EventTime"]
    clock.move(timedelta(hours=2))
    office.iam.create_user(UserName="late")
    asked = {"StartTime": at, "EndTime": at}
    assert [each["Resources"][0]["ResourceName"] for each in _users(office, **asked)] == ["early"]
    past = at - timedelta(seconds=1)
    assert _users(office, StartTime=past - timedelta(days=1), EndTime=past) == []
    late = _users(office, StartTime=at + timedelta(seconds=1))
    assert abs(late[0]["EventTime"] - clock.now()) < timedelta(seconds=5)


def _users(office: Office, **asked: Any) -> list[dict[str, Any]]:
    return office.told("EventName", "CreateUser", **asked)


def test_events_are_told_for_ninety_days(office: Office, clock: SharedClock) -> None:
    office.iam.create_user(UserName="alice")
    clock.move(timedelta(days=90, seconds=-60))
    assert len(_users(office)) == 1
    clock.move(timedelta(seconds=120))
    assert _users(office) == []
    assert _users(office, StartTime=clock.now() - timedelta(days=100)) == []


def test_events_can_be_told_late_as_cloudtrail_does(
    office: Office, delayed: Callable[[float], None], clock: SharedClock
) -> None:
    delayed(900)
    office.iam.create_user(UserName="alice")
    assert _users(office) == []
    clock.move(timedelta(seconds=901))
    assert len(_users(office)) == 1


def test_secrets_are_told_by_no_event(office: Office) -> None:
    keys = office.user("alice")
    serial, told = office.aws.mfa(office.account, "alice")
    code = told()
    asked = {"SerialNumber": serial, "TokenCode": code}
    session = office.aws.client("sts", keys).get_session_token(**asked)["Credentials"]
    office.iam.create_login_profile(UserName="alice", Password="correct horse")
    device = office.iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    secrets = [
        *(keys.secret_access_key, session["SecretAccessKey"], session["SessionToken"]),
        *(code, "correct horse", b64encode(device["Base32StringSeed"]).decode()),
    ]
    text = json.dumps(office.look()["Events"], default=str)
    assert [secret for secret in secrets if secret in text] == []
    assert office.record("EventName", "GetSessionToken")["requestParameters"] == {
        "serialNumber": serial
    }


def test_mfa_is_told_with_the_session_that_has_it(office: Office) -> None:
    keys = office.user("alice")
    serial, told = office.aws.mfa(office.account, "alice")
    asked = {"SerialNumber": serial, "TokenCode": told()}
    made = office.aws.client("sts", keys).get_session_token(**asked)["Credentials"]
    session = Keys(made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
    office.aws.client("iam", session).list_roles()
    identity = office.record("AccessKeyId", made["AccessKeyId"])["userIdentity"]
    assert (identity["type"], identity["userName"]) == ("IAMUser", "alice")
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "true"


@pytest.mark.parametrize(
    ("call", "asked", "code"),
    [
        ("get_user", {"UserName": "no"}, "NoSuchEntityException"),
        ("create_user", {"UserName": "alice"}, "EntityAlreadyExistsException"),
        ("create_user", {"UserName": "a b"}, "ValidationException"),
    ],
)
def test_a_call_that_fails_is_told_with_the_error_and_what_was_asked(
    office: Office, call: str, asked: dict[str, str], code: str
) -> None:
    office.iam.create_user(UserName="alice")
    with pytest.raises(ClientError):
        getattr(office.iam, call)(**asked)
    record = json.loads(office.look()["Events"][0]["CloudTrailEvent"])
    assert (record["errorCode"], record["responseElements"]) == (code, None)
    assert record["requestParameters"] == {"userName": asked["UserName"]}
    assert record["errorMessage"]


def test_what_was_asked_is_not_told_of_a_call_that_was_not_allowed(office: Office) -> None:
    keys = office.user("alice", "sts:*")
    with pytest.raises(ClientError, match="AccessDenied"):
        office.aws.client("iam", keys).create_user(UserName="bob")
    (event,) = office.told("Username", "alice")
    record = json.loads(event["CloudTrailEvent"])
    assert (record["errorCode"], record["requestParameters"]) == ("AccessDenied", None)
    arn = f"arn:aws:iam::{office.account}:user/"
    allowed = f"{arn}alice is not authorized to perform: iam:CreateUser on resource: {arn}bob"
    assert allowed in record["errorMessage"]
    assert (event["EventName"], event["Resources"]) == ("CreateUser", [])


def test_a_call_that_was_judged_as_another_is_not_done(office: Office) -> None:
    keys = office.user("mallory", "cloudtrail:GetTrailStatus")
    url = f"{office.aws.endpoint}/?Action=GetTrailStatus"
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": TARGET}
    request = AWSRequest("POST", url, data=b"{}", headers=headers)
    credentials = Credentials(keys.access_key_id, keys.secret_access_key)
    SigV4Auth(credentials, "cloudtrail", "us-east-1").add_auth(request)
    made = urllib.request.Request(url, b"{}", dict(request.headers))
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(made, timeout=10)
    refused.value.close()


def test_a_throttled_call_is_told_as_one(office: Office) -> None:
    office.aws.throttle(office.account, 0.001, 1)
    office.iam.list_users()
    with pytest.raises(ClientError, match="Throttling"):
        office.iam.create_user(UserName="alice")
    office.aws.throttle(office.account, 0)
    record = office.record("EventName", "CreateUser")
    assert (record["errorCode"], record["errorMessage"]) == ("ThrottlingException", "Rate exceeded")


def test_forged_calls_are_told_to_nobody(office: Office) -> None:
    keys = office.user("alice")
    forged = Keys(keys.access_key_id, "wrong")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        office.aws.client("iam", forged).list_users()
    assert office.told("AccessKeyId", keys.access_key_id) == []


def test_settings_of_a_bucket_are_told_and_what_is_in_it_is_not(office: Office) -> None:
    s3, bucket = office.aws.client("s3", office.root), f"bucket-{office.account}"
    named = {"Bucket": bucket}
    s3.create_bucket(**named)
    s3.put_object(**named, Key="a/b", Body=b"x")
    s3.head_object(**named, Key="a/b")
    s3.list_objects_v2(**named)
    s3.delete_objects(**named, Delete={"Objects": [{"Key": "a/b"}]})
    s3.put_bucket_tagging(**named, Tagging={"TagSet": []})
    s3.delete_bucket_tagging(**named)
    s3.put_bucket_policy(**named, Policy=_bucket_policy(bucket, office.account))
    s3.get_bucket_policy(**named)
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(**named, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.list_buckets()
    s3.delete_bucket(**named)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.get_bucket_location(**named)
    told = office.told("EventSource", "s3.amazonaws.com")
    assert _names(told)[::-1] == [
        *("CreateBucket", "PutBucketTagging", "DeleteBucketTagging", "PutBucketPolicy"),
        *("GetBucketPolicy", "PutBucketEncryption", "ListBuckets", "DeleteBucket"),
        "GetBucketLocation",
    ]
    assert told[1]["Resources"] == [{"ResourceType": "AWS::S3::Bucket", "ResourceName": bucket}]
    record = json.loads(told[0]["CloudTrailEvent"])
    assert (record["errorCode"], record["requestParameters"]["bucketName"]) == (
        "NoSuchBucket",
        bucket,
    )


def _bucket_policy(bucket: str, account: str) -> str:
    return _document(
        Principal={"AWS": account}, Action="s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*"
    )


def test_other_calls_of_cloudtrail_are_not_served(office: Office) -> None:
    with pytest.raises(ClientError, match="UnsupportedOperationException"):
        office.aws.client("cloudtrail", office.root).describe_trails()


@pytest.mark.parametrize("most", [0, 51])
def test_a_page_holds_one_to_fifty_events(office: Office, most: int) -> None:
    look = office.aws.client("cloudtrail", office.root)
    look.meta.events.register(
        "before-parameter-build.cloudtrail", lambda params, **_: params.pop("MaxResults", None)
    )

    def ask_for(params: dict[str, Any], **_: Any) -> None:
        params["body"] = json.dumps({"MaxResults": most}).encode()

    look.meta.events.register("before-call.cloudtrail", ask_for)
    with pytest.raises(ClientError, match="InvalidMaxResultsException"):
        look.lookup_events()


def test_all_pages_together_tell_every_event_once(office: Office) -> None:
    for number in range(120):
        office.iam.create_group(GroupName=f"group-{number}")
    pages = office.aws.client("cloudtrail", office.root).get_paginator("lookup_events")
    attribute = {"AttributeKey": "EventName", "AttributeValue": "CreateGroup"}
    told = [page["Events"] for page in pages.paginate(LookupAttributes=[attribute])]
    assert [len(events) for events in told] == [50, 50, 20]
    groups = [each["Resources"][0]["ResourceName"] for events in told for each in events]
    assert groups == [f"group-{number}" for number in reversed(range(120))]


def test_parameters_are_told_as_lists_and_with_small_letters() -> None:
    asked = {
        "Action": "CreateRole",
        "Version": "2010-05-08",
        "RoleName": "admin",
        "MaxSessionDuration": "3600",
        "Tags.member.2.Key": "b",
        "Tags.member.10.Key": "c",
        "Tags.member.1.Key": "a",
        "ActionNames.member.1": "s3:*",
    }
    assert parameters(Params(asked)) == {
        "roleName": "admin",
        "maxSessionDuration": 3600,
        "tags": [{"key": "a"}, {"key": "b"}, {"key": "c"}],
        "actionNames": ["s3:*"],
    }
    assert parameters(Params({"Action": "ListRoles", "Version": "2010-05-08"})) is None


@pytest.mark.parametrize("names", [("Tags", "Tags.member.1"), ("Tags.member.1", "Tags"), ("..",)])
def test_parameters_that_make_no_sense_do_no_harm(names: tuple[str, ...]) -> None:
    assert parameters(Params(dict.fromkeys(names, "x")))


def test_an_answer_is_told_without_its_secrets() -> None:
    key = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
    date = "<CreateDate>2026-01-31T00:05:09Z</CreateDate>"
    made = f"<CreateAccessKeyResult><AccessKey>{key}{date}</AccessKey></CreateAccessKeyResult>"
    told = answered(f"<CreateAccessKeyResponse>{made}</CreateAccessKeyResponse>".encode())
    assert told == {"accessKey": {"accessKeyId": "A", "createDate": "Jan 31, 2026, 12:05:09 AM"}}


def test_the_oldest_events_go_when_there_are_too_many(clock: SharedClock) -> None:
    trail = Trail(clock, kept=3)
    for number, account in enumerate("abbb"):
        record = {"recipientAccountId": account}
        trail.add(Event(number, clock.now(), record, None, ()))
    left = {a: [each.number for each in trail.newest_first(a, None, None)] for a in "ab"}
    assert left == {"a": [], "b": [3, 2, 1]}
