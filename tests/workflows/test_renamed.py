"""A user's name is not the user: his unique id says whether he is gone, and who is put out."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db.lifecycle import State, Why
from db.store import targets
from tests import hands
from tests.lab import Lab
from tests.workflows.drifting import drift
from tests.workflows.odd import Answer, refused, worker
from workflows.aws.errors import AwsGone
from workflows.settle.pay import settle


def group(lab: Lab) -> str:
    assert lab.role.group is not None
    return lab.role.group.name


def rename(lab: Lab, name: str = "alice", now: str = "ann") -> None:
    lab.home.update_user(UserName=name, NewUserName=now)


def delete(lab: Lab, name: str = "alice") -> None:
    hands.delete_user(lab.home, name)


def gone(_call: Answer, *_: Any) -> Any:
    raise AwsGone("iam:Odd", "NoSuchEntity", "cannot be found")


def revoked(lab: Lab, request: int) -> None:
    lab.revoke(request, "bob")


def over(lab: Lab, _request: int) -> None:
    lab.pass_time(minutes=31)


ENDS: list[Callable[[Lab, int], None]] = [revoked, over]


@pytest.mark.parametrize("end", ENDS)
def test_a_renamed_user_is_put_out_under_his_new_name_before_it_is_said(
    allowing: Lab, end: Callable[[Lab, int], None]
) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=30)
    rename(lab)

    end(lab, request)

    assert lab.row(request).state is State.ENDED
    assert lab.groups_of("ann") == []


def test_a_renamed_user_is_put_back_into_the_deny_group_at_the_next_look(denying: Lab) -> None:
    lab, request = denying, denying.lend("alice", minutes=120)
    rename(lab)

    lab.pass_time(minutes=6)

    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.REMOVED)
    assert lab.groups_of("ann") == [group(lab)]


def test_a_renamed_user_is_put_out_although_another_has_his_name_now(allowing: Lab) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=30)
    rename(lab)
    lab.home.create_user(UserName="alice")
    lab.home.add_user_to_group(GroupName=group(lab), UserName="alice")

    lab.pass_time(minutes=31)

    assert lab.row(request).state is State.ENDED
    assert (lab.groups_of("ann"), lab.groups_of("alice")) == ([], [group(lab)])


def test_nobody_is_called_ended_while_aws_does_not_say_where_he_is(allowing: Lab) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=30)
    rename(lab)
    lab.revoke(request, "bob", pay=False)

    lab.pay(worker(lab, user_names=refused))
    before = lab.row(request).state
    lab.pass_time(seconds=10)

    assert before is State.ENDING
    assert lab.row(request).state is State.ENDED
    assert lab.groups_of("ann") == []


def test_one_read_that_does_not_find_the_user_ends_nothing(allowing: Lab) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=120)
    lab.pass_time(minutes=2)
    member = lab.row(request).member_target_id or 0
    for _ in range(2):
        owe(lab, member)
        settle(worker(lab, user=gone), member)
        lab.clock.move(timedelta(seconds=61))

    lab.pay()

    assert lab.row(request).state is State.ACTIVE
    assert lab.visit("alice").answer == "ok"


def owe(lab: Lab, target: int) -> None:
    with lab.database.write() as session:
        targets.owe(session, target, lab.clock.now())


def test_a_deleted_user_is_gone_when_two_reads_a_minute_apart_say_so(allowing: Lab) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=120)
    delete(lab)
    owe(lab, lab.row(request).member_target_id or 0)

    lab.pay()
    at_first = lab.row(request).state
    lab.pass_time(seconds=61)

    assert at_first is State.ACTIVE
    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.REMOVED)


# --- groups


def _delete_the_group(lab: Lab, member: str) -> None:
    lab.home.remove_user_from_group(GroupName=group(lab), UserName=member)
    hands.delete_group(lab.home, group(lab))


def _rename_the_group(lab: Lab, now: str, member: str) -> None:
    """As UpdateGroup leaves it, which the sandbox does not know."""
    held = lab.home.get_group_policy(GroupName=group(lab), PolicyName=hands.INLINE)[
        "PolicyDocument"
    ]
    lab.home.create_group(GroupName=now, Path="/xacct/")
    lab.home.put_group_policy(GroupName=now, PolicyName="x", PolicyDocument=json.dumps(held))
    lab.home.add_user_to_group(GroupName=now, UserName=member)
    _delete_the_group(lab, member)


def test_nobody_is_called_ended_who_is_in_the_group_under_its_new_name(allowing: Lab) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=30)
    _rename_the_group(lab, "allow-renamed", "alice")

    lab.revoke(request, "bob")
    drift(lab)
    said = lab.alerts()
    before = lab.row(request).state
    lab.home.remove_user_from_group(GroupName="allow-renamed", UserName="alice")
    lab.pass_time(minutes=2)

    assert before is State.ENDING
    assert any("gone: deleted, or renamed" in one.sentence for one in said)
    assert lab.row(request).state is State.ENDED


def test_who_was_in_a_group_that_was_deleted_is_out_of_it(allowing: Lab) -> None:
    lab, request = allowing, allowing.lend("alice", minutes=30)
    _delete_the_group(lab, "alice")

    lab.revoke(request, "bob")

    assert lab.row(request).state is State.ENDED
