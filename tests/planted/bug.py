"""What a planted bug is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """`old` stands once in `file`, and `new` in its place is the bug. `tests` are what sees it."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
