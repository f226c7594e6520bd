"""Clicks. A button's value names a request and the terms that were shown beside it, or an alert."""

import re
from typing import Any, Final

from slack_bolt import Ack, App

from bot.desk import Desk

OLD: Final = "This button is from an older version of xacct. Use `/xacct list` instead."

_MEMBER: Final = re.compile(
    r"(?P<alert>[1-9][0-9]{0,8}):(?P<user>[A-Z0-9]{16,128}):(?P<group>[\w+=,.@-]{1,128})"
)
_ALERT: Final = re.compile(r"(?P<alert>[1-9][0-9]{0,8})")
_REQUEST: Final = re.compile(r"(?P<request>[1-9][0-9]{0,8})(?::(?P<terms>[0-9a-f]{1,64}))?")

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Approve, Deny, Revoke and Get Credentials; on alerts, Remove and Leave."""

    def pressed(ack: Ack, body: Json, action: Json) -> None:
        value = _REQUEST.fullmatch(str(action.get("value", "")))
        if value is None:
            desk.aside(body.get("response_url"), OLD)
        else:
            said = {"request": int(value["request"]), "terms": value["terms"] or ""}
            desk.click(action["action_id"], body, said)
        ack()

    def answered(ack: Ack, body: Json, action: Json) -> None:
        shape = _MEMBER if action["action_id"] == "remove" else _ALERT
        value = shape.fullmatch(str(action.get("value", "")))
        if value is None:
            desk.aside(body.get("response_url"), OLD)
        else:
            said = value.groupdict()
            desk.click(action["action_id"], body, {**said, "alert": int(said["alert"])})
        ack()

    for action_id in ("approve", "deny", "revoke", "credentials"):
        app.action(action_id)(pressed)
    for action_id in ("remove", "leave"):
        app.action(action_id)(answered)
