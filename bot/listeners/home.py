"""App Home: shown anew whenever somebody opens it, or says so."""

from typing import Any

from slack_bolt import Ack, App

from bot.desk import Desk

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """The event, and the button that shows it anew."""

    def opened(ack: Ack, body: Json, event: Json) -> None:
        if event.get("tab") == "home":
            desk.opened(body, event)
        ack()

    def refresh(ack: Ack, body: Json) -> None:
        desk.click("home", body, {})
        ack()

    app.event("app_home_opened")(opened)
    app.action("refresh")(refresh)
