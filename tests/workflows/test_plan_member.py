"""Plans for an IAM user's places in governed groups: what closes goes before what opens."""

from dataclasses import replace
from datetime import UTC, datetime

from workflows.plan import member
from workflows.plan.member import MemberPlan, Place, Step
from workflows.plan.phase import Phase
from workflows.seen import GranteeSeen, MemberSeen

HOME = "111122223333"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def user(*groups: str, quota: int = 10) -> MemberSeen:
    him = GranteeSeen(f"arn:aws:iam::{HOME}:user/alice", "alice", "AIDAALICE", NOON)
    return MemberSeen(him, frozenset(groups), {}, quota)


def allow(phase: Phase, number: int = 1, group: str = "allow") -> Place:
    return Place(number, phase, group, inside=True)


def deny(phase: Phase, number: int = 1, group: str = "deny") -> Place:
    return Place(number, phase, group, inside=False)


def planned_places(seen: MemberSeen, places: list[Place], noted: dict[str, bool]) -> MemberPlan:
    return member.plan(seen, places, noted, reread=False)


def test_giving_a_place_back_is_repeated_until_it_was_read_after_it() -> None:
    over, noted = [allow(Phase.OVER)], {"allow": False}

    assert member.plan(user(), over, noted, reread=False).steps == (Step("allow", join=False),)
    assert member.plan(user(), over, noted, reread=True).steps == ()


def test_an_opening_joins_the_allow_group_and_an_end_leaves_it() -> None:
    opening = planned_places(user(), [allow(Phase.OPENING)], {})
    ending = planned_places(user("allow"), [allow(Phase.OVER)], {"allow": False})

    assert opening.steps == (Step("allow", join=True),)
    assert opening.note == {"allow": False}
    assert ending.steps == (Step("allow", join=False),)


def test_an_opening_leaves_the_deny_group_and_an_end_gives_it_back() -> None:
    opening = planned_places(user("deny"), [deny(Phase.OPENING)], {})
    ending = planned_places(user(), [deny(Phase.OVER)], {"deny": True})

    assert opening.steps == (Step("deny", join=False),)
    assert opening.note == {"deny": True}
    assert ending.steps == (Step("deny", join=True),)


def test_a_membership_that_was_there_before_is_neither_added_nor_removed() -> None:
    opening = planned_places(user("allow"), [allow(Phase.OPENING)], {})
    ending = planned_places(user("allow"), [allow(Phase.OVER)], {"allow": True})

    assert opening.steps == ending.steps == ()
    assert opening.note == {"allow": True}


def test_who_was_not_in_the_deny_group_is_not_put_there() -> None:
    assert planned_places(user(), [deny(Phase.OPENING)], {}).steps == ()
    assert planned_places(user(), [deny(Phase.OVER)], {"deny": False}).steps == ()


def test_the_end_of_one_grant_keeps_the_place_that_another_needs() -> None:
    places = [allow(Phase.OVER, 1), allow(Phase.OPEN, 2)]

    assert planned_places(user("allow"), places, {"allow": False}).steps == ()


def test_a_member_who_was_put_back_into_the_deny_group_is_not_lifted_again() -> None:
    plan = planned_places(user("deny"), [deny(Phase.OPEN)], {"deny": True})

    assert plan.steps == ()
    assert plan.stopped == {1}
    assert plan.missing == frozenset()


def test_a_member_who_was_taken_out_of_the_allow_group_is_not_let_in_again() -> None:
    plan = planned_places(user(), [allow(Phase.OPEN)], {"allow": False})

    assert plan.steps == ()
    assert plan.missing == {1}


def test_what_somebody_took_away_is_not_given_back_by_opening_another_grant() -> None:
    taken_out = [allow(Phase.OPEN, 1), allow(Phase.OPENING, 2)]
    put_back = [deny(Phase.OPEN, 1), deny(Phase.OPENING, 2)]

    allowed = planned_places(user(), taken_out, {"allow": False})
    denied = planned_places(user("deny"), put_back, {"deny": True})

    assert not allowed.steps
    assert allowed.missing == {1}
    assert allowed.waiting == {2}
    assert not denied.steps
    assert denied.stopped == {1}
    assert denied.waiting == {2}


def test_an_opening_that_was_cut_short_keeps_no_other_waiting() -> None:
    cut_short = replace(allow(Phase.OPEN, 1), was_open=False)

    plan = planned_places(user(), [cut_short, allow(Phase.OPENING, 2)], {"allow": False})

    assert plan.steps == (Step("allow", join=True),)
    assert not plan.waiting


def test_a_place_to_be_given_back_counts_as_taken() -> None:
    nine = [f"g{number}" for number in range(9)]
    places = [deny(Phase.OPEN, 1), allow(Phase.OPENING, 2)]

    assert set(planned_places(user(*nine), places, {"deny": True}).refused) == {2}
    assert planned_places(user(*nine[:8]), places, {"deny": True}).refused == {}


def test_what_closes_goes_before_what_opens() -> None:
    places = [allow(Phase.OPENING, 2, "a"), deny(Phase.OVER, 1, "z")]

    steps = planned_places(user(), places, {"z": True}).steps

    assert steps == (Step("z", join=True), Step("a", join=True))
