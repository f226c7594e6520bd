"""slackblocks as a second opinion: builds its objects from our JSON, and so lets it complain."""

from collections.abc import Callable
from typing import Any, Final

import slackblocks as sb

from bot.blocks import Json

_ELEMENTS: Final[dict[str, type]] = {
    "button": sb.Button,
    "overflow": sb.OverflowMenu,
    "plain_text_input": sb.PlainTextInput,
    "static_select": sb.StaticSelectMenu,
    "external_select": sb.ExternalSelectMenu,
}
_BLOCKS: Final[dict[str, type]] = {
    "section": sb.SectionBlock,
    "actions": sb.ActionsBlock,
    "input": sb.InputBlock,
    "header": sb.HeaderBlock,
    "context": sb.ContextBlock,
}


def of_message(blocks: list[Json]) -> None:
    """Raises what slackblocks has against a message with these blocks."""
    sb.Message(channel="C0", text="x", blocks=_built(blocks))


def of_view(view: Json) -> None:
    """Raises what slackblocks has against a modal or an App Home."""
    kind: Any = sb.HomeTabView if view["type"] == "home" else sb.ModalView
    more = {name: one for name, one in view.items() if name not in ("type", "blocks")}
    kind(blocks=_built(view["blocks"]), **{name: _part(one) for name, one in more.items()})


def _built(blocks: list[Json]) -> list[Any]:
    return [_block(one) for one in blocks]


def _block(block: Json) -> Any:
    if block["type"] == "rich_text":
        (element,) = block["elements"]
        lines: Any = [sb.RichText(one["text"]) for one in element["elements"]]
        return sb.RichTextBlock(sb.RichTextCodeBlock(lines))
    return _made(_BLOCKS[block["type"]], block)


def _made(kind: Callable[..., Any], told: Json) -> Any:
    return kind(**{name: _part(one) for name, one in told.items() if name != "type"})


def _part(value: Any) -> Any:
    if isinstance(value, list):
        return [_part(one) for one in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("type")
    if kind in ("plain_text", "mrkdwn"):
        more = {name: value[name] for name in ("emoji", "verbatim") if name in value}
        return sb.Text(value["text"], sb.TextType(kind), **more)
    if kind is None:
        return _made(sb.ConfirmationDialogue if "confirm" in value else sb.Option, value)
    return _made(_ELEMENTS[kind], value)
