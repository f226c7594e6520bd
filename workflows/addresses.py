"""Where the targets of a catalog are, and how they are reached."""

from db.models import TargetKind
from db.store.targets import Address
from workflows.catalog.model import Catalog, Role


def role(role: Role) -> Address:
    """A governed role."""
    account = role.account
    return Address(
        kind=TargetKind.ROLE,
        arn=role.arn,
        account_id=account.id,
        name=role.name,
        manager_arn=account.manager_arn,
        external_id=account.external_id,
    )


def member(catalog: Catalog, user_name: str) -> Address:
    """An IAM user of the grantee account."""
    account = catalog.grantee
    return Address(
        kind=TargetKind.MEMBER,
        arn=f"arn:{account.partition}:iam::{account.id}:user/{user_name}",
        account_id=account.id,
        name=user_name,
        manager_arn=account.manager_arn,
        external_id=account.external_id,
    )
