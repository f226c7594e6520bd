"""Plans: only what is being opened opens; everything else closes, or stays."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workflows.catalog.model import GranteeKind
from workflows.documents import session_end, text, trust
from workflows.documents.admits import Visitor
from workflows.plan import ending, role
from workflows.plan.grant import Grant
from workflows.plan.phase import Phase
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail, RoleSeen

HOME, OWNER = "111122223333", "444455556666"
ROLE_ID = "AROAROLE00000000001"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
SEAL = trust.seal("lab", partition="aws", account_id=OWNER)


def seen(
    *statements: dict[str, Any], ending: Mapping[str, Any] | None = None, **kw: Any
) -> RoleDetail:
    arn = f"arn:aws:iam::{OWNER}:role/xacct/admin"
    detail = RoleDetail(
        role=RoleSeen(arn, ROLE_ID, text.document([SEAL, *statements]), 3600, None, NOON),
        session_end=ending,
        other_inline=0,
        trust_quota=2048,
        inline_quota=10240,
    )
    return replace(detail, **kw)


def grant(number: int, phase: Phase, *, name: str = "", minutes: int = 60, **kw: Any) -> Grant:
    name = name or f"user{number}"
    return Grant(
        request=number,
        phase=phase,
        visitor=Visitor(
            kind=GranteeKind.USER,
            partition="aws",
            account_id=HOME,
            arn=f"arn:aws:iam::{HOME}:user/{name}",
            name=name,
            unique_id=f"AIDA{name.upper()}",
            after=NOON + timedelta(minutes=minutes),
        ),
        session_name=name,
        role_id=ROLE_ID,
        session_end=kw.pop("session_end", True),
        **kw,
    )


def planned(detail: RoleDetail, *grants: Grant) -> RolePlan:
    return role.plan(detail, grants, installation="lab")


def let_in(plan: RolePlan) -> set[tuple[trust.Key, datetime]]:
    assert plan.trust is not None
    return set(trust.entries(plan.trust))


def opened(*grants: Grant) -> RoleDetail:
    """The role as it stands after these were opened."""
    plan = planned(seen(), *(replace(one, phase=Phase.OPENING) for one in grants))
    assert plan.trust is not None
    return seen(*text.statements(plan.trust)[1:], ending=plan.session_end)


def test_an_opening_gets_its_entry_and_its_session_end() -> None:
    one = grant(1, Phase.OPENING)
    plan = planned(seen(), one)

    assert let_in(plan) == {(one.entry.key, one.ends_at)}
    assert session_end.lines(plan.session_end) == [session_end.Line(one.user_id, one.ends_at)]


def test_nothing_is_written_when_aws_holds_what_is_wanted() -> None:
    plan = planned(opened(grant(1, Phase.OPEN)), grant(1, Phase.OPEN))

    assert (plan.trust, plan.session_end) == (None, None)


def test_an_open_grant_that_somebody_took_away_is_not_opened_again() -> None:
    plan = planned(seen(ending=opened(grant(1, Phase.OPEN)).session_end), grant(1, Phase.OPEN))

    assert plan.trust is None
    assert plan.missing == {1}


def test_an_open_grant_that_somebody_shortened_is_not_made_longer() -> None:
    short = opened(grant(1, Phase.OPEN, minutes=30))
    plan = planned(short, grant(1, Phase.OPEN, minutes=60))

    assert plan.missing == {1}
    assert plan.trust is not None
    assert trust.entries(plan.trust) == frozenset()


def test_an_open_grant_that_somebody_made_longer_is_cut_back() -> None:
    long = opened(grant(1, Phase.OPEN, minutes=90))
    one = grant(1, Phase.OPEN, minutes=60)

    assert let_in(planned(long, one)) == {(one.entry.key, one.ends_at)}


def test_the_end_of_one_leaves_the_neighbour_as_he_was() -> None:
    alice, carol = grant(1, Phase.OPEN), grant(2, Phase.OPEN)
    plan = planned(opened(alice, carol), replace(alice, phase=Phase.OVER), carol)

    assert let_in(plan) == {(carol.entry.key, carol.ends_at)}
    lines = {line.user_id: line.end for line in session_end.lines(plan.session_end)}
    assert lines == {alice.user_id: None, carol.user_id: carol.ends_at}


def test_an_open_grant_whose_sessions_somebody_ended_is_not_revived() -> None:
    """Its revoke may have been lost with a backup: it is gone, whatever else is written."""
    one, other = grant(1, Phase.OPEN, name="alice"), grant(2, Phase.OPENING, name="carol")
    for end in (None, NOON + timedelta(minutes=30)):
        stands = session_end.Line(one.user_id, end, NOON - timedelta(minutes=9))
        detail = seen(ending=session_end.render(seen().role.arn, [stands]))
        plan = planned(detail, one, other)

        lines = {line.user_id: line for line in session_end.lines(plan.session_end)}
        assert lines[one.user_id].end == end
        assert plan.missing == {1}


def test_a_read_that_is_older_than_an_opening_cuts_nobody_short() -> None:
    one = grant(1, Phase.OPEN, name="alice", fresh=True, boundary=NOON)
    other = grant(2, Phase.OPENING, name="carol")
    stands = session_end.Line(one.user_id, None)
    plan = planned(seen(ending=session_end.render(seen().role.arn, [stands])), one, other)

    assert session_end.Line(one.user_id, one.ends_at, NOON) in session_end.lines(plan.session_end)
    assert plan.missing == frozenset()


def test_a_name_that_stands_in_the_session_end_stays_there_when_its_opening_is_refused() -> None:
    one = grant(1, Phase.OPENING, name="alice")
    other = grant(2, Phase.OPENING, name="carol")
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": one.visitor.arn},
        "Action": "sts:AssumeRole",
    }
    stands = session_end.Line(one.user_id, None)
    detail = seen(theirs, ending=session_end.render(seen().role.arn, [stands]))
    kept = ending.strangers(detail.session_end, [one, other])
    plan = role.plan(detail, [one, other], installation="lab", kept=kept)

    assert set(plan.refused) == {1}
    assert stands in session_end.lines(plan.session_end)


def test_overlapping_grants_of_one_grantee_end_with_the_later_one() -> None:
    first, second = (
        grant(1, Phase.OPEN, name="alice"),
        grant(2, Phase.OPENING, name="alice", minutes=90),
    )
    plan = planned(opened(first), first, second)

    assert let_in(plan) == {(second.entry.key, second.ends_at)}


def test_a_name_that_ended_by_its_date_needs_no_further_write() -> None:
    one = grant(1, Phase.OVER, minutes=-10)
    stands = session_end.render(seen().role.arn, [session_end.Line(one.user_id, one.ends_at)])

    assert planned(seen(ending=stands), one).session_end is None


def test_a_name_revoked_before_its_date_is_over_whatever_the_clock_says() -> None:
    one = grant(1, Phase.OPEN)
    plan = planned(opened(one), replace(one, phase=Phase.OVER))

    assert session_end.lines(plan.session_end) == [session_end.Line(one.user_id, None)]


def test_a_session_end_that_somebody_removed_is_put_back_even_for_an_ended_grant() -> None:
    plan = planned(seen(), grant(1, Phase.OVER))

    assert session_end.lines(plan.session_end) == [
        session_end.Line(grant(1, Phase.OVER).user_id, None)
    ]


def test_a_new_opening_of_a_kept_name_keeps_the_old_sessions_dead_in_the_same_write() -> None:
    over, again = (
        grant(1, Phase.OVER, name="alice"),
        grant(2, Phase.OPENING, name="alice", boundary=NOON),
    )
    plan = planned(seen(), over, again)

    assert session_end.lines(plan.session_end) == [
        session_end.Line(again.user_id, again.ends_at, NOON)
    ]


def test_a_name_that_stands_in_the_session_end_gets_its_date_though_the_role_has_none_now() -> None:
    """The line of a grant of before would shut him out."""
    again = grant(2, Phase.OPENING, name="alice", minutes=90, boundary=NOON, session_end=False)
    for stands in (None, NOON - timedelta(hours=1), NOON + timedelta(minutes=10)):
        line = session_end.Line(again.user_id, stands)
        detail = seen(ending=session_end.render(seen().role.arn, [line]))

        plan = planned(detail, grant(1, Phase.OVER, name="alice"), again)

        wanted = session_end.Line(again.user_id, again.ends_at, NOON)
        assert session_end.lines(plan.session_end) == [wanted]
        over = planned(
            replace(detail, session_end=plan.session_end), replace(again, phase=Phase.OVER)
        )
        assert session_end.lines(over.session_end) == [session_end.Line(again.user_id, None)]


def test_a_grant_without_a_session_end_is_not_cut_short_by_that_of_a_shorter_one() -> None:
    long = grant(1, Phase.OPEN, name="alice", minutes=120, session_end=False)
    plan = planned(opened(long), long, grant(2, Phase.OPENING, name="alice", minutes=30))

    assert plan.missing == frozenset()
    assert session_end.lines(plan.session_end) == [session_end.Line(long.user_id, long.ends_at)]


def test_an_open_grant_whose_sessions_somebody_ended_is_gone_also_without_a_session_end() -> None:
    one = grant(1, Phase.OPEN, session_end=False)
    stands = session_end.render(seen().role.arn, [session_end.Line(one.user_id, None)])

    assert planned(replace(opened(one), session_end=stands), one).missing == {1}


def test_names_that_differ_by_the_place_of_a_dot_alone_have_statements_of_their_own() -> None:
    people = [
        trust.Entry(GranteeKind.PERSON, "aws", HOME, "AROASSO", name, NOON)
        for name in ("jo.ann.li@corp.example", "jo.annl.i@corp.example", "joxann", "jo.ann")
    ]

    sids = [one["Sid"] for one in trust.own_statements(people, None)]

    assert len(set(sids)) == len(people)
    assert all(sid.isalnum() for sid in sids)


def test_two_grantees_with_one_session_name_are_never_open_together() -> None:
    first = grant(1, Phase.OPEN, name="alice")
    other = grant(2, Phase.OPENING, name="alice")
    other = replace(
        other, session_name="Alice", visitor=replace(other.visitor, unique_id="AIDASOMEBODY")
    )

    assert set(planned(opened(first), first, other).refused) == {2}


def test_a_foreign_statement_that_admits_him_refuses_the_opening() -> None:
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{HOME}:root"},
        "Action": "sts:AssumeRole",
    }
    plan = planned(seen(theirs), grant(1, Phase.OPENING))

    assert "Theirs" in plan.refused[1]
    assert plan.trust is None


def test_a_role_without_a_session_end_is_opened_only_while_it_is_sealed_against_itself() -> None:
    one = replace(grant(1, Phase.OPENING), session_end=False)
    sealed = seen()
    theirs = {**SEAL, "Effect": "Allow", "Sid": "Theirs"}
    bare = replace(sealed, role=replace(sealed.role, trust=text.document([theirs])))

    assert planned(sealed, one).refused == {}
    assert "lacks xacct's seal" in planned(bare, one).refused[1]
    assert planned(bare, replace(one, session_end=True)).refused == {}


def test_the_seal_of_another_installation_refuses_every_opening() -> None:
    other = {**SEAL, "Sid": "XacctSealother"}

    assert "another installation" in planned(seen(other), grant(1, Phase.OPENING)).refused[1]


def test_what_does_not_fit_is_refused_before_any_write_and_the_older_one_stays() -> None:
    crowd = [grant(number, Phase.OPEN, minutes=60 + number) for number in range(3)]
    late = grant(9, Phase.OPENING, minutes=99)
    detail = replace(opened(*crowd), trust_quota=text.length(opened(*crowd).role.trust) + 100)

    plan = planned(detail, *crowd, late)

    assert "no room" in plan.refused[9]
    assert "3 grants are open. The next slot frees at 13:00 UTC." in plan.refused[9]
    assert plan.trust is None


def test_the_roles_other_inline_policies_count_as_taken_room() -> None:
    over = grant(2, Phase.OVER, kept_until=NOON + timedelta(hours=12, minutes=15))
    plan = planned(seen(other_inline=10_000), grant(1, Phase.OPENING), over)

    assert "no room for another session end" in plan.refused[1]
    assert "No grant is open." in plan.refused[1]
    assert "The next slot frees at 00:15 UTC on 2026-02-01." in plan.refused[1]


phases = st.sampled_from([Phase.OPEN, Phase.OVER])
grants = st.lists(
    st.builds(
        grant,
        st.integers(1, 30),
        phases,
        name=st.sampled_from(["alice", "carol", "dora"]),
        minutes=st.integers(-60, 120),
        session_end=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda one: one.request,
)


moments = st.integers(-60, 120).map(lambda minutes: NOON + timedelta(minutes=minutes))
standing_lines = st.lists(
    st.builds(
        session_end.Line,
        st.sampled_from([f"{ROLE_ID}:{name}" for name in ("alice", "Carol", "dora", "eve")]),
        st.none() | moments,
        st.none() | moments,
    ),
    max_size=4,
    unique_by=lambda one: one.user_id,
)


def lives(document: Mapping[str, Any] | None, name: str, issued: datetime, at: datetime) -> bool:
    """Whether the session end lets a session of this name sign a request: IAM's reading of it."""
    for one in text.statements(document or {}):
        condition = one.get("Condition", {})
        names = condition.get("StringEqualsIgnoreCase", {}).get("aws:userid", [])
        over = condition.get("DateGreaterThanEquals", {}).get("aws:CurrentTime")
        before = condition.get("DateLessThan", {}).get("aws:TokenIssueTime")
        if (
            f"{ROLE_ID}:{name}".casefold() in map(str.casefold, text.values(names))
            and (over is None or at >= datetime.fromisoformat(over))
            and (before is None or issued < datetime.fromisoformat(before))
        ):
            return False
    return True


