"""The accounts of a catalog file."""

from typing import Final

from workflows.catalog.mistakes import Mistakes, Once, Sheet
from workflows.catalog.model import Account, GranteeAccount
from workflows.catalog.schema import AccountEntry, Defaults, GranteeAccountEntry
from workflows.catalog.tree import Place

_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
"""How the names of regions begin that are not of the usual partition."""

_ONE_ID: Final = "an account has one entry"
_ONE_NAME: Final = "names and aliases of accounts must differ, in more than the case of letters"


def grantee_account(entry: GranteeAccountEntry) -> GranteeAccount:
    """The account that grantees come from."""
    vendor = entry.vendor
    return GranteeAccount(
        id=entry.id,
        name=entry.name,
        aliases=tuple(entry.aliases),
        partition=entry.partition,
        manager_arn=_role_arn(entry.partition, entry.id, entry.manager),
        external_id=entry.external_id,
        vendor_arn=_role_arn(entry.partition, entry.id, vendor.role) if vendor else None,
        vendor_external_id=vendor.external_id if vendor else None,
        administrators=tuple(dict.fromkeys(entry.administrators)),
    )


def owner_accounts(sheet: Sheet, grantee: GranteeAccount, mistakes: Mistakes) -> list[Account]:
    """The owner accounts, each id and each name once, none of them the grantee account."""
    once = Once(mistakes)
    for place, name in _names(("grantee_account",), sheet.file.grantee_account):
        once.claim(place, name, _ONE_NAME)
    found: list[Account] = []
    for place, entry in sheet.placed("accounts", sheet.file.accounts):
        free = [once.claim((*place, "id"), entry.id, _ONE_ID)]
        free += [once.claim(inner, name, _ONE_NAME) for inner, name in _names(place, entry)]
        account = _account(entry, sheet.file.defaults)
        _check(place, account, grantee, mistakes)
        if all(free):  # or its roles would be said to collide, too
            found.append(account)
    return found


def _names(place: Place, entry: AccountEntry | GranteeAccountEntry) -> list[tuple[Place, str]]:
    aliases = [((*place, "aliases", index), one) for index, one in enumerate(entry.aliases)]
    return [((*place, "name"), entry.name), *aliases]


def _check(place: Place, account: Account, grantee: GranteeAccount, mistakes: Mistakes) -> None:
    if account.id == grantee.id:
        mistakes.add(
            (*place, "id"),
            "This is the grantee account itself. Roles are lent across accounts only: inside one "
            "account the trust policy alone lets people in, and no group can hold them back.",
        )
    if account.partition != grantee.partition:
        mistakes.add(
            (*place, "partition"),
            f"{account.name} is in the partition {account.partition}, the grantee account in "
            f"{grantee.partition}. AWS lets nobody cross over: run an xacct for each.",
        )
    for region in account.regions:
        if _partition_of(region) != account.partition:
            mistakes.add(
                (*place, "regions"),
                f"{region} is no region of the partition {account.partition}, in which "
                f"{account.name} is.",
            )


def _partition_of(region: str) -> str:
    return next((name for begins, name in _PARTITIONS.items() if region.startswith(begins)), "aws")


def _account(entry: AccountEntry, defaults: Defaults) -> Account:
    partition = entry.partition or defaults.partition
    return Account(
        id=entry.id,
        name=entry.name,
        aliases=tuple(entry.aliases),
        partition=partition,
        manager_arn=_role_arn(partition, entry.id, entry.manager or defaults.manager),
        external_id=entry.external_id or defaults.external_id,
        regions=tuple(defaults.regions if entry.regions is None else entry.regions),
    )


def _role_arn(partition: str, account_id: str, path_and_name: str) -> str:
    return f"arn:{partition}:iam::{account_id}:role{path_and_name}"
