"""Reads the accounts of an organization: what they are called, and which roles they have."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from workflows.aws.admin import Admin
from workflows.catalog.model import Account
from workflows.errors import Trouble
from workflows.intake.found import FoundRole, Reading

AT_ONCE: Final = 8
"""Accounts that are read at the same time."""

Enter = Callable[[Account], Admin]
"""Into an account, with the rights of who asks. Raises Trouble."""

Said = Callable[[], None]
"""Is told when one more account was read."""


def readings(
    accounts: Sequence[Account], enter: Enter, *, with_roles: bool, said: Said = lambda: None
) -> list[Reading]:
    """Reads the accounts, several at a time; what cannot be read keeps nothing else from it.

    A call for the aliases, and one for each thousand roles of an account if they are wanted.
    """
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="intake") as pool:
        return list(pool.map(partial(_reading, enter, said, with_roles), accounts))


def _reading(enter: Enter, said: Said, with_roles: bool, account: Account) -> Reading:  # noqa: FBT001  of a partial
    aliases: tuple[str, ...] = ()
    roles: tuple[FoundRole, ...] = ()
    troubles = []
    try:
        admin = enter(account)
    except Trouble as trouble:
        said()
        return Reading(account, troubles=(str(trouble),))
    try:
        aliases = tuple(admin.aliases())
    except Trouble as trouble:
        troubles.append(str(trouble))
    try:
        roles = _roles(admin) if with_roles else ()
    except Trouble as trouble:
        troubles.append(str(trouble))
    said()
    return Reading(account, aliases, roles, tuple(troubles))


def _roles(admin: Admin) -> tuple[FoundRole, ...]:
    return tuple(
        FoundRole(
            one["RoleName"], one["Path"], {tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}
        )
        for one in admin.details(users=False).get("RoleDetailList", ())
    )
