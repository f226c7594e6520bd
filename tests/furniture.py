"""Accounts for labs: furnished by real calls once, and copied for each lab that wants the same."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from demo.accounts import Furnished, furnish
from sandbox.aws.process import Keys, SandboxAws
from workflows.catalog.model import Catalog, Mechanism

_ACCOUNT = re.compile(r"\b\d{12}\b")


@dataclass(frozen=True)
class _Kept:
    """What a copy is made of: where it is kept, of which accounts, and their keys."""

    number: int
    accounts: tuple[str, ...]
    furnished: Furnished


_kept: dict[tuple[str, ...], _Kept] = {}


def accounts(catalog: Catalog) -> tuple[str, ...]:
    """The ids that a catalog names, in the same order for catalogs that differ in nothing else."""
    return tuple(dict.fromkeys(_ACCOUNT.findall(repr(catalog))))


def furnished(aws: SandboxAws, catalog: Catalog, users: Sequence[str]) -> Furnished:
    """Makes what the catalog describes, with what its users hold at rest; its accounts are new."""
    mine = accounts(catalog)
    shape = (aws.endpoint, *users, _shape(catalog, mine))
    if (kept := _kept.get(shape)) is not None:
        keys = aws.copy(kept.number, dict(zip(kept.accounts, mine, strict=True)))
        return _with_keys(kept.furnished, keys)
    made = furnish(aws, catalog, users)
    _rights(aws, catalog, users)
    _kept[shape] = _Kept(aws.keep(*mine), mine, made)
    return made


def user_policy(iam: Any, name: str, statement: dict[str, Any]) -> None:
    """Gives a user one statement, in place of the last one that was given him so."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)


def _shape(catalog: Catalog, mine: Sequence[str]) -> str:
    """All that a catalog says but for account ids and channels, which each lab has of its own."""
    told = replace(
        catalog,
        approvals_channel="",
        alerts_channel="",
        roles=tuple(replace(role, channel="") for role in catalog.roles),
    )
    return _ACCOUNT.sub(lambda found: f"account {mine.index(found.group())}", repr(told))


def _rights(aws: SandboxAws, catalog: Catalog, users: Sequence[str]) -> None:
    """Who holds what at rest: see each mechanism; nobody is let in by it alone."""
    iam = aws.client("iam", aws.root(catalog.grantee.id))
    for role in catalog.roles:
        for name in users:
            if role.mechanism is Mechanism.ALLOW_GROUP:
                continue
            user_policy(iam, name, {"Effect": "Allow", "Action": "sts:*", "Resource": "*"})
            if role.mechanism is Mechanism.DENY_GROUP and role.group is not None:
                iam.add_user_to_group(GroupName=role.group.name, UserName=name)


def _with_keys(made: Furnished, keys: dict[str, Keys]) -> Furnished:
    def new(old: dict[str, Keys]) -> dict[str, Keys]:
        return {name: keys[one.access_key_id] for name, one in old.items()}

    return Furnished(keys[made.bot.access_key_id], new(made.users), new(made.machines))
