"""Entries put into the lists of a catalog's text; every other character of it stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from workflows.catalog.tree import Mark, composed, plain, read

_DASH: Final = 2
"""Columns from a list's dash to what it stands before, where nothing tells otherwise."""

Edit = tuple[int, int, str]
"""What stands from one character of the text up to another becomes this."""


@dataclass(frozen=True)
class Entry:
    """An entry of a list: its fields, whose values are texts, lists of them, None or truths; and
    remarks for who reads it, by field.
    """

    fields: Mapping[str, Any]
    remarks: Mapping[str, str] = field(default_factory=dict)


def inserted(text: str, added: Mapping[str, Sequence[Entry]]) -> str:
    """The text of a catalog with these entries at the end of its lists, by the lists' names.

    `text` is one that `load` takes. What it holds is kept, in its order, with its comments, its
    blank lines and its line ends. Raises Mark where it is written in a way that takes no entry.
    """
    root = composed(text)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise Mark(1, "This catalog is written in braces: write each of its fields in a line.")
    given = {part: entries for part, entries in added.items() if entries}
    edits = [_edit(text, root, part, entries) for part, entries in given.items()]
    edits.sort(key=lambda edit: edit[0])
    made = text
    for begin, end, new in reversed(edits):  # or places would move
        lines = new.replace("\n", "\r\n") if "\r\n" in text else new
        made = made[:begin] + lines + made[end:]
    _check(text, made, given)
    return made


def written(added: Mapping[str, Sequence[Entry]]) -> str:
    """The entries alone, as the lists of a catalog; an empty text where there are none."""
    parts = [_part(part, entries) for part, entries in added.items() if entries]
    return "\n".join(parts)


def _check(before: str, after: str, added: Mapping[str, Sequence[Entry]]) -> None:
    """Raises Mark unless the new text says what the old one said, and the entries."""
    wanted = read(before).value
    for part, entries in added.items():
        wanted[part] = [*wanted.get(part, ()), *(dict(one.fields) for one in entries)]
    try:
        is_so = read(after).value == wanted
    except Mark:
        is_so = False
    if not is_so:
        raise Mark(1, "This catalog is written in a way to which nothing can be added safely.")


def _edit(text: str, root: yaml.MappingNode, part: str, entries: Sequence[Entry]) -> Edit:
    node = next((value for key, value in root.value if key.value == part), None)
    if node is None:
        place = root.end_mark.index
        gap = "" if text[:place].endswith(("\n\n", "\r\n\r\n")) else "\n"
        return place, place, f"{_newline(text, place)}{gap}{_part(part, entries)}"
    if not node.value:
        return _instead_of_nothing(text, node, entries)
    if node.flow_style:
        return _in_brackets(text, node, entries)
    return _after_the_last(text, node, entries)


def _instead_of_nothing(text: str, node: yaml.Node, entries: Sequence[Entry]) -> Edit:
    """What follows an empty list in its line, a comment, stays in the line of the list's name."""
    begin, end = node.start_mark.index, _line_end(text, node.end_mark.index)
    begin -= len(text[:begin]) - len(text[:begin].rstrip(" "))
    rest = text[node.end_mark.index : end].rstrip("\r\n")
    return begin, end, f"{rest}\n{_block(entries, _DASH, _DASH)}"


def _in_brackets(text: str, node: yaml.SequenceNode, entries: Sequence[Entry]) -> Edit:
    """A remark behind the last entry stays behind it."""
    begin, end = _end(node.value[-1]), node.end_mark.index - len("]")
    between = text[begin:end].replace("\r\n", "\n").rstrip(" ")
    new = ",\n".join(f"  {_flow(one)}" for one in entries)
    if "#" not in between:
        return begin, begin, f",\n{new}"
    comma = "" if between.lstrip().startswith(",") else ","
    return begin, end, f"{comma}{between}{new}\n"


def _after_the_last(text: str, node: yaml.SequenceNode, entries: Sequence[Entry]) -> Edit:
    column = node.start_mark.column
    wide = max(node.value[-1].start_mark.column - column, _DASH)
    place = _past_remarks(text, _line_end(text, _end(node.value[-1])), column)
    gap = ""
    if len(node.value) > 1:
        between = text[_end(node.value[-2]) : node.value[-1].start_mark.index]
        gap = "\n" if any(not line.strip() for line in between.splitlines()[1:-1]) else ""
    block = gap.join(_block([one], column, wide) for one in entries)
    return place, place, f"{_newline(text, place)}{gap}{block}"


def _end(node: yaml.Node) -> int:
    """Where a node's last character is over: PyYAML takes what follows a block into it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _line_end(text: str, place: int) -> int:
    """Where the line after this place begins; the place itself where a line begins there."""
    if place and text[place - 1] == "\n":
        return place
    return text.find("\n", place) + 1 or len(text)


def _past_remarks(text: str, place: int, column: int) -> int:
    """Past the comments below an entry that stand as far in as the list: they are of it."""
    end = place
    while place < len(text):
        after = _line_end(text, place + 1)
        line = text[place:after]
        remark = line.lstrip(" ")
        if remark.startswith("#") and len(line) - len(remark) >= max(column, 1):
            end = after
        elif remark.strip():
            break
        place = after
    return end


def _newline(text: str, place: int) -> str:
    return "" if place == 0 or text[place - 1] == "\n" else "\n"


def _part(part: str, entries: Sequence[Entry]) -> str:
    return f"{part}:\n{_block(entries, _DASH, _DASH)}"


def _block(entries: Sequence[Entry], column: int, wide: int) -> str:
    lines = []
    for one in entries:
        head = f"{' ' * column}-{' ' * (wide - 1)}"
        for name, value in one.fields.items():
            remark = f"  # {one.remarks[name]}" if name in one.remarks else ""
            lines.append(f"{head}{name}: {_value(value)}{remark}\n")
            head = " " * (column + wide)
    return "".join(lines)


def _flow(entry: Entry) -> str:
    return f"{{{', '.join(f'{name}: {_value(value)}' for name, value in entry.fields.items())}}}"


def _value(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(plain(one) for one in value)}]"
    return plain(value)
