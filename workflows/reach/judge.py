"""Which principal reaches which role, out of what was read: the identity side and the trust policy.

What is not understood counts as a way in, as it does where xacct opens (`documents/admits.py`).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from workflows.catalog.arns import user_arn
from workflows.catalog.model import Catalog, Delivery, GranteeKind, Mechanism, Role
from workflows.documents import text, trust
from workflows.documents.admits import Visitor, admits, shuts_out
from workflows.documents.text import Document, Statement
from workflows.seen import Verdict

_USER_ID: Final = "aws:userid"
NO_SID: Final = "(without a Sid)"


@dataclass(frozen=True)
class Principal:
    """An IAM user or role of the grantee account; `groups` are the names of a user's groups."""

    arn: str
    unique_id: str
    groups: frozenset[str] = frozenset()

    @property
    def is_user(self) -> bool:
        return self.arn.split(":", 5)[5].startswith("user/")

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


class Stand(StrEnum):
    """How far somebody comes who may ask AWS for the role."""

    ENTERS = "can enter today"
    TRUST_ALONE = "only the role's trust policy keeps him out"
    UNREAD = "he may ask for it; the role's trust policy was not read"


class By(StrEnum):
    """What accounts for it, if anything does."""

    STANDING = "standing, by the catalog"
    GRANT = "by a statement of xacct"
    GROUP = "by his place in the role's allow group"
    CATALOG = "he may ask, by the catalog"


@dataclass(frozen=True)
class Reach:
    """One principal and one role (`account/name`) that he may ask AWS for.

    `until` is the end of a GRANT; `statement` the Sid of what lets him in; `unknown` are condition
    keys in his policies on which it may depend, and which nothing but his call can tell.
    """

    principal: str
    role: str
    stand: Stand
    by: By | None = None
    until: datetime | None = None
    statement: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def is_finding(self) -> bool:
        """Whether he enters, and neither the catalog nor a grant accounts for it."""
        return self.stand is Stand.ENTERS and self.by is None

    @property
    def because(self) -> str:
        """What accounts for it, in words; empty where nothing does."""
        if self.by is None:
            return ""
        if self.until is None:
            return self.by.value
        return f"{self.by} until {self.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def reaches(
    catalog: Catalog,
    principals: Iterable[Principal],
    verdicts: Mapping[tuple[str, str], Verdict],
    trusts: Mapping[str, Document | None],
    *,
    now: datetime,
) -> list[Reach]:
    """Everybody who may ask AWS for a role, with what comes of it; the worst first.

    `verdicts` are the simulation's, by the ARNs of principal and role; `trusts` are by the roles'
    keys: None for one that could not be read. A role that is not among them is not there.
    """
    roles = [role for role in catalog.roles if role.key in trusts]
    standing = {role.key: _standing(catalog, role) for role in roles}
    asking = {role.key: _asking(catalog, role) for role in roles}
    found: list[Reach] = []
    for principal in principals:
        for role in roles:
            verdict = verdicts.get((principal.arn, role.arn))
            if verdict is None or verdict.refused:
                continue
            way = _way(principal, role, trusts[role.key], standing[role.key], now)
            if way.stand is not Stand.ENTERS:
                way = _meant(way, principal, role, asking[role.key])
            found.append(replace(way, unknown=verdict.unknown))
    return sorted(found, key=_worst_first)


def _worst_first(one: Reach) -> tuple[bool, int, bool, str, str]:
    order = list(Stand).index(one.stand)
    return not one.is_finding, order, one.by is not None, one.role, one.principal


def _way(
    principal: Principal,
    role: Role,
    document: Document | None,
    standing: Collection[str] | None,
    now: datetime,
) -> Reach:
    """What the role's trust policy says; `standing` as `_standing` tells it."""
    if document is None:
        return Reach(principal.arn, role.key, Stand.UNREAD)
    visitor = _visitor(principal, now)
    if shuts_out(document, visitor):
        return Reach(principal.arn, role.key, Stand.TRUST_ALONE)
    letting = [one for one in text.statements(document) if _lets_in(one, visitor)]
    if not letting:
        return Reach(principal.arn, role.key, Stand.TRUST_ALONE)
    ends = [_end(one, visitor) for one in letting]
    if standing is None or principal.arn in standing:
        return _entering(principal, role, letting[0], By.STANDING)
    for one, end in zip(letting, ends, strict=True):
        if end is None:  # what ends nothing weighs more than any grant beside it
            return _entering(principal, role, one, None)
    until, statement = max(
        ((end, one) for end, one in zip(ends, letting, strict=True) if end is not None),
        key=lambda pair: pair[0],
    )
    return _entering(principal, role, statement, By.GRANT, until)


