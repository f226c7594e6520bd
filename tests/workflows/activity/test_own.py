"""A grant's events are those of its own sessions: nobody else's are ever counted."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.activity.telling import ALICE, TRACE, after, call, entry
from workflows.activity.events import Event, own


def names(*events: Event) -> list[str]:
    return [one.name for one in own(TRACE, events).calls]


@pytest.mark.parametrize(
    "caller",
    [
        *("AROAROLE:bob", "AROAROLE:alice2", "AROAROLE:Alice", "AROAROLE:xalice"),
        *("AROAOTHER:alice", "AIDAALICE", "alice", "", "AROAROLE", "AROAROLE:"),
    ],
)
def test_a_call_under_another_name_or_of_another_role_is_never_counted(caller: str) -> None:
    assert names(call("CreateUser", caller=caller), call("DeleteUser")) == ["DeleteUser"]


def test_a_session_that_somebody_else_began_under_the_same_name_is_never_counted() -> None:
    theirs = entry("AIDAMALLORY", made_key="ASIATHEIRS")

    told = own(TRACE, [theirs, entry(), call("DeleteRole", key="ASIATHEIRS"), call("ListRoles")])

    assert [one.name for one in told.calls] == ["ListRoles"]
    assert [one.made_key for one in told.entries] == ["ASIAALICE"]


def test_a_session_of_somebody_else_that_is_as_old_as_the_access_is_not_counted_later() -> None:
    theirs = replace(entry("AIDAMALLORY", made_key="ASIATHEIRS"), at=after(minutes=-30))
    late = call("DeleteRole", key="ASIATHEIRS", minutes=30)

    assert own(TRACE, [theirs, late]).calls == ()


def test_a_session_that_began_before_the_access_was_open_is_not_of_this_grant() -> None:
    old = call("DeleteRole", began=after(minutes=-1))
    new = call("ListRoles", began=after(minutes=0))

    assert names(old, new) == ["ListRoles"]


def test_a_session_that_began_when_the_next_grant_had_begun_is_the_next_ones() -> None:
    trace = replace(TRACE, open_until=after(minutes=60))
    told = own(trace, [call(minutes=70, began=after(minutes=61)), call("ListRoles", minutes=70)])

    assert [one.name for one in told.calls] == ["ListRoles"]


def test_what_was_done_before_and_after_the_time_that_is_looked_at_is_left_out() -> None:
    times = [call(f"Get{m}", minutes=m, began=None) for m in (-0.1, 0, 120, 120.1)]

    assert names(*times) == ["Get0", "Get120"]


def test_sessions_that_xacct_handed_out_count_by_their_keys_and_by_the_vendor() -> None:
    by_vendor = entry("AROAVENDOR:xacct-vend-1", made_key="ASIAVENDED")
    by_key = entry("AROAGONE:xacct-vend-0", made_key="ASIAOLDER")
    calls = [call("CreateKey", key="ASIAVENDED"), call("CreateTopic", key="ASIAOLDER")]

    told = own(replace(TRACE, delivered=frozenset({"ASIAOLDER"})), [by_vendor, by_key, *calls])

    assert {one.name for one in told.calls} == {"CreateKey", "CreateTopic"}
    assert len(told.entries) == 2


def test_of_a_role_that_many_people_share_only_the_persons_own_entry_counts() -> None:
    trace = replace(TRACE, comers=frozenset({"AROASSO:alice"}))
    other = entry("AROASSO:bob", made_key="ASIATHEIRS")

    told = own(trace, [other, call(key="ASIATHEIRS"), entry("AROASSO:alice"), call("ListRoles")])

    assert [one.name for one in told.calls] == ["ListRoles"]
    assert [one.caller for one in told.entries] == ["AROASSO:alice"]


def test_an_event_that_was_read_twice_counts_once() -> None:
    twice = call()

    assert len(own(TRACE, [twice, replace(twice)]).calls) == 1


@given(st.lists(st.tuples(st.sampled_from(["AROAROLE", "AROAX"]), st.text(max_size=6)), max_size=9))
def test_whatever_others_are_called_every_call_that_counts_bears_the_whole_name(
    others: list[tuple[str, str]],
) -> None:
    told = own(TRACE, [call(caller=f"{role}:{name}") for role, name in others])

    assert {one.caller for one in told.calls} <= {ALICE}
