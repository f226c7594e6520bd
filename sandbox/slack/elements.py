"""Block Kit's elements and their limits, as data.

Source: docs.slack.dev/reference/block-kit/block-elements.
"""

from collections.abc import Mapping
from typing import Any, Final

from sandbox.slack.shapes import (
    Check,
    anything,
    complaint,
    flag,
    items,
    number,
    plain,
    shape,
    string,
    text,
    typed,
    word,
)

ID: Final = string(255, 1)
_DATE: Final = string(10, 10)
_TIME: Final = string(5, 5)

CONFIRM: Final = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": word("primary", "danger")},
)


def _option(*, rich: bool = False, url: bool = False) -> Check:
    """An option of a menu; radio buttons and checkboxes take mrkdwn too, an overflow menu a url."""
    label = text if rich else plain
    more: dict[str, Check] = {"description": label(75)}
    if url:
        more["url"] = string(3000, 1)
    return shape({"text": label(75), "value": string(150, 1)}, more)


OPTION: Final = _option()
OPTION_GROUP: Final = shape({"label": plain(75), "options": items(OPTION, 100)})
_PROMPT: Final[Mapping[str, Check]] = {
    "action_id": ID,
    "confirm": CONFIRM,
    "focus_on_load": flag,
    "placeholder": plain(150),
}
_CHOICES: Final[Mapping[str, Check]] = {
    "options": items(OPTION, 100),
    "option_groups": items(OPTION_GROUP, 100),
}
_UNPLACED: Final = {name: check for name, check in _PROMPT.items() if name != "placeholder"}


def options_of(element: Mapping[str, Any]) -> list[Any]:
    """Every option a menu offers, out of its groups too."""
    grouped = [o for group in element.get("option_groups", []) for o in group.get("options", [])]
    return [*element.get("options", []), *grouped]


def _offering(check_shape: Check) -> Check:
    """A menu whose initial choice is among what it offers, word for word."""

    def check(value: Any, pointer: str) -> list[str]:
        wrong = check_shape(value, pointer)
        if wrong:
            return wrong
        first = value.get("initial_options", [])
        chosen = [value["initial_option"]] if "initial_option" in value else first
        if all(option in options_of(value) for option in chosen):
            return []
        return [complaint("initial option(s) must match exactly one of the options", pointer)]

    return check


def _ticked(high: int) -> Check:
    rich = _option(rich=True)
    return items(rich, high)


def _menu(more: Mapping[str, Check]) -> Check:
    return _offering(
        shape({}, {**_PROMPT, **_CHOICES, **more}, any_of=("options", "option_groups"))
    )


def _picker(more: Mapping[str, Check]) -> Check:
    return shape({}, {**_PROMPT, **more})


BUTTON: Final = shape(
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": string(3000),
        "value": string(2000),
        "style": word("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)
IMAGE_ELEMENT: Final = shape(
    {"alt_text": string(2000, 1)},
    {"image_url": string(3000, 1), "slack_file": anything},
    any_of=("image_url", "slack_file"),
)
_MENUS: Final[Mapping[str, Check]] = {
    "static_select": _menu({"initial_option": _option()}),
    "multi_static_select": _menu(
        {"initial_options": items(_option(), 100), "max_selected_items": number(1, 100)}
    ),
    "external_select": _picker({"initial_option": _option(), "min_query_length": number(0, 255)}),
    "users_select": _picker({"initial_user": string(255, 1)}),
    "conversations_select": _picker(
        {
            "initial_conversation": string(255, 1),
            "default_to_current_conversation": flag,
            "response_url_enabled": flag,
            "filter": anything,
        }
    ),
    "radio_buttons": _offering(
        shape({"options": _ticked(10)}, {**_UNPLACED, "initial_option": _option(rich=True)})
    ),
    "checkboxes": _offering(
        shape({"options": _ticked(10)}, {**_UNPLACED, "initial_options": _ticked(10)})
    ),
    "datepicker": _picker({"initial_date": _DATE}),
    "timepicker": _picker({"initial_time": _TIME, "timezone": string(255, 1)}),
    "datetimepicker": shape({}, {**_UNPLACED, "initial_date_time": number(0, 9_999_999_999)}),
}
_ON_MESSAGES: Final[Mapping[str, Check]] = {
    **_MENUS,
    "button": BUTTON,
    "overflow": shape(
        {"options": items(_option(url=True), 5)}, {"action_id": ID, "confirm": CONFIRM}
    ),
}
_TYPED_IN: Final[Mapping[str, Check]] = {
    "plain_text_input": _picker(
        {
            "initial_value": string(3000),
            "multiline": flag,
            "min_length": number(0, 3000),
            "max_length": number(1, 3000),
            "dispatch_action_config": anything,
        }
    ),
    "number_input": shape(
        {"is_decimal_allowed": flag},
        {
            **_PROMPT,
            "initial_value": string(255),
            "min_value": string(255),
            "max_value": string(255),
            "dispatch_action_config": anything,
        },
    ),
}

IN_ACTIONS: Final = typed(_ON_MESSAGES)
IN_SECTION: Final = typed({**_ON_MESSAGES, "image": IMAGE_ELEMENT})
IN_INPUT: Final = typed({**_MENUS, **_TYPED_IN})
