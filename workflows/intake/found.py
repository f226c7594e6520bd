"""What was read of the accounts of an organization."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workflows.catalog.model import Account


@dataclass(frozen=True)
class FoundRole:
    """A role as AWS has it; the path begins and ends with a slash."""

    name: str
    path: str = "/"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What is in an account; `troubles` say what could not be read of it."""

    account: Account
    aliases: tuple[str, ...] = ()
    roles: tuple[FoundRole, ...] = ()
    troubles: tuple[str, ...] = ()
