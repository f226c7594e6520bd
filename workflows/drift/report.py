"""A drift for who asks in the terminal: it reads AWS and the rows, and changes neither."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.orm import Session

from db.store import alerts, holds, standing
from db.store.alerts import Finding
from workflows import edits, restore
from workflows.catalog.governed import governed
from workflows.catalog.model import Account
from workflows.drift import compare, known, places, strangers
from workflows.drift.compare import Difference
from workflows.drift.run import AT_ONCE, read_account
from workflows.drift.seen import AccountSeen
from workflows.world import World

_FOUND_ANEW: Final = ("drift:", "edit:", strangers.KEY, restore.ALERT)
"""Alerts that a pass finds by itself; all others are shown as they stand."""


@dataclass(frozen=True)
class Found:
    """One thing that is not as it must be, as it is shown in the terminal."""

    kind: str
    where: str
    sentence: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Report:
    """What was found, what holds all openings, and what could not be read (by account)."""

    found: list[Found] = field(default_factory=list)
    holds: list[str] = field(default_factory=list)
    unread: dict[str, Mapping[str, str]] = field(default_factory=dict)


def report(world: World) -> Report:
    """Compares all accounts of the catalog with the rows, right now."""
    accounts: list[Account] = [world.catalog.grantee, *world.catalog.accounts]
    with ThreadPoolExecutor(min(AT_ONCE, len(accounts)), "drift") as pool:
        everything = list(pool.map(lambda account: read_account(world, account), accounts))
    made = Report()
    with world.database.read() as session:
        for seen in everything:
            made.found += _roles(session, world, seen)
            made.found += _groups(session, world, seen)
            if not seen.whole:
                made.unread[seen.name] = seen.unread
        others = (one for one in alerts.standing(session) if not one.key.startswith(_FOUND_ANEW))
        made.found += [Found(one.kind, "", one.sentence, one.facts) for one in others]
        made.holds = [one.reason for one in holds.standing(session)]
    return made


def _roles(session: Session, world: World, seen: AccountSeen) -> Iterable[Found]:
    installation, now = world.catalog.installation, world.clock.now()
    for role in world.catalog.roles:
        detail = seen.roles.get(role.key)
        if detail is None:
            continue
        target = standing.target(session, role.arn)
        rows = known.role(session, role, target, at=detail.role.at, now=now)
        compared = compare.role(detail, rows, installation=installation)
        yield from (_different(one, role.key) for one in compared.differences)
        if not restore.is_known(session, detail.session_end):
            yield Found("restored", role.key, "AWS holds more of it than this database knows of.")
        if target is not None:
            told = alerts.standing(session, "edit:")
            changes = edits.findings(world.catalog, target, detail.role.trust, told)
            yield from (_alerted(one, role.key) for one in changes)


def _groups(session: Session, world: World, seen: AccountSeen) -> Iterable[Found]:
    if not seen.groups:
        return
    catalog = world.catalog
    all_groups, arns = governed(catalog), [role.arn for role in catalog.roles]
    rows = known.places(session, catalog, began=seen.began)
    owed = places.owed(seen, rows, all_groups, catalog.roster)
    for one in places.differences([one.place for one in owed if one.wrong]):
        yield _different(one, one.facts["group"])
    for name, group in sorted(seen.groups.items()):
        if name in all_groups and group is not None:
            for one in compare.group(group, all_groups[name], role_arns=arns):
                yield _different(one, name)
        elif name in all_groups:
            yield _different(compare.group_gone(all_groups[name]), name)
    left = strangers.left_alone(alerts.named(session, strangers.KEY))
    listing = [
        one
        for one in places.strangers(seen, rows, all_groups)
        if (one.group, one.user_id) not in left
    ]
    if listing:
        yield _alerted(strangers.finding(listing), catalog.grantee.name)


def _different(one: Difference, where: str) -> Found:
    return Found(one.kind, where, one.sentence, one.facts)


def _alerted(one: Finding, where: str) -> Found:
    return Found(one.kind, where, one.sentence, one.facts)
