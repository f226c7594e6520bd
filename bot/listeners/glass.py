"""Break-glass: the buttons that open its windows, and what is sent from them."""

from typing import Any

from slack_bolt import Ack, App

from bot.command import BreakGlass, Sign
from bot.desk import Desk, reader_of
from bot.forms import glass
from bot.listeners.buttons import OLD, number_in
from bot.listeners.forms import send

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """Opening a role without an approver, and signing the review of that."""

    def breaks(ack: Ack, body: Json) -> None:
        tell(body, desk.forms.break_glass(body, BreakGlass(None, None)))
        ack()

    def signs(ack: Ack, body: Json, action: Json) -> None:
        number = number_in(action)
        tell(body, desk.forms.sign(body, Sign(number)) if number else OLD)
        ack()

    def tell(body: Json, problem: str | None) -> None:
        if problem is not None:
            desk.aside(reader_of(body), problem)

    def broken(ack: Ack, body: Json, view: Json) -> None:
        send(desk, ack, body, glass.break_command(desk.catalog, body["user"]["id"], view))

    def signed(ack: Ack, body: Json, view: Json) -> None:
        send(desk, ack, body, glass.sign_command(view))

    app.action("break_glass")(breaks)
    app.action("sign")(signs)
    app.view(glass.BREAK)(broken)
    app.view(glass.SIGN)(signed)
