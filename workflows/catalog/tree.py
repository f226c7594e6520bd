"""YAML text as plain values, with the line of each.

Scalars are read as in the core schema of YAML 1.2, so that `on`, `012345678901` and `1:30` stay
what they look like, where YAML 1.1 makes a truth, an octal number and a number to the base of 60.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from workflows.names import said

Place = tuple[str | int, ...]

_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,18}")
_BARE: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./@+=-]*")
_PLAIN: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class Mark(Exception):  # noqa: N818  it marks what is wrong, and where
    """One thing that keeps the text from being read at all; `line` counts from 1."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


@dataclass
class Tree:
    """The values of a text; `lines` has the line of each place, `twice` the places given again."""

    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    twice: list[tuple[Place, int]] = field(default_factory=list)

    def line(self, place: Place) -> int:
        """The line of the place, or of what surrounds it if it is not there."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)


class _Loader(yaml.SafeLoader):
    """SafeLoader without what hides or multiplies values: anchors, aliases, tags."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if getattr(event, "anchor", None) is not None:
            raise Mark(line, "Anchors (&) and aliases (*) are not read here; use `defaults`.")
        if getattr(event, "tag", None) is not None:
            raise Mark(line, "Tags (!) are not read here; write the plain value.")
        return super().compose_node(parent, index)


def read(text: str) -> Tree:
    """The tree of the text. Raises Mark when it is no YAML, or more than plain values."""
    tree = Tree()
    root = composed(text)
    if root is not None:
        try:
            tree.value = _value(root, (), tree)
        except RecursionError as error:
            raise _too_deep() from error
    return tree


def composed(text: str) -> yaml.Node | None:
    """The nodes of the text, which know where in it they stand. Raises Mark like `read`."""
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Mark(mark.line + 1 if mark else 1, f"This is not YAML: {error.problem}.") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Mark(line, "There is a character here that YAML does not allow.") from error
    except RecursionError as error:
        raise _too_deep() from error


def _too_deep() -> Mark:
    return Mark(1, "This is nested too deeply to be a catalog.")


def _value(node: yaml.Node, place: Place, tree: Tree) -> Any:
    tree.lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, (*place, index), tree) for index, one in enumerate(node.value)]
    return _mapping(node, place, tree)


def _mapping(node: yaml.Node, place: Place, tree: Tree) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise Mark(line, "A field's name is a plain word.")
        inner = (*place, key.value)
        if key.value in values:
            tree.twice.append((inner, line))
            continue
        tree.lines[inner] = line
        values[key.value] = _value(value, inner, tree)
    return values


def _scalar(node: yaml.ScalarNode) -> Any:
    if node.style is not None:  # quoted, or a block: text, whatever it looks like
        return node.value
    if _INTEGER.fullmatch(node.value):
        return int(node.value)
    return _PLAIN.get(node.value, node.value)


def plain(text: str) -> str:
    """The scalar that `read` takes for this text: itself where that is safe, else quoted."""
    looks_otherwise = text in _PLAIN or _INTEGER.fullmatch(text)
    if _BARE.fullmatch(text) and not looks_otherwise:
        return text
    return json.dumps(text, ensure_ascii=False)


def written(place: Place) -> str:
    """The place as people write it: `roles[3].approvers`."""
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{said(step)}"
    return text.removeprefix(".")
