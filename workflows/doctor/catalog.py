"""Findings of the catalog: its mistakes, and roles that nobody can approve."""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

from workflows import rules, summon
from workflows.catalog.mistakes import Mistake
from workflows.catalog.model import Catalog, GranteeKind, Role
from workflows.clock import Clock
from workflows.directory import Directory, Unreachable
from workflows.doctor.finding import Finding, red, yellow
from workflows.drift.places import named
from workflows.duties import Duties
from workflows.errors import NotAllowed
from workflows.panel import Panel
from workflows.person import Grantee, Person

_NOBODYS: Final = " "
"""A name that no IAM user has."""

_SOMEBODY: Final = Person(
    user="",
    team="",
    name="",
    email=None,
    email_confirmed=True,
    guest=False,
    bot=False,
    stranger=False,
    deleted=False,
)
"""Who asks, where it is anybody who has no part in the decision."""


@dataclass(frozen=True)
class Around:
    """What Slack and rosters are asked by (see `summon.Around`)."""

    catalog: Catalog
    clock: Clock
    directory: Directory
    duties: Duties
    asking: Executor


def mistaken(file: str, mistakes: Iterable[Mistake]) -> list[Finding]:
    """The mistakes of the catalog file, each with its line."""
    return [
        red(
            "catalog-mistake",
            one.where or file,
            f"{file}, line {one.line}{f', {one.where}' if one.where else ''} is not right.",
            one.sentence,
        )
        for one in mistakes
    ]


def findings(catalog: Catalog) -> Iterator[Finding]:
    """What the catalog does not say and should."""
    if catalog.bot_arn is None:
        yield yellow(
            "bot-unnamed",
            "bot",
            "The catalog does not say which identity in AWS xacct runs as, so `xacct setup` "
            "refuses, and nobody can tell whose keys it has.",
            "Write `bot: arn:aws:iam::<account>:role/xacct-ctl/xacct-bot` at the top.",
        )
    if not catalog.admins:
        yield yellow(
            "admins-none",
            "admins",
            "The catalog names no `admins`: nobody can answer an alert, freeze, or end all access.",
            "Name at least two under `admins`.",
        )
    if not (catalog.engineers or catalog.identity_rules or catalog.machines or catalog.visitors):
        yield yellow(
            "people-none",
            "people",
            "The catalog names nobody to whom a role could be lent.",
            "Write `people`, `people_rules`, `machines` or `identity_center`.",
        )
    if not catalog.outside.is_anywhere:
        yield yellow(
            "anchors-none",
            "slack.audit_channel",
            "The head of the audit log goes nowhere outside the database: somebody who has the "
            "database and the audit key could write another log, and nothing would show it.",
            "Name a channel under `slack.audit_channel`, or a bucket under `audit.s3`, or both.",
        )
    yield from _without_identity(catalog)


def _without_identity(catalog: Catalog) -> Iterator[Finding]:
    elsewhere = {one.slack for one in catalog.visitors}
    elsewhere |= {owner for machine in catalog.machines for owner in machine.owners}
    for one in catalog.engineers:
        if one.iam_user is None and one.slack not in elsewhere:
            yield yellow(
                "person-without-identity",
                one.slack,
                f"{one.slack} is under `people` without an IAM user, and nowhere else: he can ask "
                "for nothing.",
                "Write his `iam_user`, or take him out: then `people_rules` hold for him.",
            )


# --- approvals


def approvals(around: Around) -> list[Finding]:
    """Roles whose requests would be refused since too few could approve them, by the rules that
    refuse them; asks Slack and the rosters. Of whom Slack says nothing counts as able.
    """
    found: list[Finding] = []
    for roles in _alike(around.catalog):
        wrong = _nobody_for(around, roles[0])
        found += [wrong(roles)] if wrong is not None else _some_cannot(around, roles)
    return found


def _alike(catalog: Catalog) -> list[list[Role]]:
    """Roles that are decided on in one way stand for each other."""
    held: dict[object, list[Role]] = {}
    for role in catalog.roles:
        way = (role.approvers, role.approvals, role.duty, role.escalation, role.requesters)
        held.setdefault((*way, role.kinds), []).append(role)
    return list(held.values())


@dataclass(frozen=True)
class _Nobody:
    """Too few can approve, whoever asks."""

    panel: Panel

    def __call__(self, roles: list[Role]) -> Finding:
        needed, able = roles[0].approvals, len(self.panel.able)
        because = f" ({self.panel.because})" if self.panel.because else ""
        return red(
            "nobody-approves",
            roles[0].key,
            f"Nobody can be lent {named([one.key for one in roles])}: {needed} "
            f"approval{'s are' if needed != 1 else ' is'} needed, and {able} "
            f"{'people' if able != 1 else 'person'} could give one{because}.",
            "Name more `approvers` in the catalog who are full members of the workspace.",
        )


def _nobody_for(around: Around, role: Role) -> _Nobody | None:
    somebody = replace(_SOMEBODY, team=around.catalog.team)
    panel = _refused(around, role, somebody, _grantee(GranteeKind.USER, _NOBODYS))
    return None if panel is None else _Nobody(panel)


def _some_cannot(around: Around, roles: list[Role]) -> Iterator[Finding]:
    """Those who have a part in the decision: without them too few are left."""
    role, catalog = roles[0], around.catalog
    alone: list[str] = []
    for user in role.deciders:
        listed = catalog.engineer(user)
        name = (listed.iam_user if listed is not None else None) or _NOBODYS
        grantee = _grantee(GranteeKind.USER, name.rpartition("/")[2], user)
        if role.is_asked_for_by(user) and _refused(around, role, _person(around, user), grantee):
            alone.append(user)
    for machine in catalog.machines if GranteeKind.MACHINE in role.kinds else ():
        grantee = _grantee(GranteeKind.MACHINE, machine.name, *machine.owners)
        asking = [one for one in machine.owners if role.is_asked_for_by(one)]
        if asking and all(_refused(around, role, _person(around, one), grantee) for one in asking):
            alone.append(f"the machine {machine.name}")
    if alone:
        keys = named([one.key for one in roles])
        yield yellow(
            "nobody-else-approves",
            role.key,
            f"Nobody but themselves could approve {keys} for: {named(alone)}.",
            "Name another of the `approvers` for it.",
        )


def _refused(around: Around, role: Role, by: Person, grantee: Grantee) -> Panel | None:
    """Who could decide, where they are too few; None where they are enough."""
    asked = summon.panel_of(around, role, requester=by, grantee=grantee)
    panel = summon.reachable(around, asked, requester=by, grantee=grantee)
    try:
        rules.can_be_approved(role, panel, {by.user, *grantee.owners})
    except NotAllowed:
        return panel
    return None


def _grantee(kind: GranteeKind, name: str, *owners: str) -> Grantee:
    return Grantee(kind, name, arn="", session_name=name, owners=owners)


def _person(around: Around, user: str) -> Person:
    """Who that is; of whom Slack says nothing, somebody of that id."""
    try:
        return around.directory.person(user, now=around.clock.now())
    except Unreachable:
        return replace(_SOMEBODY, user=user, team=around.catalog.team)
