"""ContextEntries: what a simulation is told of the call.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
"""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sandbox.aws.errors import AwsError, invalid
from sandbox.aws.request import Params

_TYPES: dict[str, Callable[[str], object]] = {
    "string": str,
    "numeric": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "ip": ipaddress.ip_interface,
    "binary": str,
    "date": datetime.fromisoformat,
}


def members(params: Params, name: str) -> Iterator[str]:
    """The values of a list."""
    place = 1
    while (value := params.get(f"{name}.member.{place}")) is not None:
        yield value
        place += 1


def context_entries(params: Params) -> dict[str, Any]:
    """The entries by their keys in small letters: a text, or a list of them."""
    entries: dict[str, Any] = {}
    place = 1
    while (name := params.get(f"ContextEntries.member.{place}.ContextKeyName")) is not None:
        entry = f"ContextEntries.member.{place}"
        values = list(members(params, f"{entry}.ContextKeyValues"))
        entries[name.lower()] = _value(name, params.get(f"{entry}.ContextKeyType", ""), values)
        place += 1
    return entries


def _value(name: str, kind: str, values: list[str]) -> Any:
    parse = _TYPES.get(kind.removesuffix("List"))
    if parse is None:
        raise invalid(f"Value '{kind}' at 'contextKeyType' is no type of a context key.")
    try:
        for value in values:
            parse(value)
    except (KeyError, ValueError):
        raise AwsError(400, "InvalidInput", f"Invalid value of {kind} {name}: {values}") from None
    if kind.endswith("List"):
        return values
    if len(values) != 1:
        raise AwsError(400, "InvalidInput", f"{kind} {name} must have one value.")
    return values[0]
