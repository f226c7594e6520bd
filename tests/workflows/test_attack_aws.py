"""Attacks by AWS: it throttles, refuses, forgets, answers late, and humans write beside us."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, some_catalog
from tests.workflows.odd import Answer, Once, busy, refused, worker
from workflows.aws.errors import AwsGone, AwsUnclear
from workflows.catalog.model import Mechanism
from workflows.documents import session_end, text
from workflows.durations import whole_minute
from workflows.settle.apply import RIGHT_BEFORE
from workflows.settle.pay import settle

WRITES = ("write_inline_policy", "write_trust", "join", "leave")
READS = ("role", "groups_of")


@pytest.fixture
def make(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    labs: list[Lab] = []

    def made(mechanism: Mechanism = Mechanism.ALLOW_GROUP, **role: Any) -> Lab:
        catalog = some_catalog(mechanism=mechanism, users=("alice", "bob", "carol"), **role)
        labs.append(Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog))
        return labs[-1]

    yield made
    aws.spread(0)
    for lab in labs:
        lab.close()


@pytest.fixture
def lab(make: Callable[..., Lab]) -> Lab:
    return make()


def lost_reply(call: Answer, *args: Any) -> None:
    """The call is done, and its answer is a 500."""
    call(*args)
    raise AwsUnclear("iam:Odd", "ServiceFailure", "")


def cut_reply(_call: Answer, *_: Any) -> None:
    """Nothing is done, and the answer is cut in the middle."""
    raise AwsUnclear("iam:Odd", "ResponseParserError", "no clear answer from AWS")


def gone(_call: Answer, *_: Any) -> None:
    """AWS, which spreads what it knows, does not find what is there."""
    raise AwsGone("iam:Odd", "NoSuchEntity", "cannot be found")


# --- a fault of one call


@pytest.mark.parametrize(
    ("mechanism", "calls", "fault"),
    [
        (Mechanism.ALLOW_GROUP, WRITES[:2], busy),
        (Mechanism.DENY_GROUP, WRITES, lost_reply),
        (Mechanism.DENY_GROUP, READS, cut_reply),
    ],
)
def test_one_fault_of_any_call_neither_stops_an_opening_nor_an_end(
    make: Callable[..., Lab], mechanism: Mechanism, calls: tuple[str, ...], fault: Answer
) -> None:
    lab = make(mechanism)
    at_rest = lab.groups_of("alice"), lab.trust()
    for name in calls:
        request = lab.ask("alice")
        lab.approve(request, "bob", pay=False)
        lab.pay(worker(lab, odd={name: Once(fault)}))
        lab.pass_time(seconds=5)
        assert lab.row(request).state is State.ACTIVE, name
        inside = lab.visit("alice").session

        lab.revoke(request, "bob", pay=False)
        lab.pay(worker(lab, odd={name: Once(fault)}))
        lab.pass_time(seconds=5)
        assert lab.row(request).state is State.ENDED, name
        assert not lab.works(inside), name
        assert (lab.groups_of("alice"), lab.trust()) == at_rest, name
        lab.pass_time(seconds=10)


@pytest.mark.parametrize("name", WRITES)
def test_a_call_that_is_refused_for_ever_stops_none_of_the_other_closings(
    make: Callable[..., Lab], name: str
) -> None:
    lab = make(Mechanism.DENY_GROUP if name == "join" else Mechanism.ALLOW_GROUP)
    request = lab.lend("alice")
    inside = lab.visit("alice").session

    lab.revoke(request, "bob", pay=False)
    lab.pay(worker(lab, odd={name: refused}))

    assert lab.row(request).state is State.ENDING
    assert lab.visit("alice").answer == "AccessDenied"
    assert lab.works(inside) == (name == "write_inline_policy")
    lab.pass_time(minutes=2)
    assert lab.row(request).state is State.ENDED
    assert not lab.works(inside)


def theirs_refused(call: Answer, role: str, name: str) -> Any:
    """AWS lets us read no inline policy but our own."""
    return call(role, name) if name == session_end.NAME else refused(call, role, name)


FOR_ROOM: dict[str, Answer] = {
    "quotas": refused,
    "other_inline_names": refused,
    "inline_policy": theirs_refused,
}


@pytest.mark.parametrize("name", FOR_ROOM)
def test_a_read_that_only_openings_need_and_that_is_refused_for_ever_stops_no_closing(
    make: Callable[..., Lab], name: str
) -> None:
    lab = make(Mechanism.ALLOW_GROUP)
    revoked, in_time = lab.lend("alice"), lab.lend("carol", minutes=30)
    inside = lab.visit("alice").session
    blind = worker(lab, odd={name: FOR_ROOM[name]})

    lab.revoke(revoked, "bob", pay=False)
    lab.pay(blind)

    assert lab.row(revoked).state is State.ENDED
    assert not lab.works(inside)
    assert lab.visit("alice").answer == "AccessDenied"
    lab.clock.move(timedelta(minutes=31))
    lab.pay(blind)
    assert lab.row(in_time).state is State.ENDED
    assert (lab.groups_of("alice"), lab.groups_of("carol"), len(lab.trust())) == ([], [], 1)


@pytest.mark.parametrize("name", [*FOR_ROOM, "group_policy"])
def test_while_the_room_is_not_known_nothing_opens_and_the_card_says_why(
    lab: Lab, name: str
) -> None:
    more = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    lab.owner.put_role_policy(
        RoleName="admin",
        PolicyName="more",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [more]}),
    )
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    lab.pay(worker(lab, odd={name: FOR_ROOM.get(name, refused)}))

    assert lab.row(request).state is State.APPROVED
    assert (lab.visit("alice").answer, lab.groups_of("alice")) == ("AccessDenied", [])
    lab.clock.move(timedelta(seconds=5))
    assert "what room there is" in " ".join(filter(None, lab.troubles()))
    lab.pass_time(seconds=5)
    assert lab.row(request).state is State.ACTIVE


def test_a_neighbour_who_cannot_be_opened_does_not_keep_a_revoke_waiting(
    make: Callable[..., Lab],
) -> None:
    """The session end cannot be written for a while; the trust policy can."""
    lab = make(Mechanism.TRUST_POLICY)
    revoked, opening = lab.lend("alice"), lab.ask("carol")
    lab.revoke(revoked, "bob", pay=False)
    lab.approve(opening, "bob", pay=False)
    throttled = worker(lab, write_inline_policy=busy)
    for _ in range(3):
        lab.pay(throttled)
        lab.clock.move(timedelta(seconds=10))

    assert lab.visit("alice").answer == "AccessDenied"
    assert lab.visit("carol").answer == "AccessDenied"


def test_a_refused_session_end_opens_nothing(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    lab.pay(worker(lab, write_inline_policy=refused))
    lab.pass_time(seconds=3)

    assert lab.row(request).state is State.ENDED
    assert len(lab.trust()) == 1
    assert lab.groups_of("alice") == []


# --- room


def test_what_was_let_in_can_always_be_revoked_however_full_the_role_is(lab: Lab) -> None:
    """The quota of inline policies leaves room for the opening, to the letter."""
    lab.clock.move_to(whole_minute(lab.clock.now()) + timedelta(seconds=1))
    pair = [lab.lend(name, minutes=45) for name in ("alice", "carol")]
    full = _inline_room(lab)
    for one in pair:
        lab.revoke(one, "bob")
    lab.pass_time(hours=13)
    lab.aws.set_quota(lab.catalog.accounts[0].id, "RolePolicySizeQuota", full)
    lab.world = lab.another_worker()
    lab.clock.move_to(whole_minute(lab.clock.now()) + timedelta(seconds=1))
    again = lab.lend("alice", minutes=45)
    assert lab.row(again).state is State.ACTIVE
    inside = lab.visit("alice").session
    other = lab.ask("carol", minutes=45)
    if lab.row(other).state is State.PENDING:
        lab.approve(other, "bob")

    lab.revoke(again, "bob")

    assert not lab.works(inside)
    assert lab.row(again).state is State.ENDED


def _inline_room(lab: Lab) -> int:
    """Characters of the role's inline policies as they stand."""
    names = lab.owner.list_role_policies(RoleName="admin")["PolicyNames"]
    assert session_end.NAME in names
    held = (lab.owner.get_role_policy(RoleName="admin", PolicyName=name) for name in names)
    return sum(text.length(one["PolicyDocument"]) for one in held)


