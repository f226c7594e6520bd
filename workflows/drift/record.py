"""Writing down what a drift found: debts first, then alerts, each account by itself.

Safe to repeat and safe to die anywhere: a debt is a due row, an alert is one row for each finding.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from db.store import alerts, memberships, requests, standing, targets
from db.store.alerts import Finding
from workflows import addresses, edits, restore
from workflows.catalog.governed import governed
from workflows.catalog.model import Role
from workflows.drift import compare, known, places, strangers
from workflows.drift.compare import Difference
from workflows.drift.places import Owed
from workflows.drift.seen import AccountSeen
from workflows.seen import RoleDetail
from workflows.world import World

UNREAD: Final = "account not read"
CREDENTIALS: Final = "credentials"


@dataclass
class Said:
    """What became of one account: the keys of what stands, whether any of it is new, and the
    seals of other installations.
    """

    keys: set[str] = field(default_factory=set)
    news: bool = False
    seals: list[Difference] = field(default_factory=list)


def account(world: World, seen: AccountSeen, *, silent: bool = False) -> Said:
    """Owes what is to be closed and alerts the rest. What was not read stays as it was said.

    `silent`: the pass before did not read it whole, either.
    """
    said = Said()
    for role in world.catalog.roles:
        if role.account.id == seen.account_id and role.key in seen.roles:
            _role(world, role, seen.roles[role.key], seen, said)
    if seen.groups:
        _groups(world, seen, said)
    now = world.clock.now()
    with world.database.write() as session:
        if seen.shut_out or (silent and not (seen.whole or seen.expired)):
            said.keys.add(key := f"{_prefix(seen)}unread")
            said.news |= alerts.found(session, _unread(seen, key), at=now)
        if seen.whole:
            alerts.over_all_but(session, _prefix(seen), said.keys, at=now)
    return said


def _prefix(seen: AccountSeen) -> str:
    return f"drift:{seen.account_id}:"


def _finding(seen: AccountSeen, one: Difference) -> Finding:
    return Finding(
        key=f"{_prefix(seen)}{one.key}",
        kind=one.kind,
        sentence=one.sentence,
        facts={"account": seen.account_id, **one.facts},
    )


def _unread(seen: AccountSeen, key: str) -> Finding:
    if seen.shut_out:
        sentence = (
            f"AWS does not let xacct read all of {seen.name}, so what differs there goes unnoticed "
            f"({seen.shut_out}). Mend the rights of its manager role, or the catalog if what it "
            "names is gone."
        )
    else:
        sentence = (
            f"AWS does not answer for all of {seen.name} for more than a quarter of an hour, so "
            "what differs there goes unnoticed and no access ends early; what is open there ends "
            "in time by itself. See the log for what AWS said, and whether AWS can be reached."
        )
    return Finding(key=key, kind=UNREAD, sentence=sentence, facts={"account": seen.account_id})


def credentials(world: World, expired: str | None) -> bool:
    """Alerts that AWS does not know xacct's own credentials; True if it is new."""
    with world.database.write() as session:
        if expired is None:
            alerts.over(session, CREDENTIALS, at=world.clock.now())
            return False
        finding = Finding(
            key=CREDENTIALS,
            kind=CREDENTIALS,
            sentence=(
                f"AWS does not take xacct's own credentials ({expired}), so nothing is opened and "
                "no access ends early; what is open ends in time by itself. Give xacct new ones."
            ),
            facts={},
        )
        return alerts.found(session, finding, at=world.clock.now())


# --- roles


def _role(
    world: World, role: Role, detail: RoleDetail | None, seen: AccountSeen, said: Said
) -> None:
    now, installation = world.clock.now(), world.catalog.installation
    with world.database.write() as session:
        target = targets.ensure(session, addresses.role(role))
        if detail is None:
            if requests.live(session, target):
                targets.owe(session, target.id, now)  # it looks twice before it says so
            return
        at = detail.role.at
        rows = known.role(session, role, target, at=at, now=now)
        found = compare.role(detail, rows, installation=installation)
        if found.owed:
            targets.owe(session, target.id, now, closing=True)
        said.news |= edits.seen(session, world.catalog, target.id, detail.role, now=now)
        restore.check(session, detail.session_end, role=role.arn, at=now)
        said.seals += [one for one in found.differences if one.kind == compare.OTHER_SEAL]
        _say(session, seen, found.differences, said, world)
        if not rows.settled:  # what we are at work on stays as it was said
            said.keys |= _standing(session, seen, target.id)


def _standing(session: Session, seen: AccountSeen, target_id: int) -> set[str]:
    here = {f"{_prefix(seen)}{kind}:{target_id}" for kind in ("own", "end")}
    return {one.key for one in alerts.standing(session, _prefix(seen)) if one.key in here}


def _say(
    session: Session,
    seen: AccountSeen,
    found: Iterable[Difference],
    said: Said,
    world: World,
) -> None:
    for one in found:
        finding = _finding(seen, one)
        said.keys.add(finding.key)
        said.news |= alerts.found(session, finding, at=world.clock.now())


# --- groups


def _groups(world: World, seen: AccountSeen, said: Said) -> None:
    catalog = world.catalog
    all_groups, arns = governed(catalog), [role.arn for role in catalog.roles]
    with world.database.write() as session:
        rows = known.places(session, catalog, began=seen.began)
        owed = places.owed(seen, rows, all_groups, catalog.roster)
        for one in owed:
            _owe(world, session, one)
        for target_id in places.taken(seen, rows):
            targets.owe(session, target_id, world.clock.now())
        differences = places.differences([one.place for one in owed if one.wrong])
        for name, group in sorted(seen.groups.items()):
            if name in all_groups and group is not None:
                differences += compare.group(group, all_groups[name], role_arns=arns)
            elif name in all_groups:
                differences.append(compare.group_gone(all_groups[name]))
        _say(session, seen, differences, said, world)
        found = places.strangers(seen, rows, all_groups)
        said.news |= strangers.say(session, seen, found, at=world.clock.now())


def _owe(world: World, session: Session, owed: Owed) -> None:
    """Lets a settle make the place as it was before us, unless somebody is at work on it now."""
    catalog, place, now = world.catalog, owed.place, world.clock.now()
    where = {"account_id": catalog.grantee.id, "group_name": place.group, "user_id": place.user_id}
    if not owed.there:
        memberships.forget(session, **where)
        return
    target = targets.ensure(session, addresses.member(catalog, place.user_name))
    if not standing.free(session, target.id):
        return
    if place.group not in memberships.noted(session, catalog.grantee.id, place.user_id):
        memberships.note(
            session, **where, user_name=place.user_name, was_member=place.was_member, at=now
        )
    targets.owe(session, target.id, now, closing=True)
