"""What can be asked of the log, as values."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Field(StrEnum):
    """What a condition is about."""

    USER = "user"
    ACCOUNT = "account"
    ROLE = "role"
    ACTION = "action"
    ID = "id"
    WORD = "word"


@dataclass(frozen=True)
class Condition:
    """One thing that is so of a row, or, `excluded`, is not so.

    Of an account, a role and an action `value` may hold `*`, for any characters. A WORD is one or
    more words of free text, that stand in the row one behind the other.
    """

    field: Field
    value: str
    excluded: bool = False


@dataclass(frozen=True)
class Search:
    """All conditions hold: of those on one field, words apart, one that is not excluded. The row is
    not older than `since`, and older than `until`.
    """

    conditions: tuple[Condition, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Viewer:
    """Who looks, and the roles (`account/name`) whose every row he may see."""

    user: str
    roles: Collection[str]
