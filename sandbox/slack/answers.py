"""What a person puts into inputs, as Slack's client checks it and as payloads carry it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, Final

from sandbox.slack.elements import options_of
from sandbox.slack.values import Json, Refused

_FIELD: Final[Mapping[str, str]] = {
    "plain_text_input": "value",
    "number_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
"""Where an element's state holds its answer; buttons and overflow menus keep none."""


def action(element: Json, value: Any) -> Json:
    """The action of a click: a button's `value`, or what was chosen from a menu."""
    if element["type"] == "button":
        carried = element.get("value") if value is None else value
        chosen = {} if carried is None else {"value": carried}
        return {"type": "button", "text": element.get("text"), **chosen}
    if element["type"] == "overflow":
        return {"type": "overflow", "selected_option": _option(element, value)}
    return _answer(element, value)


def state(blocks: list[Json], values: Mapping[str, Any], chosen: Json | None = None) -> Json:
    """`state.values`: by block_id, then action_id. What `values` leaves out stays as it is.

    That is what was `chosen` there before (a state of its own), or else the element's first value.
    A value is found under its element's action_id or its block's block_id: a string, a list of
    strings where several may be chosen (an option is named by its `value`), or None to empty it.
    """
    known = Counter(chain.from_iterable(_names(b, element) for b, element in _stateful(blocks)))
    for name in values:
        if known[name] != 1:
            raise Refused(f"there are {known[name]} inputs called {name}")
    found: Json = {}
    for block, element in _stateful(blocks):
        given = [values[name] for name in _names(block, element) if name in values]
        as_it_is = _at(chosen or {}, block, element) or _first(element)
        answer = _answer(element, given[0]) if given else as_it_is
        found.setdefault(block["block_id"], {})[element["action_id"]] = answer
    return found


def dispatches(blocks: list[Json], element: Json) -> bool:
    """Whether acting on an element (with its `block_id`) is told at once; in inputs if asked for.

    Source: docs.slack.dev/reference/block-kit/blocks/input-block, `dispatch_action`.
    """
    block = next(block for block in blocks if block["block_id"] == element["block_id"])
    return block["type"] != "input" or bool(block.get("dispatch_action"))


def choosing(element: Json, value: Any) -> Json:
    """The state of the one element (with its `block_id`) that was chosen from; none of a button."""
    if element["type"] not in _FIELD:
        return {}
    return {element["block_id"]: {element["action_id"]: _answer(element, value)}}


def merged(earlier: Json, later: Json) -> Json:
    """Two states as one; where both have an answer, the later."""
    both = {block_id: {**earlier.get(block_id, {}), **given} for block_id, given in later.items()}
    return {**earlier, **both}


def kept(blocks: list[Json], earlier: Json) -> Json:
    """What of an earlier state stays when a view is given new blocks.

    Inputs whose block_id and action_id stay the same keep it (docs.slack.dev/surfaces/modals).
    """
    left: Json = {}
    for block, element in _stateful(blocks):
        answer = _at(earlier, block, element)
        if answer:
            left.setdefault(block["block_id"], {})[element["action_id"]] = answer
    return left


def check_complete(blocks: list[Json], values: Json) -> None:
    """Refuses, as Slack's client does, an empty required input and a text out of its bounds."""
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        answer = values[block["block_id"]][element["action_id"]]
        said = answer[_FIELD[element["type"]]]
        if not said and not block.get("optional"):
            raise Refused(f"{block['block_id']}: please complete this required field")
        if element["type"] == "plain_text_input" and said:
            low, high = element.get("min_length", 0), element.get("max_length", 3000)
            if not low <= len(said) <= high:
                raise Refused(f"{block['block_id']}: between {low} and {high} characters, please")


def input_blocks(blocks: list[Json]) -> set[str]:
    """The block_ids beside which an error can be shown."""
    return {block["block_id"] for block in blocks if block["type"] == "input"}


def _at(values: Json, block: Json, element: Json) -> Json | None:
    """The answer of an element in a state, if it has one of the element's kind."""
    answer: Json | None = values.get(block["block_id"], {}).get(element["action_id"])
    return answer if answer and answer["type"] == element["type"] else None


def _names(block: Json, element: Json) -> set[str]:
    return {element["action_id"], block["block_id"]}


def _stateful(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        inside = [block.get("element"), block.get("accessory")]
        if block["type"] == "actions":
            inside = block["elements"]
        for element in inside:
            if element and element["type"] in _FIELD:
                yield block, element


def _first(element: Json) -> Json:
    """An element's state as long as nobody touched it."""
    field = _FIELD[element["type"]]
    initial = element.get("initial_" + field.removeprefix("selected_"))
    empty: list[Json] | None = [] if field == "selected_options" else None
    return {"type": element["type"], field: empty if initial is None else initial}


def _answer(element: Json, value: Any) -> Json:
    field = _FIELD[element["type"]]
    chosen = value
    if field == "selected_option" and value is not None:
        chosen = _option(element, value)
    if field == "selected_options":
        chosen = [_option(element, one) for one in value or []]
    return {"type": element["type"], field: chosen}


def _option(element: Json, value: Any) -> Json:
    """The offered option of that value, or that is the value."""
    for option in options_of(element):
        if value in (option["value"], option):
            found: Json = option
            return found
    raise Refused(f"{value!r} is not one of the options of {element['action_id']}")
