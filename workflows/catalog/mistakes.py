"""What is wrong with a catalog file, gathered so that all of it is told at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from workflows.catalog.schema import File
from workflows.catalog.tree import Place, Tree, written
from workflows.names import folded

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Mistake:
    """One thing to mend: `where` is the path, like `roles[3].approvers`, empty for the file."""

    where: str
    line: int
    sentence: str

    def __str__(self) -> str:
        place = f"line {self.line}, {self.where}" if self.where else f"line {self.line}"
        return f"{place}: {self.sentence}"


@dataclass
class Mistakes:
    """The mistakes found so far in one tree."""

    tree: Tree
    found: list[Mistake] = field(default_factory=list)

    def add(self, place: Place, sentence: str, *, line: int | None = None) -> None:
        """Notes one mistake; the same sentence about the same place counts once."""
        one = Mistake(written(place), line or self.tree.line(place), sentence)
        if one not in self.found:
            self.found.append(one)

    def in_order(self) -> list[Mistake]:
        return sorted(self.found, key=lambda one: one.line)


@dataclass
class Once:
    """Names that may be given once, however they are cased."""

    mistakes: Mistakes
    _places: dict[tuple[str, str], Place] = field(default_factory=dict)

    def claim(self, place: Place, name: str, why: str) -> bool:
        """Whether the name was free; notes a mistake if not.

        `why` ends the sentence: why there may be only one. Names with another `why` do not collide.
        """
        first = self._places.setdefault((why, folded(name)), place)
        if first != place:
            self.mistakes.add(place, f"{name} is taken by {written(first)} already: {why}.")
        return first == place


@dataclass(frozen=True)
class Sheet:
    """What could be read of a file: `file` without its misshapen entries.

    `kept` has, for each list that lost some, the indexes in the text of those that are left.
    `broken` names the parts that lost something; `account_names` are all in the text.
    """

    file: File
    kept: dict[str, list[int]]
    broken: frozenset[str]
    account_names: tuple[str, ...]

    def placed(self, part: str, entries: Sequence[Entry]) -> list[tuple[Place, Entry]]:
        """The entries of a list of the file, each with its place in the text."""
        indexes = self.kept.get(part, range(len(entries)))
        return [((part, index), one) for index, one in zip(indexes, entries, strict=True)]
