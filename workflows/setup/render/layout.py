"""A template as YAML that every reader reads alike."""

import re
from typing import Any, Final

import yaml

_PLAIN: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z][A-Za-z0-9:./-]*", re.IGNORECASE
)
_WIDTH: Final = 2**31  # no line is folded


class _Layout(yaml.SafeDumper):
    """Indents lists, repeats what repeats, and quotes every text that is not plainly a word: what
    looks like a number or a date to one reader is a text to all.
    """

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: FBT001, FBT002  as PyYAML has it
        del indentless
        super().increase_indent(flow, False)


def _told(dumper: yaml.SafeDumper, said: str) -> yaml.ScalarNode:
    quote = "'" if said.isascii() and said.isprintable() else '"'  # the latter has escapes
    style = None if _PLAIN.fullmatch(said) else quote
    return dumper.represent_scalar("tag:yaml.org,2002:str", said, style=style)


_Layout.add_representer(str, _told)


def as_yaml(template: Any) -> str:
    """The template in the order in which it is written."""
    return str(yaml.dump(template, Dumper=_Layout, sort_keys=False, width=_WIDTH))
