"""What forms are made of (docs.slack.dev/surfaces/modals, docs.slack.dev/reference/block-kit)."""

from collections.abc import Sequence
from typing import Any, Final

from bot import blocks
from bot.blocks import Json

OPTION: Final = 75
HINT: Final = 2000
OPTIONS: Final = 100
"""The most that a menu shows at a time; typing narrows it down."""


def modal(callback_id: str, title: str, parts: Sequence[Json], **more: Any) -> Json:
    """A view. Only with `submit` among `more` can it be sent."""
    return {
        "type": "modal",
        "callback_id": callback_id,
        "title": blocks.plain(title, blocks.TITLE),
        "close": blocks.plain("Cancel" if "submit" in more else "Close", blocks.TITLE),
        "blocks": list(parts),
        **more,
    }


def loading(title: str) -> Json:
    """What stands there until it is known who opened it."""
    return modal("loading", title, [blocks.plain_section("One moment…")])


def working(title: str) -> Json:
    """What stands there after it was sent, until it was done."""
    return modal("working", title, [blocks.plain_section("Sent. One moment…")])


def outcome(title: str, words: str) -> Json:
    """What came of it; the words are mrkdwn already."""
    return modal("outcome", title, [blocks.section(words)])


def option(text: str, value: str) -> Json:
    """One choice; what it means is in the value, whatever is cut from the text."""
    return {"text": blocks.plain(text, OPTION), "value": value}


def field(block_id: str, label: str, element: Json, *, hint: str = "", **more: Any) -> Json:
    """One input with its label."""
    shown = {"hint": blocks.plain(hint, HINT)} if hint else {}
    return {
        "type": "input",
        "block_id": block_id,
        "label": blocks.plain(label, HINT),
        "element": element,
        **shown,
        **more,
    }


def line(action_id: str, *, value: str = "", most: int, multiline: bool = False) -> Json:
    """An input for words."""
    initial = {"initial_value": blocks.cut(value, most)} if value else {}
    return {
        "type": "plain_text_input",
        "action_id": action_id,
        "max_length": most,
        "multiline": multiline,
        **initial,
    }


def search(action_id: str, placeholder: str, *, chosen: Json | None = None) -> Json:
    """A menu whose options are asked of xacct while the person types."""
    initial = {"initial_option": chosen} if chosen is not None else {}
    return {
        "type": "external_select",
        "action_id": action_id,
        "placeholder": blocks.plain(placeholder, 150),
        "min_query_length": 0,
        **initial,
    }


def said(view: Json) -> dict[str, str]:
    """action_id → what stands in that input, empty where nothing does."""
    found: dict[str, str] = {}
    for inputs in view.get("state", {}).get("values", {}).values():
        for action_id, state in inputs.items():
            chosen = state.get("selected_option") or {}
            found[action_id] = str(state.get("value") or chosen.get("value") or "")
    return found


def first_block(view: Json) -> str:
    """The first input block: where an error stands that is about none in particular."""
    return next(str(one["block_id"]) for one in view["blocks"] if one["type"] == "input")


def block_of(view: Json, action_id: str) -> str | None:
    """The input block in which this element stands: errors are shown beside it."""
    for block in view.get("blocks", []):
        if block.get("element", {}).get("action_id") == action_id:
            return str(block["block_id"])
    return None
