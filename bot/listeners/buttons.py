"""Clicks. A button's value names a request and the terms that were shown beside it, or an alert
and a member that was listed in it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from slack_bolt import Ack, App

from bot.desk import Desk, reader_of

OLD: Final = "This button is from an older version of xacct. Use `/xacct list` instead."

_NUMBER: Final = "[1-9][0-9]{0,8}"
_REQUEST: Final = re.compile(rf"(?P<request>{_NUMBER})(?::(?P<terms>[0-9a-f]{{1,64}}))?")
_ALERT: Final = re.compile(rf"(?P<alert>{_NUMBER})")
_MEMBER: Final = re.compile(rf"(?P<alert>{_NUMBER}):(?P<member>[0-9a-f]{{1,64}})")
_PRESSED: Final[Mapping[str, tuple[str, re.Pattern[str]]]] = {
    "approve": ("approve", _REQUEST),
    "approve_less": ("approve", _REQUEST),
    "revoke": ("revoke", _REQUEST),
    "cancel": ("cancel", _REQUEST),
    "retry": ("retry", _REQUEST),
    "credentials": ("credentials", _REQUEST),
    "remove": ("remove", _MEMBER),
    "leave": ("leave", _ALERT),
}
"""action_id → the kind of inbox row that a click becomes, and what its value looks like."""

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Everything that acts at once, on requests and on alerts."""

    def pressed(ack: Ack, body: Json, action: Json) -> None:
        kind, shape = _PRESSED[action["action_id"]]
        value = shape.fullmatch(_value(action))
        if value is None:
            desk.aside(reader_of(body), OLD)
        else:
            said = {name: _read(name, one) for name, one in value.groupdict("").items()}
            desk.click(kind, body, said)
            if "request" in said:
                desk.doubles.clicked(body, int(said["request"]))
        ack()

    for action_id in _PRESSED:
        app.action(action_id)(pressed)


def number_in(action: Json) -> int | None:
    """The request that a button names; None where it names none."""
    value = _REQUEST.fullmatch(_value(action))
    return int(value["request"]) if value is not None else None


def _value(action: Json) -> str:
    """What a button, or what was chosen from a menu, holds."""
    return str((action.get("selected_option") or action).get("value", ""))


def _read(name: str, said: str) -> str | int:
    return int(said) if name in ("request", "alert") else said
