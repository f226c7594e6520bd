"""ARNs of what the catalog names without one."""

from workflows.catalog.model import Catalog


def user_arn(catalog: Catalog, named: str) -> str:
    """The ARN of an IAM user of the grantee account, whose name may have a path."""
    home = catalog.grantee
    return f"arn:{home.partition}:iam::{home.id}:user/{named.lstrip('/')}"
