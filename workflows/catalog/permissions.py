"""What setup makes of a role: what it may do, at most, and who may always enter it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Permissions:
    """What a role may do in its account.

    `managed` are ARNs of managed policies; `document` is a policy document of its own, as compact
    JSON; `at_most` are the actions that its boundary allows, as patterns.
    """

    managed: tuple[str, ...]
    document: str | None
    at_most: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Access that nobody asks for and nothing ends: to these roles (`account/name`) for these
    grantees. `users` are IAM users with their paths, `machines` ARNs of roles.
    """

    roles: frozenset[str]
    whole_account: bool
    users: tuple[str, ...]
    machines: tuple[str, ...]