@given(grants, grants, standing_lines)
def test_without_an_opening_no_plan_lets_anybody_in_or_in_for_longer(
    before: list[Grant], after: list[Grant], held: list[session_end.Line]
) -> None:
    detail = opened(*before) if before else seen()
    if held:
        detail = replace(detail, session_end=session_end.render(detail.role.arn, held))
    kept = ending.strangers(detail.session_end, after)
    plan = role.plan(detail, after, installation="lab", kept=kept)

    entered = dict(trust.entries(detail.role.trust))
    for key, end in trust.entries(plan.trust or detail.role.trust):
        assert end <= entered[key]
    hours = [NOON + timedelta(minutes=minutes) for minutes in range(-90, 150, 15)]
    for name, issued, at in product(("alice", "carol", "dora", "eve"), hours, hours):
        if at >= NOON and not lives(detail.session_end, name, issued, at):
            assert not lives(plan.session_end or detail.session_end, name, issued, at)


@given(grants)
def test_a_plan_once_applied_is_as_wanted(wanted: list[Grant]) -> None:
    detail = opened(*wanted) if wanted else seen()
    plan = planned(detail, *wanted)
    applied = replace(
        detail,
        role=replace(detail.role, trust=plan.trust or detail.role.trust),
        session_end=plan.session_end or detail.session_end,
    )

    again = planned(applied, *wanted)
    assert (again.trust, again.session_end) == (None, None)


