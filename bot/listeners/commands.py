"""`/xacct …`: what is clear is taken down, what is not is answered at once; a request that leaves
something out opens the form that asks for it.
"""

from typing import Any

from slack_bolt import Ack, App

from bot.command import (
    BreakGlass,
    Help,
    Request,
    RevokeAll,
    Sign,
    Unclear,
    help_text,
    parse,
)
from bot.desk import Desk

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """The one slash command."""

    @app.command("/xacct")
    def xacct(ack: Ack, body: Json) -> None:
        command = parse(str(body.get("text") or ""))
        match command:
            case Unclear(sentence):
                words: str | None = sentence
            case Help(topic):
                words = help_text(topic)
            case Request() if not command.is_complete:
                words = desk.form(body, command)
            case RevokeAll():
                words = desk.forms.confirm(body, command)
            case BreakGlass():
                words = desk.forms.break_glass(body, command)
            case Sign():
                words = desk.forms.sign(body, command)
            case _:
                words = desk.command(type(command).__name__.lower(), body)
        ack(text=words, response_type="ephemeral") if words else ack()
