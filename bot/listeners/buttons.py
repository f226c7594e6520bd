"""Clicks. A button's value names a request, and the terms that were shown beside it."""

import re
from typing import Any, Final

from slack_bolt import Ack, App

from bot.desk import Desk

OLD: Final = "This button is from an older version of xacct. Use `/xacct list` instead."

_REQUEST: Final = re.compile(r"(?P<request>[1-9][0-9]{0,8})(?::(?P<terms>[0-9a-f]{1,64}))?")

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Approve, Deny, Revoke and Get Credentials."""

    def pressed(ack: Ack, body: Json, action: Json) -> None:
        value = _REQUEST.fullmatch(str(action.get("value", "")))
        if value is None:
            desk.aside(body.get("response_url"), OLD)
        else:
            said = {"request": int(value["request"]), "terms": value["terms"] or ""}
            desk.click(action["action_id"], body, said)
        ack()

    for action_id in ("approve", "deny", "revoke", "credentials"):
        app.action(action_id)(pressed)
