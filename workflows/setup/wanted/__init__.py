"""What a catalog wants in each of its accounts, as values."""

from workflows.catalog.model import Catalog
from workflows.setup.objects import Wanted
from workflows.setup.wanted.grantee import grantee
from workflows.setup.wanted.naming import NoBot
from workflows.setup.wanted.owner import owner

__all__ = ["NoBot", "everything", "grantee", "nothing", "owner"]


def everything(catalog: Catalog) -> list[Wanted]:
    """What is wanted in each account, the grantee account first. Raises NoBot."""
    return [grantee(catalog), *(owner(catalog, account) for account in catalog.accounts)]


def nothing(catalog: Catalog) -> list[Wanted]:
    """Nothing, in each account, the grantee account last: who is outside loses his way first."""
    accounts = (*catalog.accounts, catalog.grantee)
    return [Wanted(account, catalog.installation) for account in accounts]
