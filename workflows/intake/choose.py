"""Which accounts and roles of an organization a catalog lacks, of those that were asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from workflows.catalog import fields
from workflows.catalog.expand import reaches
from workflows.catalog.model import Account, Catalog
from workflows.catalog.roles import unswitchable
from workflows.intake import names
from workflows.intake.found import FoundRole, Reading
from workflows.seen import Listed
from workflows.setup.objects import CONTROL, INSTALLATION

USUAL_ENTRANCES: Final = ("OrganizationAccountAccessRole", "AWSControlTowerExecution")
"""The roles by which AWS Organizations and Control Tower let administrators into accounts that they
made (their user guides, "Accessing member accounts" and "How AWS Control Tower works with roles").
"""

_OF_AWS: Final = "awsservicerole"


@dataclass(frozen=True)
class Wish:
    """The roles that are asked for: those that one of the `names` fits (patterns, as the catalog
    has them), that have all of the `tags`, and whose path one of the `paths` fits. Without any of
    the three there are none.
    """

    names: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        return bool(self.names or self.tags or self.paths)

    def fits(self, role: FoundRole) -> bool:
        """Whether this role is asked for."""
        return (
            self.is_any
            and (not self.names or any(reaches(one, role.name) for one in self.names))
            and all(role.tags.get(key) == value for key, value in self.tags)
            and (not self.paths or any(fnmatchcase(role.path, one) for one in self.paths))
        )


@dataclass(frozen=True)
class Accounts:
    """The accounts to be read: those that the catalog has, and those that are `new` to it.
    `remarks` are sentences about those that are neither.
    """

    known: tuple[Account, ...]
    new: tuple[Account, ...]
    remarks: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Account, ...]:
        return (*self.known, *self.new)


def accounts(catalog: Catalog, listed: Sequence[Listed], patterns: Sequence[str] = ()) -> Accounts:
    """The accounts of an organization that may be owner accounts, in the order of their names: all
    but the grantee account and those that are not active; with `patterns` those whose name, there
    or in the catalog, or whose id one of them fits.
    """
    by_id = {one.id: one for one in catalog.accounts}
    active = [one for one in listed if one.is_active and one.id != catalog.grantee.id]
    strange = [one for one in active if one.id not in by_id]
    called = names.names(strange, taken_names(catalog))
    new = [
        Account(one.id, called[one.id], (), one.partition, manager_arn="", external_id=None)
        for one in strange
        if _is_meant(patterns, one.name, called[one.id], one.id)
    ]
    known = [
        by_id[one.id]
        for one in active
        if one.id in by_id and _is_meant(patterns, one.name, by_id[one.id].name, one.id)
    ]
    gone = [by_id[one.id] for one in listed if not one.is_active and one.id in by_id]
    return Accounts(
        tuple(sorted(known, key=lambda one: one.name)),
        tuple(sorted(new, key=lambda one: one.name)),
        tuple(
            f"{one.name} ({one.id}) is not active any more: the catalog has it still."
            for one in gone
        ),
    )


def _is_meant(patterns: Sequence[str], *called: str) -> bool:
    return not patterns or any(reaches(one, name) for one in patterns for name in called)


def taken_names(catalog: Catalog) -> list[str]:
    """The names and aliases of all accounts of a catalog."""
    held: Iterable[Account] = (catalog.grantee, *catalog.accounts)
    return [name for one in held for name in (one.name, *one.aliases)]


@dataclass(frozen=True)
class Roles:
    """The roles that the catalog lacks, by their accounts' names; `remarks` say which of those that
    were asked for cannot be lent, and why.
    """

    missing: Mapping[str, tuple[FoundRole, ...]]
    remarks: tuple[str, ...] = ()


def roles(catalog: Catalog, found: Sequence[Reading], wish: Wish, entrance: str) -> Roles:
    """Of the roles that were asked for those that `catalog`, which has all of the accounts, lacks.

    Never those of AWS and of xacct itself, nor the one by which accounts are entered (`entrance`).
    """
    accounts = {one.id: one for one in catalog.accounts}
    described = {role.key.casefold() for role in catalog.roles}
    missing: dict[str, tuple[FoundRole, ...]] = {}
    remarks: list[str] = []
    for reading in found:
        account = accounts[reading.account.id]
        here = []
        for role in sorted(reading.roles, key=lambda one: one.name):
            key = f"{account.name}/{role.name}"
            if not wish.fits(role) or key.casefold() in described:
                continue
            if _is_kept(catalog, account, role, entrance):
                continue
            if (why := _unfit(catalog, role)) is not None:
                remarks.append(f"{key} was left out: {why}")
                continue
            here.append(role)
        missing[account.name] = tuple(here)
    return Roles(missing, tuple(remarks))


def _is_kept(catalog: Catalog, account: Account, role: FoundRole, entrance: str) -> bool:
    """Whether a role is one of AWS, of xacct itself, or the way into the account."""
    arn = f"arn:{account.partition}:iam::{account.id}:role{role.path}{role.name}"
    doors = {one.casefold() for one in (*USUAL_ENTRANCES, entrance.rpartition("/")[2])}
    if role.name.casefold() in doors or role.name.casefold().startswith(_OF_AWS):
        return True
    if role.path.startswith(CONTROL) or arn in (account.manager_arn, catalog.bot_arn):
        return True
    try:
        fields.path(role.path)
        fields.governed_name(role.name)
    except ValueError:
        return True
    return False


def _unfit(catalog: Catalog, role: FoundRole) -> str | None:
    governs = role.tags.get(INSTALLATION, catalog.installation)
    if governs != catalog.installation:
        return f"the installation {governs} of xacct governs it."
    return unswitchable(role.path, role.name)