# --- roles, users and groups that go, and come again


def _make_the_role_anew(lab: Lab, *, trust: bool = False) -> None:
    """Somebody's Terraform replaces the role: the same name, another id."""
    role = lab.owner.get_role(RoleName="admin")["Role"]
    standing = role["AssumeRolePolicyDocument"]
    seal = {**standing, "Statement": standing["Statement"][:1]}
    inline = {
        name: lab.owner.get_role_policy(RoleName="admin", PolicyName=name)["PolicyDocument"]
        for name in lab.owner.list_role_policies(RoleName="admin")["PolicyNames"]
    }
    managed = lab.owner.list_attached_role_policies(RoleName="admin")["AttachedPolicies"]
    hands.delete_role(lab.owner, "admin")
    lab.owner.create_role(
        RoleName="admin",
        Path="/xacct/",
        AssumeRolePolicyDocument=json.dumps(standing if trust else seal),
        MaxSessionDuration=14400,
        PermissionsBoundary=role["PermissionsBoundary"]["PermissionsBoundaryArn"],
    )
    for policy in managed:
        lab.owner.attach_role_policy(RoleName="admin", PolicyArn=policy["PolicyArn"])
    for name, document in inline.items():
        lab.owner.put_role_policy(
            RoleName="admin", PolicyName=name, PolicyDocument=json.dumps(document)
        )


