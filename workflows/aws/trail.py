"""Who else changed trust policies, as CloudTrail has it."""

import json
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


class Trail:
    """CloudTrail of owner accounts, through their manager roles."""

    def __init__(self, session: boto3.Session, *, run: str) -> None:
        self._session = session
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
        with translated("cloudtrail:LookupEvents"):
            pages = client.get_paginator("lookup_events").paginate(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": EVENT}],
                StartTime=since,
                EndTime=until,
            )
            events = [event for page in pages for event in page["Events"]]
        return list(_edits(events, manager_arn))

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
        return boto3.client(
            "cloudtrail",
            region_name=_HOME.get(manager_arn.split(":")[1], "us-east-1"),
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            config=CONFIG,
        )


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
