"""Checks of JSON values, made from smaller ones; complaints are worded as Slack's are."""

from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], list[str]]
"""Takes a value and the JSON pointer it stands at; returns complaints, none if it is right."""


def complaint(words: str, pointer: str) -> str:
    """One line of `response_metadata.messages`."""
    return f"{words} [json-pointer:{pointer}]"


def anything(_value: Any, _pointer: str) -> list[str]:
    """Complains of nothing: for what Slack's client makes and checks itself."""
    return []


def flag(value: Any, pointer: str) -> list[str]:
    """A boolean."""
    return [] if isinstance(value, bool) else [complaint("must be a boolean", pointer)]


def number(low: int, high: int) -> Check:
    """A whole number between two bounds, both included."""

    def check(value: Any, pointer: str) -> list[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            return [complaint("must be an integer", pointer)]
        if not low <= value <= high:
            return [complaint(f"must be between {low} and {high}", pointer)]
        return []

    return check


def string(high: int, low: int = 0) -> Check:
    """A string of `low` to `high` characters."""

    def check(value: Any, pointer: str) -> list[str]:
        if not isinstance(value, str):
            return [complaint("must be a string", pointer)]
        if len(value) > high:
            return [complaint(f"must be less than {high + 1} characters", pointer)]
        if len(value) < low:
            return [complaint(f"must be more than {low - 1} characters", pointer)]
        return []

    return check


def word(*allowed: str) -> Check:
    """One of a few strings."""

    def check(value: Any, pointer: str) -> list[str]:
        return [] if value in allowed else [complaint("must be a valid enum value", pointer)]

    return check


def items(check_item: Check, high: int, low: int = 1) -> Check:
    """An array of `low` to `high` items that are each right."""

    def check(value: Any, pointer: str) -> list[str]:
        if not isinstance(value, list):
            return [complaint("must provide an array", pointer)]
        if len(value) > high:
            return [complaint(f"no more than {high} items allowed", pointer)]
        if len(value) < low:
            return [complaint(f"must provide at least {low} items", pointer)]
        return [c for i, item in enumerate(value) for c in check_item(item, f"{pointer}/{i}")]

    return check


def shape(
    required: Mapping[str, Check],
    optional: Mapping[str, Check] | None = None,
    *,
    any_of: tuple[str, ...] = (),
) -> Check:
    """An object with these properties and no others, at least one of `any_of` among them."""
    known = {"type": anything, **required, **(optional or {})}

    def check(value: Any, pointer: str) -> list[str]:
        if not isinstance(value, dict):
            return [complaint("must provide an object", pointer)]
        wrong = [
            complaint(f"missing required field: {f}", pointer) for f in required if f not in value
        ]
        if any_of and not any(f in value for f in any_of):
            choice = " or ".join(f"`{f}`" for f in any_of)
            wrong.append(complaint(f"must define either {choice}", pointer))
        for name, inside in value.items():
            if name not in known:
                wrong.append(complaint(f"invalid additional property: {name}", pointer))
            else:
                wrong += known[name](inside, f"{pointer}/{name}")
        return wrong

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` names which of `kinds` it must be."""

    def check(value: Any, pointer: str) -> list[str]:
        if not isinstance(value, dict):
            return [complaint("must provide an object", pointer)]
        if "type" not in value:
            return [complaint("missing required field: type", pointer)]
        if not isinstance(value["type"], str) or value["type"] not in kinds:
            return [complaint(f"unsupported type: {value['type']}", f"{pointer}/type")]
        return kinds[value["type"]](value, pointer)

    return check


def text(high: int, low: int = 1) -> Check:
    """A text object of either kind."""
    return typed({"plain_text": _plain_text(high, low), "mrkdwn": _mrkdwn(high, low)})


def plain(high: int, low: int = 1) -> Check:
    """A text object that must be `plain_text`."""
    return typed({"plain_text": _plain_text(high, low)})


def _plain_text(high: int, low: int) -> Check:
    return shape({"text": string(high, low)}, {"emoji": flag})


def _mrkdwn(high: int, low: int) -> Check:
    return shape({"text": string(high, low)}, {"verbatim": flag})
