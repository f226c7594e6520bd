"""Findings of the grantee account: groups, users, and the roles that machines and people come
with. Pure.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime

from workflows.catalog.arns import user_arn
from workflows.catalog.governed import Governed, governed
from workflows.catalog.model import Catalog, Delivery, GranteeKind, Mechanism
from workflows.doctor.facts import HomeFacts
from workflows.doctor.finding import Finding, red, yellow
from workflows.doctor.owner import shut_out, unread
from workflows.doctor.rights import lacking
from workflows.documents.admits import Visitor
from workflows.documents.text import Document
from workflows.drift import compare
from workflows.drift.places import named
from workflows.drift.seen import GroupSeen
from workflows.plan.member import Place, no_slot
from workflows.plan.phase import Phase
from workflows.seen import GranteeSeen, MemberSeen
from workflows.setup.objects import Found, FoundGroup, FoundUser


def findings(
    facts: HomeFacts,
    catalog: Catalog,
    *,
    inside: Collection[str] | None,
    now: datetime,
    whole: bool = True,
) -> list[Finding]:
    """What is wrong in the account. `inside` are the unique ids of users whom a grant lets into
    some role now, who may be outside a deny group for it; None where that is not known. Of a
    catalog that is not `whole` nobody knows what groups must hold.
    """
    found = list(_vendor(facts, catalog))
    if facts.shut is not None:
        return [shut_out(facts.account.manager_arn, facts.shut), *found]
    found += unread(facts.unread)
    if facts.found is not None:
        if whole:
            found += _groups(facts, facts.found, catalog)
            found += _outside(facts.found, catalog, inside)
        found += _users(facts.found, catalog)
        found += _slots(facts, facts.found, catalog, now)
        found += _roles(facts.found, catalog)
    return [*found, *lacking(facts.account.manager_arn, facts.verdicts)]


def comers(facts: HomeFacts, catalog: Catalog, *, after: datetime) -> list[Visitor] | None:
    """The grantees whom the catalog names and AWS has, as AWS sees them after that moment; None
    where the account was not read.
    """
    if facts.found is None:
        return None
    held = facts.found
    users = [one.iam_user.rpartition("/")[2] for one in catalog.engineers if one.iam_user]
    roles = [(GranteeKind.MACHINE, one.role_arn, one.name) for one in catalog.machines]
    roles += [(GranteeKind.PERSON, one.role_arn, one.user_name) for one in catalog.visitors]
    known = [(GranteeKind.USER, held.users.get(name.casefold()), name) for name in users]
    known_roles = [(kind, held.roles.get(_name(arn)), name) for kind, arn, name in roles]
    return [
        Visitor(
            kind=kind,
            partition=catalog.grantee.partition,
            account_id=catalog.grantee.id,
            arn=one.arn,
            name=name,
            unique_id=one.unique_id,
            after=after,
        )
        for kind, one, name in (*known, *known_roles)
        if one is not None
    ]


def _name(arn: str) -> str:
    return arn.rpartition("/")[2].casefold()


def _vendor(facts: HomeFacts, catalog: Catalog) -> Iterator[Finding]:
    if facts.vendor_shut is not None:
        vended = [one.key for one in catalog.roles if one.delivery is Delivery.CREDENTIALS]
        yield red(
            "vendor-closed",
            (catalog.grantee.vendor_arn or "").rpartition("/")[2],
            f"xacct cannot assume {catalog.grantee.vendor_arn}, so nobody gets credentials of "
            f"{named(vended)}: {facts.vendor_shut}.",
            "`xacct setup apply` makes it, and has it trust `bot` of the catalog with the vendor's "
            "`external_id`; `bot` needs sts:AssumeRole on it.",
        )


# --- groups


def _groups(facts: HomeFacts, held: Found, catalog: Catalog) -> Iterator[Finding]:
    arns = [role.arn for role in catalog.roles]
    for name, one in governed(catalog).items():
        group = held.groups.get(name.casefold())
        if group is None:
            yield _of(compare.group_gone(one).sentence, name, "`xacct setup apply` makes it.")
            continue
        if group.arn != one.group.arn:
            yield red(
                "group-elsewhere",
                name,
                f"AWS has the group {name} as {group.arn}, the catalog as {one.group.arn}: the "
                "manager role may move nobody there, so nothing is opened or ended through it.",
                "Write its path and its letters into the catalog as AWS has them, and run "
                "`xacct setup apply`.",
            )
        documents, unknown = _documents(facts, held, group)
        if unknown:
            yield from unread({name: f"its managed policy {unknown[0]} is not known"})
            continue
        seen = GroupSeen({}, documents)
        for difference in compare.group(seen, one, role_arns=arns):
            yield _of(
                difference.sentence,
                name,
                "`xacct setup plan` shows what it must hold; take out by hand what is too much.",
            )


def _of(sentence: str, name: str, fix: str) -> Finding:
    return red("group-wrong", name, sentence, fix)


def _documents(
    facts: HomeFacts, held: Found, group: FoundGroup
) -> tuple[tuple[Document, ...], list[str]]:
    """All that the group holds, and the ARNs of what could not be read."""
    known = {arn: one.document for arn, one in held.policies.items()} | dict(facts.others)
    documents = [*group.inline.values(), *(known[arn] for arn in group.managed if arn in known)]
    return tuple(documents), [arn for arn in group.managed if arn not in known]


def _outside(held: Found, catalog: Catalog, inside: Collection[str] | None) -> Iterator[Finding]:
    """People whom a deny group does not keep out, though no grant accounts for it."""
    for name, one in governed(catalog).items():
        if not one.denies or name.casefold() not in held.groups:
            continue
        members = {user.casefold() for user in held.members_of(name)}
        users = (held.users.get(user.casefold()) for user in sorted(catalog.roster))
        missing = [one for one in users if one is not None and one.name.casefold() not in members]
        if inside is None and missing:
            yield _unclear(name, missing)
        elif lost := [user.name for user in missing if user.unique_id not in (inside or ())]:
            yield _lost(name, one, lost)


def _lost(name: str, one: Governed, lost: list[str]) -> Finding:
    return red(
        "deny-lifted",
        name,
        f"Outside {name}, which denies {len(one.role_arns)} "
        f"role{'s' if len(one.role_arns) != 1 else ''}, though no grant is open: {named(lost)}.",
        "A running xacct puts them back within a quarter of an hour; else `xacct setup apply` "
        "does. Whoever is always to be outside belongs under `grantee_account.administrators`.",
    )


def _unclear(name: str, missing: list[FoundUser]) -> Finding:
    return yellow(
        "deny-lifted-unknown",
        name,
        f"Outside {name}: {named([one.name for one in missing])}. Whether a grant accounts for "
        "it is not known, since not every owner account could be read.",
        "Mend what is said of the owner accounts, and run it again.",
    )


# --- users and roles


def _users(held: Found, catalog: Catalog) -> Iterator[Finding]:
    for engineer in catalog.engineers:
        if engineer.iam_user is None:
            continue
        name = engineer.iam_user.rpartition("/")[2]
        user = held.users.get(name.casefold())
        if user is None:
            yield red(
                "user-missing",
                name,
                f"There is no IAM user {name}, whom the catalog gives to {engineer.slack}: he can "
                "be lent nothing.",
                "Make the user, or mend `people` in the catalog.",
            )
        elif user.arn != (wanted := user_arn(catalog, engineer.iam_user)):
            yield yellow(
                "user-elsewhere",
                name,
                f"AWS has the user {name} as {user.arn}, the catalog as {wanted}.",
                "Write `iam_user` in the catalog with its path and its letters as AWS has them.",
            )
    for name in catalog.grantee.administrators:
        if name.casefold() not in held.users:
            yield yellow(
                "administrator-missing",
                name,
                f"There is no IAM user {name}, whom deny groups are to leave alone.",
                "Mend `grantee_account.administrators` in the catalog.",
            )


def _slots(facts: HomeFacts, held: Found, catalog: Catalog, now: datetime) -> Iterator[Finding]:
    """Users who are in so many groups that AWS lets them join none for a grant."""
    opening = [
        role
        for role in catalog.roles
        if role.mechanism is Mechanism.ALLOW_GROUP and GranteeKind.USER in role.kinds
    ]
    for engineer in catalog.engineers:
        user = held.users.get((engineer.iam_user or "").rpartition("/")[2].casefold())
        groups = [
            role.group.name
            for role in opening
            if role.group is not None and role.is_asked_for_by(engineer.slack)
        ]
        if user is None or not groups:
            continue
        seen = MemberSeen(
            user=GranteeSeen(user.arn, user.name, user.unique_id, now),
            groups=user.groups,
            groups_quota=facts.groups_quota,
        )
        wanted = [Place(0, Phase.OPENING, name, inside=True) for name in groups]
        if full := [one for one in wanted if no_slot(seen, [one], {})]:
            yield red(
                "groups-full",
                user.name,
                f"{user.name} is in {len(user.groups)} groups, and AWS allows "
                f"{facts.groups_quota}: he cannot join {full[0].group}"
                f"{f' nor {len(full) - 1} more' if len(full) > 1 else ''}, so what opens by it "
                "cannot be lent to him.",
                "Take him out of a group he does not need. One deny group that covers many roles "
                "takes one place of ten.",
            )


def _roles(held: Found, catalog: Catalog) -> Iterator[Finding]:
    """Roles that machines and people of Identity Center come with."""
    whose: dict[str, list[str]] = defaultdict(list)
    for machine in catalog.machines:
        whose[machine.role_arn].append(f"the machine {machine.name}")
    for visitor in catalog.visitors:
        whose[visitor.role_arn].append(visitor.user_name)
    for arn, names in whose.items():
        found = held.roles.get(_name(arn))
        if found is None or found.arn != arn:
            there = "" if found is None else f" (AWS has {found.arn})"
            yield red(
                "comer-missing",
                arn.rpartition("/")[2],
                f"There is no role {arn}{there}, with which {named(names)} would come.",
                "Make it, or mend `machines` or `identity_center` in the catalog. A role of "
                "Identity Center has another name when its permission set was made anew.",
            )