def _entering(
    principal: Principal,
    role: Role,
    statement: Statement,
    by: By | None,
    until: datetime | None = None,
) -> Reach:
    sid = str(statement.get("Sid", NO_SID))
    return Reach(principal.arn, role.key, Stand.ENTERS, by, until, sid)


def _visitor(principal: Principal, now: datetime) -> Visitor:
    """As AWS sees him now. A role is taken as a machine is: its sessions bear any name."""
    _, partition, _, _, account_id, _ = principal.arn.split(":", 5)
    return Visitor(
        kind=GranteeKind.USER if principal.is_user else GranteeKind.MACHINE,
        partition=partition,
        account_id=account_id,
        arn=principal.arn,
        name=principal.name,
        unique_id=principal.unique_id,
        after=now,
    )


def _lets_in(statement: Statement, visitor: Visitor) -> bool:
    ids = _user_ids(statement)
    return admits(statement, visitor) and (not ids or any(_is_his(one, visitor) for one in ids))


def _end(statement: Statement, visitor: Visitor) -> datetime | None:
    """The end that a grant of xacct's has in this statement. None for any other shape, under
    whosever name: xacct names ids in full, and never without an end.
    """
    ids = _user_ids(statement)
    in_full = [one for one in ids if one.partition(":")[0] == visitor.unique_id]
    if not trust.is_ours(statement) or not in_full:
        return None
    return text.ends(statement.get("Condition", {}))


def _user_ids(statement: Statement) -> list[str]:
    condition = statement.get("Condition", {})
    return [
        one
        for operator in ("StringEquals", "StringLike")
        for one in text.values(condition.get(operator, {}).get(_USER_ID, []))
    ]


def _is_his(pattern: str, visitor: Visitor) -> bool:
    """Whether `aws:userid` may be this for him: his id, of a role with any session's name."""
    if "${" in pattern:
        return True
    if visitor.kind is GranteeKind.USER:
        return text.like(visitor.unique_id, pattern)
    return text.like(visitor.unique_id, pattern.partition(":")[0])


def _standing(catalog: Catalog, role: Role) -> frozenset[str] | None:
    """The ARNs of those who may always enter by the catalog; None where everybody may."""
    mine = [one for one in catalog.standing if role.key in one.roles]
    if any(one.whole_account for one in mine):
        return None
    users = {user_arn(catalog, name) for one in mine for name in one.users}
    return frozenset(users | {arn for one in mine for arn in one.machines})


def _asking(catalog: Catalog, role: Role) -> frozenset[str]:
    """The ARNs of those who are to have the right to ask at any time, since the trust policy is
    what opens the role to them; the deny groups' administrators and the vendor among them.
    """
    found: set[str] = set()
    people = {one.iam_user for one in catalog.engineers if one.iam_user}
    if role.mechanism is Mechanism.DENY_GROUP:
        people = {one for one in people if one.rpartition("/")[2] not in catalog.roster}
    if role.mechanism is not Mechanism.ALLOW_GROUP and GranteeKind.USER in role.kinds:
        found |= {user_arn(catalog, name) for name in people}
    if GranteeKind.MACHINE in role.kinds:
        found |= {one.role_arn for one in catalog.machines}
    if GranteeKind.PERSON in role.kinds:
        found |= {one.role_arn for one in catalog.visitors}
    if role.delivery is Delivery.CREDENTIALS and catalog.grantee.vendor_arn:
        found.add(catalog.grantee.vendor_arn)
    return frozenset(found)


def _meant(way: Reach, principal: Principal, role: Role, asking: Collection[str]) -> Reach:
    """The same with what accounts for the right to ask."""
    if principal.arn in asking:
        return replace(way, by=By.CATALOG)
    opening = role.group if role.mechanism is Mechanism.ALLOW_GROUP else None
    folded = {one.casefold() for one in principal.groups}
    if opening is not None and opening.name.casefold() in folded:
        return replace(way, by=By.GROUP)
    return way
