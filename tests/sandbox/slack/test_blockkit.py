from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack.blockkit import checked_view, message_complaints, view_complaints
from sandbox.slack.values import Json, SlackError


def plain(characters: int) -> Json:
    return {"type": "plain_text", "text": "x" * characters}


def mrkdwn(characters: int) -> Json:
    return {"type": "mrkdwn", "text": "x" * characters}


def section(**more: Any) -> Json:
    return {"type": "section", "text": mrkdwn(1), **more}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain(1), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(text: int = 1, value: int = 1, **more: Any) -> Json:
    return {"text": plain(text), "value": "v" * value, **more}


def menu(*options: Json, **more: Any) -> Json:
    return actions({"type": "static_select", "options": list(options), **more})


def grouped(label: int = 1, options: int = 1, groups: int = 1) -> Json:
    group = {"label": plain(label), "options": [option()] * options}
    return actions({"type": "static_select", "option_groups": [group] * groups})


def ticks(kind: str, options: int) -> Json:
    return actions({"type": kind, "options": [option()] * options})


def context(elements: int) -> Json:
    return {"type": "context", "elements": [mrkdwn(1)] * elements}


def header(text: Json) -> Json:
    return {"type": "header", "text": text}


def markdown(characters: int) -> Json:
    return {"type": "markdown", "text": "x" * characters}


def alert(characters: int) -> Json:
    return {"type": "alert", "text": plain(characters)}


def confirm(title: int = 1, text: int = 1, yes: int = 1, no: int = 1) -> Json:
    dialog = {"title": plain(title), "text": mrkdwn(text), "confirm": plain(yes), "deny": plain(no)}
    return actions(button(confirm=dialog))


def question(label: int = 1, **element: Any) -> Json:
    return {
        "type": "input",
        "label": plain(label),
        "element": {"type": "plain_text_input", **element},
    }


def table(rows: int = 1, cells: int = 1, characters: int = 1) -> Json:
    cell = {"type": "raw_text", "text": "x" * characters}
    return {"type": "table", "rows": [[cell] * cells] * rows}


def image(url: int = 1, alt: int = 1, **more: Any) -> Json:
    return {"type": "image", "image_url": "u" * url, "alt_text": "a" * alt, **more}


def modal(**more: Any) -> Json:
    return {"type": "modal", "title": plain(1), "blocks": [section()], **more}


IN_MESSAGES: list[tuple[Callable[[int], Json], int, str]] = [
    # a block that holds n of something, the highest n, where the complaint points
    (lambda n: section(text=mrkdwn(n)), 3000, "/text/text"),
    (lambda n: section(fields=[plain(1)] * n), 10, "/fields"),
    (lambda n: section(fields=[plain(n)]), 2000, "/fields/0/text"),
    (lambda n: section(block_id="x" * n), 255, "/block_id"),
    (lambda n: header(plain(n)), 150, "/text/text"),
    (context, 10, "/elements"),
    (lambda n: actions(*[button()] * n), 25, "/elements"),
    (lambda n: actions(button(text=plain(n))), 75, "/elements/0/text/text"),
    (lambda n: actions(button(value="x" * n)), 2000, "/elements/0/value"),
    (lambda n: actions(button(url="x" * n)), 3000, "/elements/0/url"),
    (lambda n: actions(button(action_id="x" * n)), 255, "/elements/0/action_id"),
    (lambda n: confirm(title=n), 100, "/elements/0/confirm/title/text"),
    (lambda n: confirm(text=n), 300, "/elements/0/confirm/text/text"),
    (lambda n: confirm(yes=n), 30, "/elements/0/confirm/confirm/text"),
    (lambda n: confirm(no=n), 30, "/elements/0/confirm/deny/text"),
    (lambda n: menu(*[option()] * n), 100, "/elements/0/options"),
    (lambda n: menu(option(text=n)), 75, "/elements/0/options/0/text/text"),
    (lambda n: menu(option(value=n)), 150, "/elements/0/options/0/value"),
    (
        lambda n: menu(option(description=plain(n))),
        75,
        "/elements/0/options/0/description/text",
    ),
    (lambda n: menu(option(), placeholder=plain(n)), 150, "/elements/0/placeholder/text"),
    (lambda n: grouped(groups=n), 100, "/elements/0/option_groups"),
    (lambda n: grouped(label=n), 75, "/elements/0/option_groups/0/label/text"),
    (lambda n: grouped(options=n), 100, "/elements/0/option_groups/0/options"),
    (lambda n: ticks("radio_buttons", n), 10, "/elements/0/options"),
    (lambda n: ticks("checkboxes", n), 10, "/elements/0/options"),
    (lambda n: ticks("overflow", n), 5, "/elements/0/options"),
    (lambda n: question(label=n), 2000, "/label/text"),
    (lambda n: {**question(), "hint": plain(n)}, 2000, "/hint/text"),
    (lambda n: question(max_length=n), 3000, "/element/max_length"),
    (lambda n: question(initial_value="x" * n), 3000, "/element/initial_value"),
    (markdown, 12_000, "/text"),
    (lambda n: table(rows=n), 100, "/rows"),
    (lambda n: table(cells=n), 20, "/rows/0"),
    (lambda n: table(characters=n), 10_000, "/rows/0/0/text"),
    (lambda n: table(rows=2, characters=n), 5_000, "/rows"),
    (lambda n: image(url=n), 3000, "/image_url"),
    (lambda n: image(alt=n), 2000, "/alt_text"),
    (lambda n: image(title=plain(n)), 2000, "/title/text"),
]

