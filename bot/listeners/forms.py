"""Forms: opened, chosen in, sent. What is sent is a command like any that is typed."""

from typing import Any, Final

from slack_bolt import Ack, App

from bot.command import Request
from bot.desk import Desk, reader_of
from bot.forms import about, asking, confirming, parts
from bot.forms.asking import plainly
from bot.listeners.buttons import OLD, number_in

SHORTCUT: Final = "xacct_request"
_NOTHING: Final = Request(None, None, None, "", None)

Json = dict[str, Any]


def register(app: App, desk: Desk) -> None:
    """The global shortcut; the buttons that open forms; the menus in them; what is sent."""

    def shortcut(ack: Ack, body: Json) -> None:
        if (problem := desk.form(body, _NOTHING)) is not None:
            desk.aside(reader_of(body), problem)
        ack()

    def opens(ack: Ack, body: Json, action: Json) -> None:
        number = number_in(action)
        problem = desk.forms.about(action["action_id"], body, number) if number else OLD
        if problem is not None:
            desk.aside(reader_of(body), problem)
        if number:
            desk.doubles.clicked(body, number)
        ack()

    app.shortcut(SHORTCUT)(shortcut)
    app.action("ask")(shortcut)
    for action_id in ("deny", "extend", "again"):
        app.action(action_id)(opens)
    _register_menus(app, desk)
    _register_sending(app, desk)


def _register_menus(app: App, desk: Desk) -> None:
    def chosen(ack: Ack, body: Json) -> None:
        desk.forms.refill(body)
        ack()

    def account_options(ack: Ack, body: Json) -> None:
        ack(options=asking.accounts(desk.catalog, body["user"]["id"], body.get("value") or ""))

    def role_options(ack: Ack, body: Json) -> None:
        account, typed = body["block_id"].removeprefix("role-"), body.get("value") or ""
        ack(options=asking.roles(desk.catalog, body["user"]["id"], account, typed))

    for action_id in ("account", "role"):
        app.action(action_id)(chosen)
    app.options("account")(account_options)
    app.options("role")(role_options)


def _register_sending(app: App, desk: Desk) -> None:
    def request(ack: Ack, body: Json, view: Json) -> None:
        filled = asking.chosen(desk.catalog, body["user"]["id"], view)
        send(desk, ack, body, asking.command(filled, view))

    def one(ack: Ack, body: Json, view: Json) -> None:
        send(desk, ack, body, about.command(view))

    def all_of_it(ack: Ack, body: Json, view: Json) -> None:
        send(desk, ack, body, confirming.command(view))

    app.view(asking.CALLBACK)(request)
    app.view(confirming.CALLBACK)(all_of_it)
    app.view(about.DENY)(one)
    app.view(about.EXTEND)(one)


def send(desk: Desk, ack: Ack, body: Json, said: tuple[str, dict[str, str]]) -> None:
    """Takes down the command that a form says, or shows what is wrong beside its fields."""
    text, errors = said
    if errors:
        ack(response_action="errors", errors=errors)
        return
    view = body["view"]
    problem = desk.submit(view["callback_id"], body, text)
    if problem is not None:  # beside a field: what was written stays
        ack(response_action="errors", errors={parts.first_block(view): plainly(problem)})
        return
    ack(response_action="update", view=parts.working(view["title"]["text"]))
