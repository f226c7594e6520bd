"""Block Kit's limits for messages and modals, as data, and the checks that hold an app to them.

Source: docs.slack.dev/reference/block-kit and .../surfaces/modals. A block type that stands in no
table is refused as `unsupported type`, never waved through.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sandbox.slack.elements import ID, IMAGE_ELEMENT, IN_ACTIONS, IN_INPUT, IN_SECTION
from sandbox.slack.shapes import (
    Check,
    anything,
    complaint,
    flag,
    items,
    plain,
    shape,
    string,
    text,
    typed,
    word,
)
from sandbox.slack.values import Json, SlackError

MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
VIEW_BYTES: Final = 250_000
MARKDOWN_CHARACTERS: Final = 12_000
TABLE_CHARACTERS: Final = 10_000

_OWN: Final[Mapping[str, Check]] = {"block_id": ID}
_RICH_KINDS: Final[Mapping[str, Mapping[str, Check]]] = {
    "rich_text_section": {},
    "rich_text_preformatted": {"border": anything, "language": anything},
    "rich_text_quote": {"border": anything},
    "rich_text_list": {
        "style": word("bullet", "ordered"),
        "indent": anything,
        "offset": anything,
        "border": anything,
    },
}
_RICH: Final = typed(
    {
        kind: shape({"elements": items(anything, 1000, 0)}, more)
        for kind, more in _RICH_KINDS.items()
    }
)
_RICH_TEXT: Final = shape({"elements": items(_RICH, 1000, 0)}, _OWN)
_CELL: Final = typed(
    {"raw_text": shape({"text": string(TABLE_CHARACTERS, 1)}), "rich_text": _RICH_TEXT}
)

EVERYWHERE: Final[Mapping[str, Check]] = {
    "section": shape(
        {},
        {
            **_OWN,
            "text": text(3000),
            "fields": items(text(2000), 10),
            "accessory": IN_SECTION,
            "expand": flag,
        },
        any_of=("text", "fields"),
    ),
    "divider": shape({}, _OWN),
    "header": shape({"text": plain(150)}, _OWN),
    "context": shape(
        {
            "elements": items(
                typed({"plain_text": text(3000), "mrkdwn": text(3000), "image": IMAGE_ELEMENT}), 10
            )
        },
        _OWN,
    ),
    "actions": shape({"elements": items(IN_ACTIONS, 25)}, _OWN),
    "image": shape(
        {"alt_text": string(2000, 1)},
        {**_OWN, "image_url": string(3000, 1), "slack_file": anything, "title": plain(2000)},
        any_of=("image_url", "slack_file"),
    ),
    "input": shape(
        {"label": plain(2000), "element": IN_INPUT},
        {**_OWN, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "rich_text": _RICH_TEXT,
}
TABLE: Final = shape(
    {"rows": items(items(_CELL, 20), 100)},
    {**_OWN, "column_settings": items(anything, 20, 0)},
)
_IN_MESSAGES: Final = typed(
    {
        **EVERYWHERE,
        "markdown": shape({"text": string(MARKDOWN_CHARACTERS, 1)}, _OWN),
        "table": TABLE,
    }
)
_IN_MODALS: Final = typed(
    {
        **EVERYWHERE,
        "alert": shape(
            {"text": text(200)},
            {**_OWN, "level": word("default", "info", "warning", "error", "success")},
        ),
    }
)
_MODAL: Final = typed(
    {
        "modal": shape(
            {"title": plain(24), "blocks": items(_IN_MODALS, VIEW_BLOCKS, 0)},
            {
                "submit": plain(24),
                "close": plain(24),
                "private_metadata": string(3000),
                "callback_id": string(255),
                "external_id": string(255),
                "clear_on_close": flag,
                "notify_on_close": flag,
                "submit_disabled": flag,
            },
        )
    }
)


def message_complaints(blocks: Any) -> list[str]:
    """What is wrong with the blocks of a message, in Slack's words; empty if nothing is."""
    wrong = items(_IN_MESSAGES, MESSAGE_BLOCKS, 0)(blocks, "/blocks")
    return wrong or [*repeated_ids(blocks, "/blocks"), *over_the_whole(blocks, "/blocks")]


def view_complaints(view: Any) -> list[str]:
    """What is wrong with a modal, in Slack's words; empty if nothing is."""
    wrong = _MODAL(view, "/view")
    if wrong:
        return wrong
    unsubmittable = [
        complaint(
            "must define `submit` to use an `input` block in modals", f"/view/blocks/{i}/input"
        )
        for i, block in enumerate(view["blocks"])
        if block["type"] == "input" and "submit" not in view
    ]
    return [*repeated_ids(view["blocks"], "/view/blocks"), *unsubmittable]


def checked_blocks(blocks: Any) -> list[Json]:
    """The blocks of a message as a list; what Slack refuses raises `invalid_blocks`."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if wrong := message_complaints(blocks):
        raise SlackError("invalid_blocks", wrong)
    return blocks


def checked_view(view: Any, complaints: Callable[[Any], list[str]] = view_complaints) -> Json:
    """The view as an object; what Slack refuses raises `invalid_arguments` or `view_too_large`."""
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        raise SlackError("view_too_large")
    if wrong := complaints(view):
        raise SlackError("invalid_arguments", wrong)
    accepted: Json = view
    return accepted


def repeated_ids(blocks: list[Json], pointer: str) -> list[str]:
    """A block_id twice in a surface, an action_id twice in a block."""
    wrong = [
        complaint(f"`block_id` {name} already exists", pointer)
        for name in _repeated(block["block_id"] for block in blocks if "block_id" in block)
    ]
    for i, block in enumerate(blocks):
        if block["type"] != "actions":
            continue
        ids = (e["action_id"] for e in block["elements"] if "action_id" in e)
        wrong += [
            complaint(f"`action_id` {name} already exists in this block", f"{pointer}/{i}/elements")
            for name in _repeated(ids)
        ]
    return wrong


def _repeated(names: Iterator[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def over_the_whole(blocks: list[Json], pointer: str) -> list[str]:
    """Limits that count over all blocks: markdown together, one table, a table's text together."""
    wrong = []
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        words = f"markdown blocks must be less than {MARKDOWN_CHARACTERS + 1} characters together"
        wrong.append(complaint(words, pointer))
    tables = [(i, block) for i, block in enumerate(blocks) if block["type"] == "table"]
    if len(tables) > 1:
        wrong.append(complaint("no more than 1 table block allowed", pointer))
    for i, table in tables:
        if (
            sum(len(cell) for row in table["rows"] for cell in map(_cell_text, row))
            > TABLE_CHARACTERS
        ):
            words = f"must be less than {TABLE_CHARACTERS + 1} characters"
            wrong.append(complaint(words, f"{pointer}/{i}/rows"))
    return wrong


def _cell_text(cell: Json) -> str:
    return cell["text"] if cell["type"] == "raw_text" else _spoken(cell)


def _spoken(node: Any) -> str:
    """All the text inside a rich_text value."""
    if isinstance(node, list):
        return "".join(map(_spoken, node))
    if isinstance(node, dict):
        return str(node.get("text", "")) + _spoken(node.get("elements", []))
    return ""
