"""The governed groups of a catalog: which roles each of them opens."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflows.catalog.model import Catalog, GranteeKind, Group, Mechanism


@dataclass(frozen=True)
class Governed:
    """A group that lets its members in (`denies` False), or keeps them out, and of which roles."""

    group: Group
    denies: bool
    role_arns: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.group.name


def governed(catalog: Catalog) -> Mapping[str, Governed]:
    """Every group that a role of the catalog is opened by, by its name."""
    found: dict[str, Governed] = {}
    for role in catalog.roles:
        if role.group is None or GranteeKind.USER not in role.kinds:
            continue
        name, denies = role.group.name, role.mechanism is Mechanism.DENY_GROUP
        before = found[name].role_arns if name in found else ()
        found[name] = Governed(role.group, denies=denies, role_arns=(*before, role.arn))
    return found
