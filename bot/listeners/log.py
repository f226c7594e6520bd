"""Clicks below a page of the audit log. A button holds a place in the log, and the question."""

import re
from typing import Any, Final

from slack_bolt import Ack, App

from bot.desk import Desk, reader_of
from bot.listeners.buttons import OLD

_VALUE: Final = re.compile(r"(?P<place>[0-9]{1,12}):(?P<question>.*)", re.DOTALL)
_KINDS: Final = {
    "audit_previous": ("page", "above"),
    "audit_next": ("page", "below"),
    "audit_csv": ("export", "csv"),
    "audit_json": ("export", "json"),
}

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Paging, and exports."""

    def pressed(ack: Ack, body: Json, action: Json) -> None:
        kind, how = _KINDS[action["action_id"]]
        value = _VALUE.fullmatch(str(action.get("value", "")))
        if value is None:
            desk.aside(reader_of(body), OLD)
        else:
            place = {how: int(value["place"])} if kind == "page" else {"form": how}
            desk.click(kind, body, {"question": value["question"], **place})
        ack()

    for action_id in _KINDS:
        app.action(action_id)(pressed)
