"""The plan for the places of an IAM user in governed groups."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from workflows.plan.phase import Phase
from workflows.seen import MemberSeen


@dataclass(frozen=True)
class Place:
    """What a request wants of one group: to be in it (`inside`), or out of it, while it is open."""

    request: int
    phase: Phase
    group: str
    inside: bool
    was_open: bool = True  # it was said to be; else it may be, after a crash
    trusted: bool = False  # it is over, and its role may still let him in


@dataclass(frozen=True)
class Step:
    """One change of a membership."""

    group: str
    join: bool


@dataclass(frozen=True)
class MemberPlan:
    """Changes in their order; places to note before the first of them; what cannot be, is gone."""

    steps: tuple[Step, ...]
    note: Mapping[str, bool]  # group → whether the user is in it before us
    refused: Mapping[int, str]
    missing: frozenset[int]
    stopped: frozenset[int]  # open requests whose user somebody put back into the deny group
    waiting: frozenset[int] = frozenset()  # opening requests that must not revive others

    @property
    def closed(self) -> frozenset[int]:
        """Opening requests whose place is not open, and is not opened now."""
        return self.waiting | self.refused.keys()


def plan(
    seen: MemberSeen,
    places: Sequence[Place],
    noted: Mapping[str, bool],
    *,
    reread: bool,
    denying: Collection[str] = (),
) -> MemberPlan:
    """The plan for one user. A place that was as wanted before us is not ours to change.

    Giving a place back is safe to repeat, and a read may be older than our own write: so it is
    always done once, and asked of AWS only when it is `reread` after that. So is a place that was
    noted and that nobody is lent: of these only groups in `denying` are joined.
    """
    refused = no_slot(seen, places, noted)
    kept = [one for one in places if one.request not in refused]
    before = {**{one.group: one.group in seen.groups for one in kept}, **noted}
    changes = _Changes()
    for group in sorted({one.group for one in places}):
        first = next(one for one in places if one.group == group)
        is_open = (group in seen.groups) == first.inside
        if before.get(group) != first.inside:  # else the place is not ours to change
            ours = _Ours(to_be_given_back=group in noted and (is_open or not reread))
        else:
            ours = None
        changes.lent(first, [one for one in kept if one.group == group], ours, is_open=is_open)
    for group in sorted(noted.keys() - {one.group for one in places}):
        is_back = (group in seen.groups) == noted[group]
        if (group in denying or not noted[group]) and not (is_back and reread):
            changes.closing.append(Step(group, join=noted[group]))
    opened = {one.group for one in kept if one.phase is Phase.OPENING}
    note = {group: before[group] for group in opened if group not in noted}
    return changes.plan(note, refused)


@dataclass(frozen=True)
class _Ours:
    """A place that was otherwise before us."""

    to_be_given_back: bool  # it was changed, or may have been


@dataclass
class _Changes:
    """What has come together of a plan."""

    closing: list[Step] = field(default_factory=list)
    opening: list[Step] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    stopped: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    refused: dict[int, str] = field(default_factory=dict)

    def plan(self, note: Mapping[str, bool], refused: Mapping[int, str]) -> MemberPlan:
        return MemberPlan(
            (*self.closing, *self.opening),
            note,
            {**refused, **self.refused},
            missing=frozenset(self.missing),
            stopped=frozenset(self.stopped),
            waiting=frozenset(self.waiting),
        )

    def lent(
        self, first: Place, live: Sequence[Place], ours: _Ours | None, *, is_open: bool
    ) -> None:
        """One group that requests want: `first` of all of them, `live` those not refused.

        What somebody took away from one request, or is taken from it, is not given back to it by
        opening another one: that one waits until the role of the first is closed.
        """
        opens = {one.request for one in live if one.phase is Phase.OPENING}
        stays = {one.request for one in live if one.phase is Phase.OPEN}
        taken = stays & {one.request for one in live if one.was_open}
        if taken and not is_open:
            (self.missing if first.inside else self.stopped).update(taken)
        if not is_open and (taken or any(one.trusted for one in live)):
            self.waiting.update(opens)
            opens = set()
        if ours and opens and not is_open:
            self.opening.append(Step(first.group, join=first.inside))
        elif ours and ours.to_be_given_back and not (opens or stays):
            self.closing.append(Step(first.group, join=not first.inside))
        elif opens and not is_open:
            where = "out of" if first.inside else "into"
            lost = f"Somebody put him {where} {first.group} since it was looked at. Ask again."
            self.refused.update(dict.fromkeys(opens, lost))


def no_slot(seen: MemberSeen, places: Sequence[Place], noted: Mapping[str, bool]) -> dict[int, str]:
    """Opening requests for which the user is in too many groups, with the sentence that says so.

    A place in a deny group that must be given back counts as taken.
    """
    taken = {*seen.groups, *(group for group, was in noted.items() if was)}
    refused: dict[int, str] = {}
    for place in places:
        if place.phase is not Phase.OPENING or not place.inside or place.group in taken:
            continue
        if len(taken) >= seen.groups_quota:
            refused[place.request] = (
                f"{seen.user.name} is in {len(taken)} groups already, places to be given back and "
                f"places about to be taken counted, and AWS allows {seen.groups_quota}. Take him "
                "out of a group he does not need."
            )
        else:
            taken.add(place.group)
    return refused
