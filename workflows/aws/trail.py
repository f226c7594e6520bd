"""Who else changed trust policies, as CloudTrail has it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

from workflows.aws.lookup import Lookup
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

_PAGES: Final = 4
"""Calls for events of one kind at most: the newest two hundred are looked through."""


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
    """Writes to roles in owner accounts, by others than xacct."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    def edits(
        self, manager_arn: str, external_id: str | None, *, since: datetime, until: datetime
    ) -> list[Edit]:
        """Changes of trust policies by anybody but the manager role itself, in that time, both
        ends included: an AssumeRole, and one call per fifty events. Raises Trouble.

        An event may take a quarter of an hour to come (CloudTrail User Guide, "How CloudTrail
        works").
        """
        history = self._lookup.enter(manager_arn, external_id)
        found = history.find("EventName", EVENT, since=since, until=until)
        return list(_edits(found.events, manager_arn))

    def touches(
        self, manager_arn: str, external_id: str | None, *, since: datetime, until: datetime
    ) -> list[Touch]:
        """What tools like Terraform wrote to roles in that time: an AssumeRole, and up to four
        calls for each kind of write; of more events than that the newest count. Raises Trouble.
        """
        history = self._lookup.enter(manager_arn, external_id)
        return [
            touch
            for name in _WRITES
            for touch in _touches(
                history.find("EventName", name, since=since, until=until, pages=_PAGES).events
            )
        ]


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
