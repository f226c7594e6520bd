"""The names that stand in a column of the log, found without reading the log."""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

MOST: Final = 500
"""Names that one `*` may stand for."""


class TooMany(Exception):  # noqa: N818  what is so
    """More than `most` names are like it: `str()` is the sentence."""

    def __init__(self, most: int) -> None:
        super().__init__(f"A `*` there stands for more than {most} names: write more of the name.")


def every(session: Session, column: InstrumentedAttribute[Any]) -> Sequence[str]:
    """All names in the column, each once."""
    return session.scalars(_all(column)).all()


def few(found: Iterable[str], most: int = MOST) -> list[str]:
    """The names, each once, `most` of them. Raises TooMany."""
    names = list(dict.fromkeys(found))
    if len(names) > most:
        raise TooMany(most)
    return names


def pattern(text: str) -> Callable[[str], bool]:
    """Whether a name is like a text in which `*` stands for any characters, whatever its case."""
    wanted = text.casefold().replace("[", "[[]").replace("?", "[?]")
    return lambda name: fnmatchcase(name.casefold(), wanted)


@cache
def _all(column: InstrumentedAttribute[Any]) -> Select[Any]:
    """One step of the index for each name (PostgreSQL wiki, "Loose indexscan")."""
    first = select(func.min(column).label("name")).cte("names", recursive=True)
    after = select(func.min(column)).where(column > first.c.name).scalar_subquery()
    steps = first.union_all(select(after).where(first.c.name.is_not(None)))
    return select(steps.c.name).where(steps.c.name.is_not(None))