@pytest.mark.parametrize("trust", [False, True], ids=["sealed", "with its trust policy"])
def test_a_role_made_anew_leaves_no_session_past_the_end(lab: Lab, *, trust: bool) -> None:
    """The session end names sessions by the role's id, and the id is another one now."""
    request = lab.lend("alice", minutes=30)
    _make_the_role_anew(lab, trust=trust)
    other = lab.ask("carol", minutes=30)
    lab.approve(other, "bob")
    visits = [lab.visit(name).session for name in ("alice", "carol")]
    lab.pass_time(minutes=31)

    assert [one is not None and lab.works(one) for one in visits] == [False, False]
    assert {lab.row(one).state for one in (request, other)} == {State.ENDED}


def test_a_role_made_anew_between_the_note_and_the_write_is_not_opened_without_its_end(
    lab: Lab,
) -> None:
    request = lab.ask("alice", minutes=30)
    lab.approve(request, "bob", pay=False)
    lab.pay(worker(lab, write_inline_policy=Once(busy)))
    assert lab.row(request).noted_at is not None
    _make_the_role_anew(lab)
    lab.pass_time(seconds=3)
    inside = lab.visit("alice").session

    lab.pass_time(minutes=31)

    assert inside is None or not lab.works(inside)


def test_one_read_that_does_not_find_the_role_ends_nobodys_access(lab: Lab) -> None:
    """Reads of IAM may be stale, so one look is not enough to say that something was removed."""
    standing = lab.lend("alice")
    other = lab.ask("carol")
    lab.approve(other, "bob", pay=False)
    lab.pay(worker(lab, role=Once(gone)))
    lab.pass_time(seconds=3)

    assert lab.visit("alice").answer == "ok"
    assert lab.row(standing).state is State.ACTIVE


def test_a_user_who_is_deleted_and_a_group_that_is_deleted_end_what_they_held(lab: Lab) -> None:
    first, second = lab.lend("alice"), lab.lend("carol")
    hands.delete_user(lab.home, "alice")
    lab.home.remove_user_from_group(GroupName="allow-prod-payments-admin", UserName="carol")
    hands.delete_group(lab.home, "allow-prod-payments-admin")

    lab.pass_time(minutes=61)
    lab.pass_time(seconds=61)  # that a user is gone is read twice

    assert [lab.row(one).state for one in (first, second)] == [State.ENDED, State.ENDED]
    assert len(lab.trust()) == 1


