"""The desk: where everything that people type and click is taken down, and nothing is done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from bot.cards import Drawing
from bot.command import Request
from bot.doubles import Doubles
from bot.forms.opener import Opener, Sender
from bot.inbox_writer import Busy, Unsure
from bot.telling import Reader
from db.store.inbox import Said
from workflows.catalog.model import Catalog
from workflows.clock import Clock

BUSY: Final = "xacct is busy, nothing was recorded. Please repeat it in a moment."
UNSURE: Final = (
    "xacct's database failed while this was being written: it may be recorded, or not. Look at "
    "`/xacct list` before you repeat it."
)

Json = dict[str, Any]
Aside = Callable[[Reader, str | Drawing], None]
"""Tells one person something later, without waiting for it."""


@dataclass(frozen=True)
class Desk:
    """`put` makes a row durable; `aside` is for what an acknowledgement cannot carry; `forms` opens
    windows, the one thing that is asked of Slack before the acknowledgement; `doubles` finds cards
    that were posted twice.
    """

    put: Callable[[Said], None]
    aside: Aside
    clock: Clock
    catalog: Catalog
    forms: Opener
    doubles: Doubles

    def command(self, kind: str, body: Json) -> str | None:
        """Takes down a typed command. None, or what its acknowledgement says."""
        who = Sender.of(body)
        return self._take(
            Said(
                key=body["trigger_id"],
                kind=kind,
                team=who.team_in(self.catalog),
                user=who.user,
                said={"text": body.get("text", "")},
                response_url=body.get("response_url"),
                at=self.clock.now(),
            )
        )

    def click(self, kind: str, body: Json, said: Json) -> None:
        """Takes down a click. An acknowledgement of a click carries no words."""
        action, who = body["actions"][0], Sender.of(body)
        place = body.get("container", {}).get("message_ts", "")
        problem = self._take(
            Said(
                key=f"{action['action_ts']}:{who.user}:{action['action_id']}:{place}",
                kind=kind,
                team=who.team_in(self.catalog),
                user=who.user,
                said={**said, **_home(body), "trigger": body.get("trigger_id", "")},
                response_url=body.get("response_url"),
                at=self.clock.now(),
            )
        )
        if problem is not None:
            self.aside(reader_of(body), problem)

    def opened(self, body: Json, event: Json) -> None:
        """Takes down that somebody opened App Home; Slack repeats an event until it is
        acknowledged.
        """
        who = Sender.of({**body, "user_id": event["user"]})
        self._take(
            Said(
                key=f"event:{body['event_id']}",
                kind="home",
                team=who.team_in(self.catalog),
                user=who.user,
                said={"home": True},
                response_url=None,
                at=self.clock.now(),
            )
        )

    def submit(self, kind: str, body: Json, text: str) -> str | None:
        """Takes down the command that a form says; sent twice, it counts once. None, or what the
        form shows instead.
        """
        view, who = body["view"], Sender.of(body)
        return self._take(
            Said(
                key=f"view:{view['id']}",
                kind=kind,
                team=who.team_in(self.catalog),
                user=who.user,
                said={"text": text, "view": view["id"], "title": view["title"]["text"]},
                response_url=None,
                at=self.clock.now(),
            )
        )

    def form(self, body: Json, command: Request) -> str | None:
        """Opens the form that asks for a role. None, or why it is not open."""
        return self.forms.ask(body, command)

    def _take(self, said: Said) -> str | None:
        try:
            self.put(said)
        except Busy:
            return BUSY
        except Unsure:
            return UNSURE
        return None


def _home(body: Json) -> Json:
    """Whether it was clicked in App Home, which then has to be shown anew."""
    return {"home": True} if body.get("view", {}).get("type") == "home" else {}


def reader_of(body: Json) -> Reader:
    """Who sent this payload, and where he is told what came of it."""
    return Reader(response_url=body.get("response_url"), user=Sender.of(body).user)


def turn_away(aside: Aside, payload: Json) -> Json | None:
    """Says that what came was not taken; returns what its acknowledgement says."""
    if "command" in payload:
        return {"response_type": "ephemeral", "text": BUSY}
    if payload.get("response_url"):
        aside(Reader(payload["response_url"]), BUSY)
    return None
