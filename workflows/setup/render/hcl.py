"""Text in Terraform's language, laid out as `terraform fmt` does.

https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

_INDENT: Final = "  "
_ESCAPES: Final = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_NAME: Final = re.compile(r"(?!(?:for|if|in|true|false|null)$)[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Expression:
    """An expression as it stands, like a reference."""

    text: str


@dataclass(frozen=True)
class Call:
    """A function of Terraform's, called with one value."""

    function: str
    value: Any


@dataclass(frozen=True)
class Block:
    """A block: `head` are its type and labels; its attributes come before the blocks in it."""

    head: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple["Block", ...] = ()


def text(blocks: Iterable[Block]) -> str:
    """The blocks, an empty line between two of them."""
    return "\n".join("".join(f"{line}\n" for line in _block(one)) for one in blocks)


def quoted(said: str) -> str:
    """A string that means exactly what was said: nothing in it is a template."""
    escaped = "".join(_ESCAPES.get(letter) or _letter(letter) for letter in said)
    return f'"{escaped.replace("${", "$${").replace("%{", "%%{")}"'


def _letter(letter: str) -> str:
    if letter.isascii() and letter.isprintable():
        return letter
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def _block(block: Block) -> list[str]:
    kind, *labels = block.head
    head = " ".join([kind, *(f'"{one}"' for one in labels)])
    body = _aligned({key: _lines(value) for key, value in block.attributes.items()})
    for number, inner in enumerate(block.blocks):
        if number or body:
            body.append("")
        body += _block(inner)
    return [f"{head} {{", *_indented(body), "}"]


def _lines(value: Any) -> list[str]:
    """A value, in as many lines as it takes; the first one follows its name."""
    match value:
        case Expression():
            return [value.text]
        case Call():
            whole = _lines(value.value)
            whole[0] = f"{value.function}({whole[0]}"
            return [*whole[:-1], f"{whole[-1]})"]
        case str():
            return [quoted(value)]
        case Mapping():
            return _object(value)
        case list() | tuple():
            return _list(value)
    return [json.dumps(value)]  # numbers, true, false and null are written alike


def _object(value: Mapping[str, Any]) -> list[str]:
    if not value:
        return ["{}"]
    body = _aligned({_key(key): _lines(one) for key, one in value.items()})
    return ["{", *_indented(body), "}"]


def _list(value: Sequence[Any]) -> list[str]:
    items = [_lines(one) for one in value]
    if all(len(one) == 1 for one in items) and len(items) < 2:
        return [f"[{''.join(one[0] for one in items)}]"]
    body = [line for one in items for line in (*one[:-1], f"{one[-1]},")]
    return ["[", *_indented(body), "]"]


def _key(name: str) -> str:
    return name if _NAME.fullmatch(name) else quoted(name)


def _aligned(attributes: Mapping[str, list[str]]) -> list[str]:
    """`=` below `=` where attributes of one line follow each other."""
    lines: list[str] = []
    for short, several in groupby(attributes.items(), lambda one: len(one[1]) == 1):
        group = list(several)
        width = max(len(name) for name, _ in group) if short else 0
        for name, (first, *others) in group:
            lines += [f"{name.ljust(width)} = {first}", *others]
    return lines


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{_INDENT}{line}" if line else "" for line in lines]
