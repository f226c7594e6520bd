"""Who else changed trust policies, as CloudTrail has it."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

import boto3

from workflows.aws.errors import translated
from workflows.aws.fence import CONFIG
from workflows.seen import Document

EVENT: Final = "UpdateAssumeRolePolicy"

_WRITES: Final = (EVENT, "PutRolePolicy", "DeleteRolePolicy")
"""The writes by which a tool takes away what xacct wrote into a role."""

_TOOLS: Final = {
    "terraform": "Terraform",
    "opentofu": "OpenTofu",
    "pulumi": "Pulumi",
    "cloudformation.amazonaws.com": "CloudFormation",
}
"""How tools are known by the user agent of their calls, and their names (CloudTrail User Guide,
"userAgent"; the AWS provider of Terraform names Terraform in it).
"""

_NEWEST: Final = 200
"""Events of one kind that are looked through at most: four calls."""

_HOME: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where a partition keeps the events of IAM, which has no region (CloudTrail User Guide, "Global
service events").
"""

_ONLY_THIS: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"}],
}


@dataclass(frozen=True)
class Edit:
    """One change of a role's trust policy. `at` is AWS's time, to the second."""

    event_id: str
    at: datetime
    by: str  # the principal's ARN
    role_name: str
    document: Document


@dataclass(frozen=True)
class Touch:
    """A write to a role by a tool that keeps roles as a text of its own has them. `policy` is the
    name of the inline policy that was written or deleted, None of a trust policy.
    """

    at: datetime
    tool: str
    event: str
    role_name: str
    policy: str | None


class Trail:
    """CloudTrail of owner accounts, through their manager roles."""

    def __init__(self, session: boto3.Session, *, run: str) -> None:
        self._session = session
        self._building = threading.Lock()  # boto3 sessions do not build clients in parallel
        self._sts = session.client("sts", config=CONFIG)
        self._name = f"xacct-trail-{run}"[:64]

    def edits(
        self, manager_arn: str, external_id: str | None, *, since: datetime, until: datetime
    ) -> list[Edit]:
        """Changes of trust policies by anybody but the manager role itself, in that time, both
        ends included: an AssumeRole, and one call per fifty events. Raises Trouble.

        An event may take a quarter of an hour to come (CloudTrail User Guide, "How CloudTrail
        works").
        """
        client = self._client(manager_arn, external_id)
        return list(_edits(_events(client, EVENT, since, until), manager_arn))

    def touches(
        self, manager_arn: str, external_id: str | None, *, since: datetime, until: datetime
    ) -> list[Touch]:
        """What tools like Terraform wrote to roles in that time: an AssumeRole, and up to four
        calls for each kind of write; of more events than that the newest count. Raises Trouble.
        """
        client = self._client(manager_arn, external_id)
        return [
            touch
            for name in _WRITES
            for touch in _touches(_events(client, name, since, until, most=_NEWEST))
        ]

    def _client(self, manager_arn: str, external_id: str | None) -> Any:
        named: dict[str, Any] = {} if external_id is None else {"ExternalId": external_id}
        with translated("sts:AssumeRole"):
            keys = self._sts.assume_role(
                RoleArn=manager_arn,
                RoleSessionName=self._name,
                DurationSeconds=900,
                Policy=json.dumps(_ONLY_THIS),
                **named,
            )["Credentials"]
        with self._building:
            return self._session.client(
                "cloudtrail",
                region_name=_HOME.get(manager_arn.split(":")[1], "us-east-1"),
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"],
                config=CONFIG,
            )


def _events(
    client: Any, name: str, since: datetime, until: datetime, *, most: int | None = None
) -> list[Mapping[str, Any]]:
    """The events of that name, the newest first. Raises Trouble."""
    with translated("cloudtrail:LookupEvents"):
        pages = client.get_paginator("lookup_events").paginate(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
            StartTime=since,
            EndTime=until,
            PaginationConfig={} if most is None else {"MaxItems": most},
        )
        return [event for page in pages for event in page["Events"]]


def _touches(events: list[Mapping[str, Any]]) -> Iterator[Touch]:
    for event in events:
        said = json.loads(event["CloudTrailEvent"])
        agent = str(said.get("userAgent", "")).casefold()
        tool = next((name for mark, name in _TOOLS.items() if mark in agent), None)
        asked = said.get("requestParameters") or {}
        if tool is not None and "errorCode" not in said and "roleName" in asked:
            at = datetime.fromisoformat(said["eventTime"]).astimezone(UTC)
            named = asked.get("policyName")
            yield Touch(at, tool, said["eventName"], str(asked["roleName"]), named)


def _edits(events: list[Mapping[str, Any]], manager_arn: str) -> Iterator[Edit]:
    for event in events:
        said = json.loads(event["CloudTrailEvent"])
        asked, who = said.get("requestParameters") or {}, said.get("userIdentity") or {}
        if "errorCode" in said or "policyDocument" not in asked or _is(who, manager_arn):
            continue
        yield Edit(
            event_id=str(said.get("eventID") or event["EventId"]),
            at=datetime.fromisoformat(said["eventTime"]).astimezone(UTC),
            by=str(who.get("arn") or who.get("principalId") or "somebody"),
            role_name=str(asked["roleName"]),
            document=_document(str(asked["policyDocument"])),
        )


def _is(who: Mapping[str, Any], role_arn: str) -> bool:
    """Whether a session of this role did it (CloudTrail User Guide, "userIdentity element")."""
    issuer = (who.get("sessionContext") or {}).get("sessionIssuer") or {}
    return bool(issuer.get("arn") == role_arn)


def _document(text: str) -> Document:
    """The policy: plain JSON, or as it went over the wire."""
    document: Document = json.loads(text if text.lstrip().startswith("{") else unquote(text))
    return document
