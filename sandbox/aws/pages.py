"""Pages of IAM's lists, and what lists leave out.

Lists do not tell tags or boundaries, whatever the emulator says: a caller who relies on them would
work here and fail on AWS. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
"""

import base64
from xml.etree import ElementTree as ET

from sandbox.aws.answers import NAMESPACES, Answer
from sandbox.aws.errors import invalid
from sandbox.aws.request import Params

_XMLNS = f"{{{NAMESPACES['iam']}}}"
_WITHOUT_TAGS = frozenset({"ListUsers", "ListRoles", "GetGroup"})
_PAGED = frozenset(
    {
        *("GetGroup", "GetAccountAuthorizationDetails"),
        *("SimulatePrincipalPolicy", "SimulateCustomPolicy"),
    }
)
_USUAL, _MOST = 100, 1000


def page(action: str, params: Params, answer: Answer) -> Answer:
    """The page of a list that `Marker` and `MaxItems` ask for; other answers as they are."""
    status, headers, body = answer
    if status != 200 or not (action.startswith("List") or action in _PAGED):
        return answer
    root = ET.fromstring(body)  # noqa: S314  the emulator's own answer
    result = root.find(f"{_XMLNS}{action}Result")
    if result is None:
        return answer
    if action in _WITHOUT_TAGS:
        _drop_tags(result)
    _cut(result, *_asked(params))
    ET.register_namespace("", NAMESPACES["iam"])
    return status, headers, ET.tostring(root)


def _asked(params: Params) -> tuple[int, int]:
    most = params.get("MaxItems") or str(_USUAL)
    if not most.isdigit() or not 1 <= int(most) <= _MOST:
        raise invalid(f"Value '{most}' at 'maxItems' must be between 1 and {_MOST}")
    marker = params.get("Marker")
    try:
        start = int(base64.b64decode(marker, validate=True)) if marker else 0
    except ValueError:
        raise invalid(f"Invalid Marker: {marker}") from None
    return start, int(most)


def _cut(result: ET.Element, start: int, most: int) -> None:
    """Keeps `most` members from `start` on, counted through all lists of the answer."""
    place = 0
    for listed in result:
        for member in listed.findall(f"{_XMLNS}member"):
            if not start <= place < start + most:
                listed.remove(member)
            place += 1
    truncated = result.find(f"{_XMLNS}IsTruncated")
    if truncated is None or place <= start + most:
        return
    truncated.text = "true"
    marker = ET.SubElement(result, f"{_XMLNS}Marker")
    marker.text = base64.b64encode(str(start + most).encode()).decode()


def _drop_tags(result: ET.Element) -> None:
    for member in result.iter(f"{_XMLNS}member"):
        for tags in member.findall(f"{_XMLNS}Tags"):
            member.remove(tags)
