"""The desk: where everything that people type and click is taken down, and nothing is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bot.inbox_writer import Busy, Unsure
from db.store.inbox import Said
from workflows.clock import Clock

BUSY: Final = "xacct is busy, nothing was recorded. Please repeat it in a moment."
UNSURE: Final = (
    "xacct's database failed while this was being written: it may be recorded, or not. Look at "
    "`/xacct list` before you repeat it."
)

Json = dict[str, Any]
Aside = Callable[[str | None, str], None]
"""Tells one person something later, through a response_url, without waiting for it."""


@dataclass(frozen=True)
class Desk:
    """`put` makes a row durable; `aside` is for what an acknowledgement cannot carry."""

    put: Callable[[Said], None]
    aside: Aside
    clock: Clock

    def command(self, kind: str, body: Json) -> str | None:
        """Takes down a typed command. None, or what its acknowledgement says."""
        return self._take(
            Said(
                key=body["trigger_id"],
                kind=kind,
                team=body["team_id"],
                user=body["user_id"],
                said={"text": body.get("text", "")},
                response_url=body.get("response_url"),
                at=self.clock.now(),
            )
        )

    def click(self, kind: str, body: Json, said: Json) -> None:
        """Takes down a click. An acknowledgement of a click carries no words."""
        action, user = body["actions"][0], body["user"]
        place = body.get("container", {}).get("message_ts", "")
        problem = self._take(
            Said(
                key=f"{action['action_ts']}:{user['id']}:{action['action_id']}:{place}",
                kind=kind,
                team=user.get("team_id") or body["team"]["id"],
                user=user["id"],
                said={**said, "trigger": body.get("trigger_id", "")},
                response_url=body.get("response_url"),
                at=self.clock.now(),
            )
        )
        if problem is not None:
            self.aside(body.get("response_url"), problem)

    def turn_away(self, payload: Json) -> Json | None:
        """Says that what came was not taken; returns what its acknowledgement says."""
        if "command" in payload:
            return {"response_type": "ephemeral", "text": BUSY}
        self.aside(payload.get("response_url"), BUSY)
        return None

    def _take(self, said: Said) -> str | None:
        try:
            self.put(said)
        except Busy:
            return BUSY
        except Unsure:
            return UNSURE
        return None
