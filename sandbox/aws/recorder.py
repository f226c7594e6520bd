"""Makes events of calls: who called, for what, and what came of it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

from sandbox.aws import elements, management
from sandbox.aws.answers import Answer
from sandbox.aws.management import Resources
from sandbox.aws.records import Records
from sandbox.aws.request import Request
from sandbox.aws.sessions import Session, Sessions
from sandbox.aws.trail import Event, Trail
from sandbox.clock import SharedClock

_ERRORS = {"Throttling": "ThrottlingException", "ValidationError": "ValidationException"}
_PLAIN_ERRORS = frozenset({"AccessDenied", "InvalidAction"})
_UNTOLD = frozenset({"AccessDenied", "ThrottlingException"})  # what was asked is not told then
_TELL = frozenset({"AssumeRole", "GetSessionToken", "GetFederationToken"})  # STS: their answer
_NOWHERE = frozenset({"iam", "organizations"})  # they have no region: told in the partition's first
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Sender:
    """Where a call came from, as far as HTTP tells."""

    address: str
    agent: str
    host: str


class Recorder:
    """Writes every management event that somebody known has caused."""

    def __init__(
        self, trail: Trail, sessions: Sessions, records: Records, clock: SharedClock
    ) -> None:
        self._trail = trail
        self._sessions = sessions
        self._records = records
        self._clock = clock
        self._numbers = count(1)

    def note(self, request: Request, answer: Answer, sender: Sender) -> None:
        """Keeps the event of an answered call, for the caller's account and for the role's."""
        name = management.event_name(request) if request.known else None
        if name is None:
            return
        record = self._record(request, name, answer, sender)
        about = _about(request, record)
        for role in record.get("resources", ()):
            if role["accountId"] != request.account_id:
                record["sharedEventID"] = str(uuid4())
                self._add(_of_another_account(record, role["accountId"]), None, about)
        self._add(record, _username(record["userIdentity"]), about)

    def _add(self, record: dict[str, Any], username: str | None, about: Resources) -> None:
        at = datetime.strptime(record["eventTime"], _STAMP).replace(tzinfo=UTC)
        self._trail.add(Event(next(self._numbers), at, record, username, about))

    def _record(
        self, request: Request, name: str, answer: Answer, sender: Sender
    ) -> dict[str, Any]:
        status, headers, body = answer
        read_only = management.read_only(request, name)
        record: dict[str, Any] = {
            "eventVersion": "1.11",
            "userIdentity": self._identity(request),
            "eventTime": self._clock.now().strftime(_STAMP),
            "eventSource": f"{request.service}.amazonaws.com",
            "eventName": name,
            "awsRegion": self._region(request),
            "sourceIPAddress": sender.address,
            "userAgent": sender.agent,
            "requestParameters": _asked(request, sender),
            "responseElements": None,
            "requestID": headers.get("x-amzn-requestid") or str(uuid4()),
            "eventID": str(uuid4()),
            "readOnly": read_only,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": request.account_id,
            "eventCategory": "Management",
        }
        if status >= 400:
            code, record["errorMessage"] = _refused(request.service, body)
            record["errorCode"] = code
            if code in _UNTOLD and request.service != "s3":
                record["requestParameters"] = None
        elif name in _TELL or (request.service == "iam" and not read_only):
            record["responseElements"] = elements.answered(body)
        if name == "AssumeRole" and status == 200:
            arn = request.params["RoleArn"]
            role = {"accountId": arn.split(":")[4], "type": "AWS::IAM::Role", "ARN": arn}
            record["resources"] = [role]
        return record

    def _region(self, request: Request) -> str:
        """Where an event is told: where it was asked for, or where all that has no region is."""
        home = self._records.partition.region
        return home if request.service in _NOWHERE else request.region or home

    def _identity(self, request: Request) -> dict[str, Any]:
        kind = request.principal_type
        identity: dict[str, Any] = {
            "type": "IAMUser" if kind == "User" else kind,
            "principalId": request.principal_id,
            "arn": request.caller,
            "accountId": request.account_id,
            "accessKeyId": request.key,
        }
        if kind == "User":
            identity["userName"] = request.caller.rpartition("/")[2]
        if session := self._sessions.get(request.key):
            identity["sessionContext"] = self._context(identity, session)
        return identity

    def _context(self, identity: dict[str, Any], session: Session) -> dict[str, Any]:
        issued = datetime.fromtimestamp(session["IssuedAt"], UTC)
        attributes = {
            "creationDate": issued.strftime(_STAMP),
            "mfaAuthenticated": str(bool(session.get("Mfa"))).lower(),
        }
        context: dict[str, Any] = {"attributes": attributes}
        if identity["type"] == "AssumedRole":
            context = {"sessionIssuer": self._issuer(identity), **context}
        if session.get("SourceIdentity"):
            context["sourceIdentity"] = session["SourceIdentity"]
        return context

    def _issuer(self, identity: dict[str, Any]) -> dict[str, Any]:
        name = identity["arn"].split("/")[1]
        role = self._records.get("role", identity["accountId"], name)
        return {
            "type": "Role",
            "principalId": identity["principalId"].split(":")[0],
            "arn": role["Arn"] if role else "",
            "accountId": identity["accountId"],
            "userName": name,
        }


def _asked(request: Request, sender: Sender) -> dict[str, Any] | None:
    if request.service == "s3":
        bucket = management.bucket_of(request)
        return {"bucketName": bucket, "Host": sender.host} if bucket else {"Host": sender.host}
    return elements.parameters(request.params)


def _about(request: Request, record: dict[str, Any]) -> Resources:
    """What an event is about; that of a new session tells its key and its names besides."""
    if record["requestParameters"] is None:
        return ()
    told = record["responseElements"] or {}
    user = told.get("assumedRoleUser")
    key = (told.get("credentials") or told.get("accessKey") or {}).get("accessKeyId")
    about = management.resources(request)
    if user:
        names = (user["arn"], user["assumedRoleId"], user["arn"].rpartition("/")[2])
        about = (*(("AWS::STS::AssumedRole", name) for name in names), *about)
    return (("AWS::IAM::AccessKey", key), *about) if key else about


def _refused(service: str, body: bytes) -> tuple[str, str]:
    if service == "cloudtrail":
        told = json.loads(body)
        return told["__type"], told.get("message", "")
    code, message = elements.refused(body)
    if service == "s3" or code in _PLAIN_ERRORS or code.endswith("Exception"):
        return code, message
    return _ERRORS.get(code, f"{code}Exception"), message


def _of_another_account(record: dict[str, Any], account_id: str) -> dict[str, Any]:
    """The event as the account of an assumed role is told of it."""
    caller = record["userIdentity"]
    identity = {"type": "AWSAccount"} | {key: caller[key] for key in ("principalId", "accountId")}
    other = {"userIdentity": identity, "recipientAccountId": account_id, "eventID": str(uuid4())}
    return record | other


def _username(identity: dict[str, Any]) -> str:
    if identity["type"] == "Root":
        return "root"
    return str(identity["arn"]).rpartition("/")[2]
