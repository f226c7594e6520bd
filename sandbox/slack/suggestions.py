"""External menus: the options that the app suggested, and to whom; nobody can choose others.

Source: docs.slack.dev/reference/block-kit/block-elements/select-menu-element#external_select,
docs.slack.dev/reference/interaction-payloads/block_suggestion-payload.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Final

from sandbox.slack.elements import OPTION, OPTION_GROUP, options_of
from sandbox.slack.shapes import items
from sandbox.slack.values import Json, Message, SlackError, View

MIN_QUERY_LENGTH: Final = 3
"""How many characters must be typed where the element does not say."""

_Place = tuple[str, str, str, str]

_MENUS: Final = frozenset(
    {
        "checkboxes",
        "external_select",
        "multi_static_select",
        "overflow",
        "radio_buttons",
        "static_select",
    }
)
_ANSWERS: Final = {
    "options": items(OPTION, 100, 0),
    "option_groups": items(OPTION_GROUP, 100, 0),
}


def suggested(ack: Json) -> list[Json]:
    """The options or option groups of an ack; what the client could not show is a `SlackError`."""
    given = [name for name in _ANSWERS if name in ack]
    if len(given) != 1:
        raise SlackError("must define either `options` or `option_groups`")
    found = ack[given[0]]
    if wrong := _ANSWERS[given[0]](found, f"/{given[0]}"):
        raise SlackError("invalid_options", wrong)
    shown: list[Json] = found
    return shown


class Suggestions:
    """Per person and external menu, every option that was shown to them there."""

    def __init__(self) -> None:
        self._shown: defaultdict[_Place, dict[str, Json]] = defaultdict(dict)

    def show(self, user: str, on: Message | View, element: Json, ack: Json) -> list[Json]:
        """Notes what the ack suggests and returns it: options or option groups."""
        shown = suggested(ack)
        place = _place(user, on, element["block_id"], element)
        self._shown[place] |= {option["value"]: option for option in options_of(ack)}
        return shown

    def filled(self, user: str, on: Message | View, forged: Iterable[Any] = ()) -> list[Json]:
        """The blocks, their external menus with what this person may choose as `options`.

        That is the initial option and what was suggested; a `forged` value is in every menu.
        """
        made_up = list(forged)

        def fill(block: Json, element: Json) -> Json:
            if element["type"] == "external_select":
                initial = [element["initial_option"]] if "initial_option" in element else []
                shown = self._shown[_place(user, on, block["block_id"], element)]
                element = {**element, "options": [*initial, *shown.values()]}
            return offering(element, made_up)

        return [_with_elements(block, fill) for block in on.blocks]


def offering(element: Json, forged: Iterable[Any]) -> Json:
    """The element, and if it is a menu with options of those values besides its own."""
    if element["type"] not in _MENUS:
        return element
    made_up = [_option(value) for value in forged if isinstance(value, str | dict)]
    return {**element, "options": [*element.get("options", []), *made_up]}


def _with_elements(block: Json, change: Callable[[Json, Json], Json]) -> Json:
    """The block with each of its elements changed."""
    changed = dict(block)
    for place in ("accessory", "element"):
        if place in block:
            changed[place] = change(block, block[place])
    if block["type"] == "actions":
        changed["elements"] = [change(block, element) for element in block["elements"]]
    return changed


def _place(user: str, on: Message | View, block_id: str, element: Json) -> _Place:
    surface = on.id if isinstance(on, View) else f"{on.channel} {on.ts}"
    return user, surface, block_id, str(element["action_id"])


def _option(value: str | Json) -> Json:
    if isinstance(value, dict):
        return value
    return {"text": {"type": "plain_text", "text": value}, "value": value}
