"""A role that has no session end any more: names that stand there keep lines of the right date."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from db.lifecycle import State, Why
from tests import hands
from tests.lab import Lab
from workflows.documents import session_end
from workflows.documents.session_end import Line


def turned(lab: Lab, *, session_end: bool) -> None:
    """The catalog says so of the role from now on."""
    lab.catalog = replace(lab.catalog, roles=(replace(lab.role, session_end=session_end),))
    lab.world = replace(lab.world, catalog=lab.catalog)


def lines(lab: Lab) -> list[Line]:
    policy = lab.owner.get_role_policy(RoleName="admin", PolicyName=session_end.NAME)
    return session_end.lines(policy["PolicyDocument"])


def lines_of_alice(lab: Lab) -> list[Line]:
    return [one for one in lines(lab) if one.user_id.endswith(":alice")]


def end(lab: Lab, request: int) -> datetime:
    ends_at = lab.row(request).ends_at
    assert ends_at is not None
    return ends_at


def no_more_right(lab: Lab) -> None:
    """xacct's role in the owner account may write the role's inline policies no longer."""
    hands.rewrite_policy(
        lab.owner, "owner-manager", lambda text: text.replace("iam:PutRolePolicy", "iam:GetUser")
    )


@pytest.mark.parametrize("how", ["revoked", "in time"])
def test_who_had_a_session_end_is_not_shut_out_by_it_when_the_role_has_none_any_more(
    trusting: Lab, how: str
) -> None:
    lab = trusting
    first = lab.lend("alice", minutes=30)
    before = lab.visit("alice").session
    if how == "revoked":
        lab.revoke(first, "bob")
    else:
        lab.pass_time(minutes=32)
    turned(lab, session_end=False)
    lab.pass_time(seconds=10)

    second = lab.lend("alice", minutes=30)
    lab.pass_time(seconds=10)

    assert lab.row(second).state is State.ACTIVE
    inside = lab.visit("alice").session
    assert lab.works(inside)
    assert not lab.works(before)
    lab.clock.move_to(end(lab, second))
    lab.pay()
    assert not lab.works(inside)
    assert lab.visit("alice").answer == "AccessDenied"


def test_a_line_of_before_stays_until_no_session_of_the_name_can_live(trusting: Lab) -> None:
    lab = trusting
    lab.revoke(lab.lend("alice"), "bob")
    turned(lab, session_end=False)
    lab.pass_time(hours=12, minutes=1)
    second = lab.lend("alice", minutes=5)
    inside = lab.visit("alice").session
    lab.pass_time(minutes=6)
    assert lab.row(second).state is State.ENDED

    lab.pass_time(minutes=30)  # the first one is forgotten by now

    assert len(lines_of_alice(lab)) == 1
    assert not lab.works(inside)
    lab.pass_time(hours=12)
    assert lines_of_alice(lab) == []


def test_who_never_had_a_session_end_gets_none_beside_those_who_had(trusting: Lab) -> None:
    lab = trusting
    lab.revoke(lab.lend("alice"), "bob")
    turned(lab, session_end=False)
    was = lines(lab)

    lab.lend("carol")

    assert lines(lab) == was


def test_a_grant_of_before_the_session_end_is_not_cut_by_a_shorter_one_beside_it(
    trusting: Lab,
) -> None:
    lab = trusting
    turned(lab, session_end=False)
    long = lab.lend("alice", minutes=120)
    inside = lab.visit("alice").session
    turned(lab, session_end=True)

    short = lab.lend("alice", minutes=30)
    lab.pass_time(minutes=33)

    assert lab.row(short).why is Why.TIME
    assert lab.row(long).state is State.ACTIVE
    assert lab.works(inside)
    lab.clock.move_to(end(lab, long))
    assert not lab.works(inside)


def test_whom_a_line_shuts_out_that_xacct_may_not_change_is_refused_at_the_look(
    trusting: Lab,
) -> None:
    lab = trusting
    first = lab.lend("alice")
    lab.revoke(first, "bob")
    turned(lab, session_end=False)
    no_more_right(lab)

    row = lab.row(lab.ask("alice"))

    assert (row.state, row.why) == (State.CANCELLED, Why.FAILED)
    ended = lab.row(first).ended_at
    assert ended is not None
    until = ended + timedelta(hours=12, minutes=15)
    assert "may not iam:PutRolePolicy" in (row.trouble or "")
    assert f"at {until:%Y-%m-%d %H:%M} UTC at the latest" in (row.trouble or "")
    assert lab.row(lab.ask("carol")).state is State.PENDING


def test_whom_a_line_shuts_out_that_xacct_may_not_change_is_never_called_active(
    trusting: Lab,
) -> None:
    lab = trusting
    lab.revoke(lab.lend("alice"), "bob")
    turned(lab, session_end=False)
    lab.pass_time(seconds=10)
    request = lab.ask("alice")
    no_more_right(lab)

    lab.approve(request, "bob")

    assert lab.row(request).state is State.ENDED
    assert "iam:PutRolePolicy" in (lab.row(request).trouble or "")
    assert lab.visit("alice").answer == "AccessDenied"
