"""Standing access in a trust policy: who always comes in, because the catalog says so."""

from collections.abc import Iterable
from typing import Final

from workflows.catalog.arns import user_arn
from workflows.catalog.model import Catalog, Role
from workflows.documents.text import Statement

SID: Final = "StandingByXacct"
"""How the Sids of standing access begin. xacct's settles leave them alone, as somebody else's."""


def statements(catalog: Catalog, role: Role) -> Iterable[Statement]:
    """Who always comes in, as principals: AWS binds each to the id of the user or role it names."""
    mine = [one for one in catalog.standing if role.key in one.roles]
    root = f"arn:{catalog.grantee.partition}:iam::{catalog.grantee.id}:root"
    if any(one.whole_account for one in mine):
        yield _always("WholeAccount", [root])
    users = dict.fromkeys(user_arn(catalog, name) for one in mine for name in one.users)
    if users:
        yield _always("Users", list(users))
    machines = dict.fromkeys(arn for one in mine for arn in one.machines)
    if machines:
        yield _always("Machines", list(machines))


def _always(which: str, principals: list[str]) -> Statement:
    return {
        "Sid": f"{SID}{which}",
        "Effect": "Allow",
        "Principal": {"AWS": principals[0] if len(principals) == 1 else sorted(principals)},
        "Action": "sts:AssumeRole",
    }
