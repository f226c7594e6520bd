"""The elements of an event that tell what was asked and answered, as CloudTrail writes them.

Names begin with a small letter, lists are lists, and what is secret is left out.
https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
"""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.aws.request import Params

_NO_PARAMETERS = frozenset({"Action", "Version"})
_SECRET = frozenset(
    {
        *("TokenCode", "AuthenticationCode1", "AuthenticationCode2", "WebIdentityToken"),
        *("Password", "OldPassword", "NewPassword", "Base32StringSeed"),
        *("SecretAccessKey", "SessionToken"),
    }
)
_NUMBERS = frozenset({"DurationSeconds", "MaxItems", "MaxSessionDuration", "PackedPolicySize"})
_DATES = ("Date", "Expiration")


def parameters(params: Params) -> dict[str, Any] | None:
    """The `requestParameters` of a call of IAM or STS; None when it has none."""
    tree: dict[str, Any] = {}
    for name, value in params.items():
        if name in _NO_PARAMETERS or name in _SECRET:
            continue
        *path, last = (part for part in name.split(".") if part != "member")
        place = tree
        for part in path:
            below = place.setdefault(part, {})
            if not isinstance(below, dict):
                break
            place = below
        else:
            place[last] = _plain(last, value)
    told: dict[str, Any] = _listed(tree)
    return told or None


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() for name in value):
        names = sorted(value, key=lambda name: (len(name), name))
        return [_listed(value[name]) for name in names]
    return {_small(name): _listed(below) for name, below in value.items()}


def answered(body: bytes) -> dict[str, Any] | None:
    """The `responseElements` of an answer of IAM or STS; None when it holds no result."""
    root = ET.fromstring(body)  # noqa: S314  the sandbox's own answer
    result = next((part for part in root if _name(part).endswith("Result")), None)
    if result is None:
        return None
    told: dict[str, Any] = _element(result)
    return told


def refused(body: bytes) -> tuple[str, str]:
    """Code and message of a refusal of IAM, STS or S3."""
    try:
        root = ET.fromstring(body)  # noqa: S314  the sandbox's own answer
    except ET.ParseError:
        return "", ""
    found = {_name(part): part.text or "" for part in root.iter()}
    return found.get("Code", ""), found.get("Message", "")


def _element(element: ET.Element) -> Any:
    if len(element) == 0:
        return _plain(_name(element), element.text or "")
    if all(_name(part) == "member" for part in element):
        return [_element(part) for part in element]
    return {_small(_name(part)): _element(part) for part in element if _name(part) not in _SECRET}


def _plain(name: str, text: str) -> Any:
    if name in _NUMBERS and text.isdecimal():
        return int(text)
    if name.endswith(_DATES):
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return text
        return f"{moment:%b} {moment.day}, {moment.year}, {moment:%I:%M:%S %p}".replace(", 0", ", ")
    return text


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