# --- humans beside us


def test_what_a_human_writes_during_a_slow_write_of_the_session_end_is_not_lost(lab: Lab) -> None:
    request = lab.ask("alice")
    read_again = threading.Event()
    reads = iter(range(99))

    def counting(call: Answer, *args: Any) -> Any:
        seen = call(*args)
        if next(reads) == 1:
            read_again.set()
        return seen

    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }

    def slowly(call: Answer, *args: Any) -> None:
        read_again.wait(1)
        call(*args)
        now = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
        lab.write_trust({**now, "Statement": [*now["Statement"], theirs]})
        threading.Event().wait(RIGHT_BEFORE)  # the write took longer than the read beside it

    lab.approve(request, "bob", pay=False)
    settle(
        worker(lab, role=counting, write_inline_policy=Once(slowly)),
        lab.row(request).role_target_id,
    )
    lab.pass_time(seconds=3)

    assert "Theirs" in lab.trust()
    assert lab.row(request).state is State.ACTIVE


# --- reads that go back


class Stale:
    """Answers, when told to, what it answered at first: a copy that writes have not reached."""

    def __init__(self, answers: int = 1) -> None:
        self._first: list[Any] = []
        self.left, self._answers = 0, answers

    def go_back(self) -> None:
        self.left = self._answers

    def __call__(self, call: Answer, *args: Any) -> Any:
        seen = call(*args)
        self._first = self._first or [seen]
        if self.left:
            self.left -= 1
            return self._first[0]
        return seen


@pytest.mark.parametrize("mechanism", [Mechanism.ALLOW_GROUP, Mechanism.DENY_GROUP])
def test_a_stale_read_at_a_revoke_leaves_no_membership_behind(
    make: Callable[..., Lab], mechanism: Mechanism
) -> None:
    lab = make(mechanism)
    at_rest = lab.groups_of("alice")
    places = Stale()
    world = worker(lab, groups_of=places)
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    lab.pay(world)
    assert lab.row(request).state is State.ACTIVE

    lab.revoke(request, "bob", pay=False)
    places.go_back()
    lab.pay(world)
    lab.pass_time(minutes=5)

    assert lab.row(request).state is State.ENDED
    assert lab.groups_of("alice") == at_rest


def test_a_stale_read_while_a_neighbour_is_opened_cuts_nobody_off(lab: Lab) -> None:
    trusts = Stale(answers=2)
    world = worker(lab, role=trusts)
    first, second = lab.ask("alice"), lab.ask("carol")
    lab.approve(first, "bob", pay=False)
    lab.pay(world)
    assert lab.visit("alice").answer == "ok"

    lab.approve(second, "bob", pay=False)
    trusts.go_back()
    lab.pay(world)

    assert lab.visit("alice").answer == "ok"
    lab.pass_time(minutes=2)
    assert [lab.row(one).state for one in (first, second)] == [State.ACTIVE, State.ACTIVE]


def test_with_writes_that_spread_slowly_everything_ends_as_it_should(lab: Lab) -> None:
    lab.aws.spread(0.1)
    first, second = lab.ask("alice"), lab.ask("carol")
    for request in (first, second):
        lab.approve(request, "bob")
    for _ in range(12):
        lab.pass_time(seconds=30)
    lab.aws.spread(0)
    lab.pass_time(minutes=2)
    states = [lab.row(one).state for one in (first, second)]
    assert states == [State.ACTIVE, State.ACTIVE]
    inside = lab.visit("alice").session

    lab.aws.spread(0.1)
    lab.revoke(first, "bob")
    for _ in range(6):
        lab.pass_time(seconds=30)
    lab.aws.spread(0)
    lab.pass_time(minutes=2)

    assert lab.row(first).state is State.ENDED
    assert not lab.works(inside)
    assert lab.groups_of("alice") == []
    assert lab.visit("carol").answer == "ok"
