"""Reads AWS for the findings, as xacct itself: through the manager roles, with its own keys. It
writes nothing.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workflows import observe
from workflows.aws import simulation
from workflows.aws.fence import Managers
from workflows.aws.iam import Iam
from workflows.aws.trail import Touch, Trail
from workflows.aws.vendor import Vendor
from workflows.catalog.governed import governed
from workflows.catalog.model import Account, Catalog, Delivery
from workflows.doctor import rights
from workflows.doctor.facts import HomeFacts, OwnerFacts, Verdicts, Written
from workflows.doctor.rights import Need
from workflows.documents import session_end, text
from workflows.documents.text import Document
from workflows.drift.read import Reader
from workflows.errors import Trouble
from workflows.look.judge import keys_of
from workflows.seen import RoleDetail, Verdict
from workflows.setup.objects import Found
from workflows.setup.read import parsed

LOOKS_BACK: Final = timedelta(days=14)
"""How far back CloudTrail is asked who wrote to roles."""


@dataclass(frozen=True)
class Ways:
    """How AWS is reached; may be used by several threads."""

    managers: Managers
    vendor: Vendor
    trail: Trail


def owner(ways: Ways, catalog: Catalog, account: Account, *, now: datetime) -> OwnerFacts:
    """An owner account. For each role four calls and one more for each other inline policy, since
    the manager role may not read all of the account at once; never raises Trouble.
    """
    try:
        ways.managers.fenced(account.manager_arn, account.external_id)
    except Trouble as trouble:
        return OwnerFacts(account, shut=trouble.plain)
    reader = Reader(ways.managers, account, None, insists=True)
    quotas = reader.ask("the account's quotas", lambda iam: iam.quotas()) or {}
    lent = catalog.roles_of(account)
    read = {role.key: reader.ask(role.key, _role(role.name, quotas)) for role in lent}
    roles = {key: seen for key, seen in read.items() if key not in reader.unread}
    needs = rights.of_owner(catalog, account, roles, lambda seen: keys_of(seen.role))
    return OwnerFacts(
        account,
        roles=roles,
        verdicts=_verdicts(ways.managers, account, needs),
        written=_written(ways.trail, account, now),
        unread=dict(reader.unread),
    )


def _role(name: str, limits: Mapping[str, int]) -> Callable[[Iam], RoleDetail]:
    def read(iam: Iam) -> RoleDetail:
        seen = iam.role(name)
        inline = (iam.inline_policy(name, one) for one in iam.other_inline_names(name))
        return RoleDetail(
            role=seen,
            session_end=iam.inline_policy(name, session_end.NAME),
            other_inline=sum(text.length(one) for one in inline if one is not None),
            trust_quota=limits.get("AssumeRolePolicySizeQuota", observe.TRUST_QUOTA),
            inline_quota=limits.get("RolePolicySizeQuota", observe.INLINE_QUOTA),
        )

    return read


def _written(trail: Trail, account: Account, now: datetime) -> tuple[Written, ...] | None:
    try:
        found = trail.touches(
            account.manager_arn, account.external_id, since=now - LOOKS_BACK, until=now
        )
    except Trouble:
        return None
    return tuple(map(_as_written, found))


def _as_written(one: Touch) -> Written:
    return Written(one.at, one.tool, one.event, one.role_name, one.policy)


def home(ways: Ways, catalog: Catalog) -> HomeFacts:
    """The grantee account: a call per thousand users and roles, and a few beside; never raises
    Trouble.
    """
    account = catalog.grantee
    vendor_shut = _vendor(ways.vendor, catalog)
    try:
        ways.managers.fenced(account.manager_arn, account.external_id)
    except Trouble as trouble:
        return HomeFacts(account, shut=trouble.plain, vendor_shut=vendor_shut)
    reader = Reader(ways.managers, account, None, insists=True)
    details = reader.ask("users, groups and roles of the account", lambda iam: iam.everything())
    found = parsed(details, {}) if details is not None else None
    quotas = reader.ask("the account's quotas", lambda iam: iam.quotas()) or {}
    held = _held(catalog, found)
    others = _others(reader, [arn for arn in held if found and arn not in found.policies])
    return HomeFacts(
        account,
        vendor_shut=vendor_shut,
        found=found,
        others=others,
        groups_quota=quotas.get("GroupsPerUserQuota", observe.GROUPS_QUOTA),
        verdicts=_verdicts(ways.managers, account, rights.of_home(catalog, held)),
        unread={name: words for name, words in reader.unread.items() if name not in held},
    )


def _held(catalog: Catalog, found: Found | None) -> list[str]:
    """ARNs of the managed policies that governed groups hold."""
    groups = found.groups if found is not None else {}
    names = [name.casefold() for name in governed(catalog)]
    held = [arn for name in names if name in groups for arn in groups[name].managed]
    return list(dict.fromkeys(held))


def _others(reader: Reader, arns: Iterable[str]) -> dict[str, Document]:
    read = {arn: reader.ask(arn, _attached(arn)) for arn in arns}
    return {arn: document for arn, document in read.items() if document is not None}


def _attached(arn: str) -> Callable[[Iam], Document | None]:
    return lambda iam: iam.attached("", arn)


def _vendor(vendor: Vendor, catalog: Catalog) -> str | None:
    """Why xacct does not come into the vendor role, if any role is lent by it."""
    account = catalog.grantee
    vended = any(role.delivery is Delivery.CREDENTIALS for role in catalog.roles)
    if account.vendor_arn is None or not vended:
        return None
    try:
        vendor.enter(account.vendor_arn, account.vendor_external_id)
    except Trouble as trouble:
        return trouble.plain
    return None


def _verdicts(managers: Managers, account: Account, needs: Sequence[Need]) -> Verdicts | None:
    """What the simulation says of the manager role; None where it could not be asked."""
    found: dict[tuple[str, str], Verdict] = {}
    try:
        for need in needs:
            for some in simulation.batches(need.resources):
                iam = managers.fenced(account.manager_arn, account.external_id).iam
                told = _told(iam, account.manager_arn, need, some)
                found |= rights.answered(need.actions, some, told)
    except Trouble:
        return None
    return found


def _told(iam: Iam, manager_arn: str, need: Need, resources: Sequence[str]) -> Verdicts:
    if need.resources == ("*",):
        return {(one.action, "*"): one for one in iam.simulated(manager_arn, need.actions)}
    return iam.simulated_on(manager_arn, need.actions, resources, need.keys)
