"""What objects are called inside of a template: stable, so that a changed catalog moves nothing."""

import hashlib
import re
from typing import Final

_WORDS: Final = re.compile(r"[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*")
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*")
_PARTS: Final = re.compile(r"[A-Za-z0-9]+")


def logical_id(kind: str, name: str) -> str:
    """Letters and digits; two names of one kind never share one, whatever else is rendered."""
    words = "".join(part[:1].upper() + part[1:] for part in _PARTS.findall(name))
    return f"{kind}{words}" if _WORDS.fullmatch(name) else f"{kind}{words}{_mark(name)}"


def label(name: str) -> str:
    """The name of a resource or data source in Terraform: it begins with a letter or `_`, and two
    names never share one.
    """
    if _PLAIN.fullmatch(name):
        return name.replace("-", "_")
    return f"_{'_'.join(_PARTS.findall(name))}_{_mark(name)}"


def stack_name(name: str) -> str:
    """The end of the name of a stack set: letters, digits and hyphens, never the same for two."""
    plain = "-".join(_PARTS.findall(name))
    return plain if plain == name else f"{plain}-{_mark(name)}"


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]
