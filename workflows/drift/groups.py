"""The governed groups of a catalog, and who must be in those that deny."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.catalog.model import Catalog, GranteeKind, Mechanism


@dataclass(frozen=True)
class Governed:
    """A group that lets its members in (`denies` False), or keeps them out, and of which roles."""

    name: str
    denies: bool
    role_arns: tuple[str, ...]


def governed(catalog: Catalog) -> Mapping[str, Governed]:
    """Every group that a role of the catalog is opened by, by its name."""
    found: dict[str, Governed] = {}
    for role in catalog.roles:
        if role.group is None or GranteeKind.USER not in role.kinds:
            continue
        name, denies = role.group.name, role.mechanism is Mechanism.DENY_GROUP
        before = found[name].role_arns if name in found else ()
        found[name] = Governed(name, denies=denies, role_arns=(*before, role.arn))
    return found


def roster(catalog: Catalog) -> frozenset[str]:
    """The IAM users whom the catalog names and who must be in every deny group."""
    spared = {one.rpartition("/")[2].casefold() for one in catalog.grantee.administrators}
    names = {one.iam_user.rpartition("/")[2] for one in catalog.engineers if one.iam_user}
    return frozenset(name for name in names if name.casefold() not in spared)