# --- the vendor

VENDOR = (HOME, "AROAVENDOR000000001")


def vended_without(*gone: str, **grants: Grant) -> RoleDetail:
    """The role as these were opened, and what somebody made of the vendor's statement."""
    detail = opened(*grants.values())
    kept = [one for one in text.statements(detail.role.trust)[1:] if one["Sid"] not in gone]
    return seen(*kept, ending=detail.session_end)


def test_who_gets_no_credentials_any_more_since_somebody_removed_the_vendor_is_gone() -> None:
    one = grant(1, Phase.OPEN, vendor=VENDOR)

    plan = planned(vended_without(trust.VEND, one=one), one)

    assert plan.missing == {1}
    assert plan.trust is None


def test_a_vendor_whose_time_somebody_shortened_gets_no_more_of_it() -> None:
    one = grant(1, Phase.OPEN, vendor=VENDOR)
    short = opened(replace(one, visitor=replace(one.visitor, after=NOON + timedelta(minutes=9))))
    kept = [one for one in text.statements(short.role.trust)[1:] if one["Sid"] == trust.VEND]
    detail = vended_without(trust.VEND, one=one)
    policy = text.document([*text.statements(detail.role.trust), *kept])

    plan = planned(replace(detail, role=replace(detail.role, trust=policy)), one)

    assert plan.missing == {1}
    assert plan.trust is not None
    assert trust.vended_names(plan.trust) == frozenset()


def test_a_read_that_is_older_than_an_opening_takes_nobodys_credentials_away() -> None:
    one = grant(1, Phase.OPEN, name="alice", vendor=VENDOR, fresh=True)
    other = grant(2, Phase.OPENING, name="carol", vendor=VENDOR)

    plan = planned(seen(), one, other)

    assert plan.missing == frozenset()
    assert plan.trust is not None
    assert trust.vended_names(plan.trust) == {"alice", "carol"}
