"""GetAccountAuthorizationDetails: what the emulator leaves out of it, and AWS tells.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from collections.abc import Callable
from xml.etree import ElementTree as ET

from sandbox.aws.answers import NAMESPACES, Answer
from sandbox.aws.records import Record, Records
from sandbox.aws.request import Params

_XMLNS = f"{{{NAMESPACES['iam']}}}"


def completed(
    records: Records, details: Callable[[Params], Answer], account_id: str, params: Params
) -> Answer:
    """The emulator's answer, with boundaries of users and roles, and when versions were made."""
    status, headers, body = details(params)
    root = ET.fromstring(body)  # noqa: S314  the emulator's own answer
    for kind in ("user", "role"):
        for member in root.iterfind(f".//{_XMLNS}{kind.title()}DetailList/{_XMLNS}member"):
            record = records.get(kind, account_id, _text(member, f"{kind.title()}Name"))
            if record and record.get("PermissionsBoundary"):
                _add_boundary(member, str(record["PermissionsBoundary"]))
    for member in root.iterfind(f".//{_XMLNS}Policies/{_XMLNS}member"):
        policy = records.policy(account_id, _text(member, "Arn"))
        for version in member.iterfind(f"{_XMLNS}PolicyVersionList/{_XMLNS}member"):
            _add_date(version, policy)
    ET.register_namespace("", NAMESPACES["iam"])
    return status, headers, ET.tostring(root)


def _text(member: ET.Element, name: str) -> str:
    return member.findtext(f"{_XMLNS}{name}") or ""


def _add_boundary(member: ET.Element, arn: str) -> None:
    boundary = ET.SubElement(member, f"{_XMLNS}PermissionsBoundary")
    ET.SubElement(boundary, f"{_XMLNS}PermissionsBoundaryType").text = "Policy"
    ET.SubElement(boundary, f"{_XMLNS}PermissionsBoundaryArn").text = arn


def _add_date(version: ET.Element, policy: Record | None) -> None:
    held = (policy or {}).get("Versions", {}).get(_text(version, "VersionId"))
    if held is not None:
        ET.SubElement(version, f"{_XMLNS}CreateDate").text = held["CreateDate"]
