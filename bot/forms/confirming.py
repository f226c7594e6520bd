"""The form that confirms what cannot be taken back: somebody types what he means."""

from typing import Final

from bot import blocks
from bot.blocks import Json
from bot.command import Account, Everything, RevokeAll, render
from bot.forms import parts

CALLBACK: Final = "revokeall"
TITLE: Final = "End all access"


def form(command: RevokeAll, scope: str, *, number: int) -> Json:
    """Says what would end, and asks for the word. `scope` is mrkdwn."""
    word = _word(command)
    return parts.modal(
        CALLBACK,
        TITLE,
        [
            blocks.section(
                f":red_circle: *{number} request{'s' if number != 1 else ''}* of {scope} will be "
                "ended or withdrawn at once, open sessions too."
            ),
            parts.field(
                "word",
                f"Type {word} to end them",
                parts.line("word", most=100),
                hint="Nothing is ended unless it is typed exactly so.",
            ),
        ],
        submit=blocks.plain("End All Access", blocks.TITLE),
        private_metadata=render(command),
    )


def command(view: Json) -> tuple[str, dict[str, str]]:
    """The command, if the word was typed; else what is wrong."""
    label = next(one["label"]["text"] for one in view["blocks"] if one["type"] == "input")
    typed = parts.said(view).get("word", "").strip()
    if label == f"Type {typed} to end them":
        return str(view["private_metadata"]), {}
    return "", {"word": "That is not the word, so nothing is ended."}


def _word(command: RevokeAll) -> str:
    if isinstance(command.scope, Everything):
        return "everything"
    return command.scope.name if isinstance(command.scope, Account) else "revoke"