MALFORMED: list[tuple[list[Json], str]] = [
    ([section(block_id="a")] * 2, "/blocks"),
    ([markdown(6_000), markdown(6_001)], "/blocks"),
    ([table(), table()], "/blocks"),
    ([{"text": mrkdwn(1)}], "/blocks/0"),
    ([{"type": "section"}], "/blocks/0"),
    ([section(colour="red")], "/blocks/0"),
    ([section(text=mrkdwn(0))], "/blocks/0/text/text"),
    ([section(text="bare")], "/blocks/0/text"),
    ([section(fields=[])], "/blocks/0/fields"),
    ([section(accessory={"type": "plain_text_input"})], "/blocks/0/accessory/type"),
    ([header(mrkdwn(1))], "/blocks/0/text/type"),
    ([context(0)], "/blocks/0/elements"),
    ([actions()], "/blocks/0/elements"),
    ([actions(button(action_id="a"), button(action_id="a"))], "/blocks/0/elements"),
    ([actions(button(text=mrkdwn(1)))], "/blocks/0/elements/0/text/type"),
    ([actions(button(style="loud"))], "/blocks/0/elements/0/style"),
    ([actions({"type": "static_select"})], "/blocks/0/elements/0"),
    ([menu()], "/blocks/0/elements/0/options"),
    ([menu(option(), initial_option=option(text=2))], "/blocks/0/elements/0"),
    ([ticks("overflow", 0)], "/blocks/0/elements/0/options"),
    ([{**question(), "element": button()}], "/blocks/0/element/type"),
    ([alert(1)], "/blocks/0/type"),
    ([{"type": "invented"}], "/blocks/0/type"),
]

IN_MODALS: list[tuple[Callable[[int], Json], int, str]] = [
    (lambda n: modal(blocks=[section()] * n), 100, "/blocks"),
    (lambda n: modal(title=plain(n)), 24, "/title/text"),
    (lambda n: modal(submit=plain(n)), 24, "/submit/text"),
    (lambda n: modal(close=plain(n)), 24, "/close/text"),
    (lambda n: modal(private_metadata="x" * n), 3000, "/private_metadata"),
    (lambda n: modal(callback_id="x" * n), 255, "/callback_id"),
    (lambda n: modal(external_id="x" * n), 255, "/external_id"),
    (lambda n: modal(blocks=[alert(n)]), 200, "/blocks/0/text/text"),
]

MALFORMED_MODALS: list[tuple[Json, str]] = [
    (modal(blocks=[question()]), "/view/blocks/0/input"),
    (modal(blocks=[table()]), "/view/blocks/0/type"),
    (modal(blocks=[section(block_id="a")] * 2), "/view/blocks"),
    ({"type": "modal", "blocks": []}, "/view"),
    (modal(type="home"), "/view/type"),
]


def pointers(complaints: list[str]) -> set[str]:
    return {line.rpartition("[json-pointer:")[2].rstrip("]") for line in complaints}


@pytest.mark.parametrize(("block", "limit", "place"), IN_MESSAGES)
def test_a_block_may_reach_its_limit_and_not_pass_it(
    block: Callable[[int], Json], limit: int, place: str
) -> None:
    assert message_complaints([block(limit)]) == []
    assert pointers(message_complaints([block(limit + 1)])) == {f"/blocks/0{place}"}


@pytest.mark.parametrize(("modal_with", "limit", "place"), IN_MODALS)
def test_a_modal_may_reach_its_limit_and_not_pass_it(
    modal_with: Callable[[int], Json], limit: int, place: str
) -> None:
    assert view_complaints(modal_with(limit)) == []
    assert pointers(view_complaints(modal_with(limit + 1))) == {f"/view{place}"}


@pytest.mark.parametrize(("blocks", "pointer"), MALFORMED)
def test_malformed_blocks_are_refused_where_they_are_wrong(
    blocks: list[Json], pointer: str
) -> None:
    assert pointers(message_complaints(blocks)) == {pointer}


@pytest.mark.parametrize(("view", "pointer"), MALFORMED_MODALS)
def test_a_malformed_modal_is_refused_where_it_is_wrong(view: Json, pointer: str) -> None:
    assert pointer in pointers(view_complaints(view))


def test_a_message_has_at_most_fifty_blocks() -> None:
    assert message_complaints([section()] * 50) == []
    assert pointers(message_complaints([section()] * 51)) == {"/blocks"}


def test_the_same_ids_may_stand_in_different_blocks_and_surfaces() -> None:
    rows = [actions(button(action_id="a"), button(action_id="b"), block_id=name) for name in "xy"]

    assert message_complaints(rows) == []
    assert view_complaints(modal(submit=plain(1), blocks=[question(action_id="a")])) == []


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    wide = section(fields=[mrkdwn(2000)] * 10)

    assert checked_view(modal(blocks=[wide] * 11))
    with pytest.raises(SlackError, match="view_too_large"):
        checked_view(modal(blocks=[wide] * 13))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "elements", "element", "options"]), inside
        )
    ),
)


@given(JSON)
def test_whatever_comes_as_blocks_or_view_is_judged_and_never_breaks_the_judge(value: Any) -> None:
    assert isinstance(message_complaints(value), list)
    assert isinstance(view_complaints(value), list)
    assert isinstance(message_complaints([value]), list)
