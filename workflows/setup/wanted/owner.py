"""What is wanted in an owner account."""

import json
from collections.abc import Sequence

from workflows.catalog.model import Account, Catalog
from workflows.catalog.model import Role as Lent
from workflows.documents import permanent, trust
from workflows.documents.text import Document
from workflows.setup import rights
from workflows.setup.objects import MadeBy, Policy, Role, Wanted
from workflows.setup.wanted import naming


def owner(catalog: Catalog, account: Account) -> Wanted:
    """The lent roles, sealed and within their boundaries, and the manager role."""
    lent = catalog.roles_of(account)
    arns = [role.arn for role in lent]
    policies: list[Policy] = []
    roles: list[Role] = []
    for role in lent:
        held, made = _lent_role(catalog, role, arns)
        policies += held
        roles.append(made)
    managed, manager = naming.own_role(
        catalog,
        account.manager_arn,
        "xacct writes trust policies and session ends with it",
        rights.owner_manager(
            account.manager_arn,
            [role.arn for role in lent if role.permissions is not None],
            [role.arn for role in lent if role.permissions is None],
            boundaries=naming.policy_arn(catalog, account, "boundary-*"),
            installation=catalog.installation,
        ),
        rights.entrance(naming.bot(catalog), account.external_id),
    )
    return Wanted(
        account=account,
        installation=catalog.installation,
        policies=(*policies, managed),
        roles=(*roles, manager),
    )


def _lent_role(catalog: Catalog, role: Lent, lent: Sequence[str]) -> tuple[list[Policy], Role]:
    account, purpose = role.account, f"lent by xacct ({catalog.installation}) for a while"
    seal = trust.seal(catalog.installation, partition=account.partition, account_id=account.id)
    standing = tuple(permanent.statements(catalog, role))
    told = role.permissions
    if told is None:
        return [], Role(
            arn=role.arn,
            purpose=purpose,
            trust=(seal,),
            standing=standing,
            governed=True,
            made_by=MadeBy.OTHERS,
            adopt=role.adopt,
        )
    bounds = naming.policy_arn(catalog, account, f"boundary-{role.name}")
    policies = [
        Policy(bounds, rights.boundary(bounds, told.at_most, lent), f"What {role.name} may at most")
    ]
    managed = [_in_partition(arn, account.partition) for arn in told.managed]
    if told.document is not None:
        document: Document = json.loads(told.document)
        own = naming.policy(
            catalog, account, f"role-{role.name}", document, f"What {role.name} may"
        )
        policies.append(own)
        managed.append(own.arn)
    return policies, Role(
        arn=role.arn,
        purpose=purpose,
        trust=(seal,),
        standing=standing,
        managed=tuple(managed),
        boundary=bounds,
        governed=True,
    )


def _in_partition(arn: str, partition: str) -> str:
    """AWS's own policies have the same names in all partitions."""
    return f"arn:{partition}:{arn.split(':', 2)[2]}"
