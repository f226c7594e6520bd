"""Places in governed groups, compared with the rows: pure. Nobody is ever put in by it, and only
deny groups, which keep people out, are joined.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import groupby
from typing import Final

from workflows.catalog.governed import Governed
from workflows.drift.compare import Difference
from workflows.drift.seen import AccountSeen

PLACE: Final = "place not given back"
NAMES: Final = "users by their ids"
"""What is asked of AWS about users whom their names do not lead to."""

Spot = tuple[str, str]  # group name, the user's unique id


@dataclass(frozen=True)
class Place:
    """A user's place in a group, and whether he was in it before us."""

    group: str
    user_name: str
    user_id: str
    was_member: bool

    @property
    def spot(self) -> Spot:
        return self.group, self.user_id


@dataclass(frozen=True)
class PlacesKnown:
    """What the rows say: the notes, and the places that an open request, or one that has just
    ended, accounts for.

    `active` are those of active grants.
    """

    notes: Mapping[Spot, Place]
    lent: frozenset[Spot]
    active: Mapping[Spot, "Active"]


@dataclass(frozen=True)
class Active:
    """A place by an active grant: inside an allow group, or outside a deny group. `target` is the
    number of what is settled to look there.
    """

    target: int
    inside: bool


@dataclass(frozen=True)
class Owed:
    """A place to be made as it was before us.

    `wrong`: AWS was read to hold it otherwise; if not, only the note is left to be cleared away.
    `there`: the user exists, and is still the one he was.
    """

    place: Place
    wrong: bool
    there: bool = True


@dataclass(frozen=True)
class Stranger:
    """A member of an allow group for whom nothing accounts."""

    group: str
    user_name: str
    user_id: str

    @property
    def mark(self) -> str:
        """What a button calls him: 16 characters that say nothing by themselves."""
        return sha256(f"{self.group} {self.user_id}".encode()).hexdigest()[:16]


def strangers(
    seen: AccountSeen, known: PlacesKnown, governed: Mapping[str, Governed]
) -> list[Stranger]:
    """Members of allow groups that no note and no request explains."""
    explained = known.lent | known.notes.keys()
    return [
        Stranger(name, user, user_id)
        for name, group in sorted(seen.groups.items())
        if group is not None and name in governed and not governed[name].denies
        for user, user_id in sorted(group.members.items())
        if (name, user_id) not in explained
    ]


def taken(seen: AccountSeen, known: PlacesKnown) -> list[int]:
    """Targets to be looked at: somebody took a member of an active grant out of his allow group,
    deleted him, or put him back into the deny group. So a human stops a grant with IAM alone.
    """
    members = {
        (name, user_id)
        for name, group in seen.groups.items()
        if group is not None
        for user_id in group.members.values()
    }
    read = {spot: one for spot, one in known.active.items() if spot[0] not in seen.unread}
    return sorted({one.target for spot, one in read.items() if (spot in members) != one.inside})


def doubtful(
    seen: AccountSeen,
    known: PlacesKnown,
    governed: Mapping[str, Governed],
    roster: Iterable[str],
) -> frozenset[str]:
    """Names of users who are to be asked about: are they there, and the same ones as noted?"""
    stranded = {one.user_name for one in _stranded(seen, known)}
    return frozenset(stranded | {name for _, name in _outside(seen, governed, roster)})


def owed(
    seen: AccountSeen,
    known: PlacesKnown,
    governed: Mapping[str, Governed],
    roster: Iterable[str],
) -> list[Owed]:
    """Places that nobody is lent and that are to be closed: of notes that were left standing, and
    of people of the roster who are outside a deny group.
    """
    found: dict[Spot, Owed] = {}
    for place in _stranded(seen, known):
        if place.user_name in seen.unread or (NAMES in seen.unread and not _found(seen, place)):
            continue
        group = seen.groups[place.group]
        assert group is not None
        inside = place.user_id in group.members.values()
        there = _found(seen, place) or place.user_id in seen.names
        now = replace(place, user_name=seen.names.get(place.user_id, place.user_name))
        found[place.spot] = Owed(now, wrong=there and inside != place.was_member, there=there)
    for group_name, name in _outside(seen, governed, roster):
        user = seen.users.get(name.casefold())
        if user is None or (group_name, user.unique_id) in known.lent:
            continue
        place = Place(group_name, user.name, user.unique_id, was_member=True)
        if place.spot not in known.notes:
            found[place.spot] = Owed(place, wrong=True)
    return [found[spot] for spot in sorted(found)]


def astray(seen: AccountSeen, known: PlacesKnown) -> frozenset[str]:
    """The ids of users who are noted by a name that does not lead to them any more."""
    return frozenset(
        one.user_id
        for one in _stranded(seen, known)
        if one.user_name not in seen.unread and not _found(seen, one)
    )


def _found(seen: AccountSeen, place: Place) -> bool:
    user = seen.users.get(place.user_name.casefold())
    return user is not None and user.unique_id == place.user_id


def _stranded(seen: AccountSeen, known: PlacesKnown) -> list[Place]:
    """Noted places that no request accounts for, in groups that were read."""
    return [
        place
        for spot, place in sorted(known.notes.items())
        if spot not in known.lent and seen.groups.get(place.group) is not None
    ]


def _outside(
    seen: AccountSeen, governed: Mapping[str, Governed], roster: Iterable[str]
) -> list[tuple[str, str]]:
    """(group, user name) of people of the roster who are not in a deny group."""
    found = []
    for name, group in sorted(seen.groups.items()):
        if group is None or name not in governed or not governed[name].denies:
            continue
        inside = {user.casefold() for user in group.members}
        found += [(name, user) for user in sorted(roster) if user.casefold() not in inside]
    return found


def differences(wrong: Sequence[Place]) -> list[Difference]:
    """What an administrator is told of places that are being closed: one thing for each group."""
    return [
        _difference(group, list(places))
        for group, places in groupby(sorted(wrong, key=_order), key=lambda one: one.group)
    ]


def _order(place: Place) -> tuple[str, str]:
    return place.group, place.user_name


def _difference(group: str, places: Sequence[Place]) -> Difference:
    out = [one.user_name for one in places if one.was_member]
    inside = [one.user_name for one in places if not one.was_member]
    said = []
    if out:
        said.append(
            f"Outside {group}, which denies a role, though nothing that is open has lifted it: "
            f"{named(out)}. xacct puts them back."
        )
    if inside:
        said.append(f"In {group} for a grant that is over: {named(inside)}. xacct takes them out.")
    return Difference(
        key=f"place:{group}",
        kind=PLACE,
        sentence=f"{' '.join(said)} CloudTrail of the grantee account knows who did it.",
        facts={"group": group, "users": [one.user_name for one in places]},
    )


def named(names: Sequence[str], most: int = 20) -> str:
    """The names, the last ones counted when there are many."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
