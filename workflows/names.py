"""Finding what a person means by a name, and saying what he may have meant."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Final, TypeVar

from workflows.errors import NotFound

_SHOWN: Final = 60  # characters of what was typed that a sentence repeats
_PROPOSED: Final = 3
_LISTED: Final = 10
_MARKUP: Final = str.maketrans("", "", "<>&`")

Thing = TypeVar("Thing")


def folded(name: str) -> str:
    """The name for comparing: width, case and surrounding space do not matter."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def said(text: str) -> str:
    """What a person typed, fit for a sentence: one short line without markup of any kind."""
    line = " ".join(text.translate(_MARKUP).split())
    plain = "".join(letter for letter in line if letter.isprintable())
    return plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"


def closest(text: str, names: Iterable[str]) -> list[str]:
    """The names that may be meant, at most three: those that hold the text, then those alike."""
    by_fold = {folded(name): name for name in names}
    wanted = folded(text)
    holding = sorted(one for one in by_fold if wanted and wanted in one)
    alike = get_close_matches(wanted, by_fold, n=_PROPOSED)
    return [by_fold[one] for one in dict.fromkeys([*holding, *alike])][:_PROPOSED]


def did_you_mean(text: str, names: Iterable[str]) -> str:
    """`Did you mean a or b?`, or an empty string when nothing is near."""
    near = closest(text, names)
    return f"Did you mean {' or '.join(near)}?" if near else ""


def find(
    text: str,
    things: Iterable[Thing],
    *,
    names: Callable[[Thing], Sequence[str]],
    sentence: str,
) -> Thing:
    """The thing that bears the name, however it is cased; a part of a name is never enough.

    The first of a thing's `names` is the one proposed. Raises NotFound: `sentence`, then what may
    be meant, taken from `things` alone.
    """
    things, wanted = list(things), folded(text)
    for thing in things:
        if wanted in map(folded, names(thing)):
            return thing
    first = [names(thing)[0] for thing in things]
    every = {name: names(thing)[0] for thing in things for name in names(thing)}
    near = list(dict.fromkeys(every[name] for name in closest(text, every)))
    raise NotFound(f"{sentence} {_proposal(near, first)}".strip())


def _proposal(near: Sequence[str], known: Sequence[str]) -> str:
    if near:
        return f"Did you mean {' or '.join(near)}?"
    if len(known) <= _LISTED:
        return f"There is {', '.join(sorted(known))}." if known else ""
    return ""
