"""What can be rendered of what is wanted: nothing that names somebody who is not there."""

from dataclasses import replace

from workflows.setup.objects import Attachment, Found, Group, Wanted


def without_strangers(wanted: Wanted, found: Found | None) -> tuple[Wanted, list[str]]:
    """What is wanted, without the users and roles that the account does not have; and these.

    Where the account was not read, everybody is taken to be there. A user is called as in IAM.
    """
    if found is None:
        return wanted, []
    missing: set[str] = set()
    groups = tuple(_known(group, found, missing) for group in wanted.groups)
    attachments = tuple(one for one in wanted.attachments if _is_there(one, found, missing))
    return replace(wanted, groups=groups, attachments=attachments), sorted(missing)


def _known(group: Group, found: Found, missing: set[str]) -> Group:
    users = {name: found.users.get(name.casefold()) for name in group.members}
    missing |= {f"user {name}" for name, user in users.items() if user is None}
    return replace(group, members=frozenset(user.name for user in users.values() if user))


def _is_there(one: Attachment, found: Found, missing: set[str]) -> bool:
    holders = found.users if one.kind == "user" else found.roles
    holder = holders.get(one.holder.casefold())
    if holder is not None and holder.arn == one.holder_arn:
        return True
    missing.add(one.holder_arn.rpartition(":")[2].replace("/", " ", 1))
    return False
