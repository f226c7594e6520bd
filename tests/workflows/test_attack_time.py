"""Attacks by clocks: ours is ahead, behind, or jumps, and things happen in the same moment."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from db.lifecycle import Event, IllegalMove, State, Why
from db.store import requests, targets
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.odd import OffClock, worker
from workflows.aws.fence import FENCE
from workflows.aws.vendor import Credentials
from workflows.catalog.model import Mechanism
from workflows.errors import AlreadySettled
from workflows.look import look
from workflows.settle.pay import settle


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice", "bob", "carol"))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def off(lab: Lab, **by: float) -> OffClock:
    return OffClock(lab.clock, timedelta(**by))


# --- our clock is wrong


@pytest.mark.parametrize("minutes", [-2, 90])
def test_the_first_look_of_a_bot_whose_clock_is_wrong_refuses_nobody(
    lab: Lab, minutes: int
) -> None:
    request = _file(lab)
    lab.world = worker(lab, clock=off(lab, minutes=minutes))

    look(lab.world, request)

    assert lab.row(request).state is State.PENDING
    assert lab.row(request).terms is not None


def _file(lab: Lab) -> int:
    """Asked, and not looked at yet."""
    request = lab.ask("alice")
    with lab.database.write() as session:
        row = requests.lock(session, request)
        assert row is not None
        row.terms, row.look_at = None, row.asked_at - timedelta(hours=2)
    return request


class SetMeanwhile:
    """The lab's clock, which is set (AWS's with it) right before it is read for the `at`th time."""

    def __init__(self, clock: SharedClock, at: int) -> None:
        self._clock, self._left = clock, at

    def now(self) -> datetime:
        self._left -= 1
        if self._left == 0:
            self._clock.move(timedelta(seconds=61))
        return self._clock.now()


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_clock_that_is_set_while_a_session_is_taken_does_not_lengthen_it(
    lab: Lab, at: int
) -> None:
    clock = SetMeanwhile(lab.clock, at)
    account = lab.role.account

    fenced = worker(lab, clock=clock).managers.fenced(account.manager_arn, account.external_id)

    assert abs(fenced.skew) < timedelta(seconds=3)
    assert fenced.left(lab.clock.now()) <= FENCE + timedelta(seconds=3)
    lab.clock.move(fenced.left(lab.clock.now()) - timedelta(seconds=4))
    fenced.iam.role("admin")


@pytest.mark.parametrize("seconds", [-25, 25])
def test_the_end_is_of_awss_time_however_wrong_our_clock_is(lab: Lab, seconds: int) -> None:
    request = lab.ask("alice", minutes=30)
    lab.approve(request, "bob", pay=False)
    began = lab.clock.now()
    world = worker(lab, clock=off(lab, seconds=seconds))
    for _ in range(2):
        settle(world, lab.row(request).role_target_id)
        lab.clock.move(timedelta(seconds=30))

    ends_at = lab.row(request).ends_at
    assert ends_at is not None
    assert timedelta(minutes=30) <= ends_at - began.replace(microsecond=0) <= timedelta(minutes=32)


@pytest.mark.parametrize("minutes", [-2, 2])
def test_a_bot_whose_clock_is_more_than_half_a_minute_off_opens_nothing_and_says_so(
    lab: Lab, minutes: int
) -> None:
    request = lab.ask("alice", minutes=30)
    lab.approve(request, "bob", pay=False)
    wrong = worker(lab, clock=off(lab, minutes=minutes))
    lab.clock.move(timedelta(minutes=3))  # what was owed is due by either clock

    settle(wrong, lab.row(request).role_target_id)

    assert lab.row(request).state is State.APPROVED
    assert lab.row(request).noted_at is None
    assert lab.visit("alice").answer == "AccessDenied"
    assert [one.kind for one in lab.alerts()] == ["clock"]

    lab.pass_time(minutes=3)  # its clock is set right

    assert lab.visit("alice").answer == "ok"
    assert lab.alerts() == []


def test_a_bot_whose_clock_is_wrong_goes_on_closing(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    inside = lab.visit("alice").session
    lab.revoke(request, "bob", pay=False)

    settle(worker(lab, clock=off(lab, minutes=2)), lab.row(request).role_target_id)

    assert not lab.works(inside)
    assert lab.row(request).state is State.ENDED


def test_a_clock_that_is_ahead_ends_no_grant_before_its_time_by_aws(lab: Lab) -> None:
    request = lab.lend("alice", minutes=60)
    ends_at, ahead = lab.row(request).ends_at, worker(lab, clock=off(lab, minutes=50))
    assert ends_at is not None
    lab.clock.move(timedelta(minutes=20))  # by its own clock the end is over

    for _ in range(3):
        settle(ahead, lab.row(request).role_target_id)
    before, answer = lab.row(request).state, lab.visit("alice").answer
    lab.clock.move_to(ends_at)
    settle(ahead, lab.row(request).role_target_id)

    assert (before, answer) == (State.ACTIVE, "ok")
    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.TIME)


def test_a_clock_that_is_behind_calls_no_grant_active_after_its_time_by_aws(lab: Lab) -> None:
    request = lab.lend("alice", minutes=60)
    ends_at, behind = lab.row(request).ends_at, worker(lab, clock=off(lab, minutes=-10))
    target = lab.row(request).role_target_id
    assert ends_at is not None
    lab.clock.move_to(ends_at - timedelta(minutes=20))
    with lab.database.write() as session:
        targets.owe(session, target, lab.clock.now() - timedelta(hours=1))
    settle(behind, target)

    lab.clock.move_to(ends_at)
    settle(behind, target)

    assert (lab.row(request).state, lab.row(request).why) == (State.ENDED, Why.TIME)


def test_while_aws_says_nothing_of_the_time_our_own_clock_ends_what_is_over(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    lab.bar("owner-manager")
    lab.world = lab.another_worker()

    lab.pass_time(minutes=31)

    assert (lab.row(request).state, lab.row(request).why) == (State.ENDING, Why.TIME)


def test_a_revoke_by_a_bot_whose_clock_is_ahead_or_behind_cuts_at_once(lab: Lab) -> None:
    for minutes in (-30, 30):
        request = lab.lend("alice", minutes=120)
        inside = lab.visit("alice").session
        with lab.database.write() as session:
            row = requests.lock(session, request)
            assert row is not None
            at = lab.clock.now() + timedelta(minutes=minutes)
            requests.move(session, row, Event.END, actor="U0BOB", at=at, why=Why.REVOKED)
            targets.owe(session, row.role_target_id, lab.clock.now())
        lab.pay()

        assert not lab.works(inside)
        assert lab.visit("alice").answer == "AccessDenied"
        lab.pass_time(hours=1)


def _longest_session(lab: Lab) -> Credentials:
    """Alice takes a session of 12 hours."""
    sts = lab.aws.client("sts", lab.furnished.users["alice"])
    found = sts.assume_role(RoleArn=lab.role.arn, RoleSessionName="alice", DurationSeconds=43200)[
        "Credentials"
    ]
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=found["SecretAccessKey"],
        session_token=found["SessionToken"],
        until=found["Expiration"],
    )


def test_a_session_of_twelve_hours_stays_dead_for_all_of_them(lab: Lab) -> None:
    lab.owner.update_role(RoleName="admin", MaxSessionDuration=43200)
    request = lab.lend("alice", minutes=30)
    inside = _longest_session(lab)
    lab.pass_time(minutes=31)
    lab.owner.update_role(RoleName="admin", MaxSessionDuration=3600)
    for _ in range(3):
        other = lab.lend("carol", minutes=30)
        lab.pass_time(hours=4)
        assert lab.row(other).state is State.ENDED
        assert not lab.works(inside)

    assert lab.row(request).state is State.ENDED


def test_a_clock_that_jumps_half_a_day_ahead_revives_no_session(lab: Lab) -> None:
    """What keeps a session dead may go only when AWS's time says that the session is over."""
    lab.owner.update_role(RoleName="admin", MaxSessionDuration=43200)
    request = lab.lend("alice", minutes=30)
    inside = _longest_session(lab)
    lab.revoke(request, "bob")
    assert not lab.works(inside)

    settle(worker(lab, clock=off(lab, hours=13)), lab.row(request).role_target_id)

    assert not lab.works(inside)


def test_a_session_that_ended_in_time_stays_dead_with_a_new_grant_by_a_slow_clock(
    lab: Lab,
) -> None:
    """AWS ended it at 12:00; by our clock it is 11:59 when the next grant is opened."""
    first = lab.lend("alice", minutes=30)
    inside = lab.visit("alice").session
    ends_at = lab.row(first).ends_at
    assert ends_at is not None
    second = lab.ask("alice", minutes=60)
    lab.clock.move_to(ends_at + timedelta(seconds=10))
    assert not lab.works(inside)

    lab.approve(second, "bob", pay=False)
    slow = off(lab, seconds=-60)
    with lab.database.write() as session:  # the slow bot took the click itself
        targets.owe(session, lab.row(second).role_target_id, slow.now())
    world = worker(lab, clock=slow)
    for _ in range(8):
        settle(world, lab.row(second).role_target_id)
        lab.clock.move(timedelta(seconds=2))

    assert not lab.works(inside)


# --- the same moment


def test_at_its_end_to_the_second_nobody_is_in_and_shortly_before_he_is(lab: Lab) -> None:
    request = lab.lend("alice", minutes=30)
    inside = lab.visit("alice").session
    ends_at = lab.row(request).ends_at
    assert ends_at is not None
    assert ends_at.second == ends_at.microsecond == 0
    lab.clock.move_to(ends_at - timedelta(seconds=30))
    assert lab.works(inside)
    lab.clock.move_to(ends_at)

    assert not lab.works(inside)
    with pytest.raises(ClientError):
        _longest_session(lab)


def test_a_request_past_its_lapse_takes_no_approval_although_nobody_swept(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.clock.move_to(lab.row(request).lapses_at)

    with pytest.raises((AlreadySettled, IllegalMove)):
        lab.approve(request, "bob")
    lab.pay()

    assert lab.row(request).state is State.LAPSED
    assert lab.visit("alice").answer == "AccessDenied"


def test_what_is_opened_at_open_by_or_later_is_not_opened_at_all(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob", pay=False)
    open_by = lab.row(request).open_by
    assert open_by is not None

    lab.clock.move_to(open_by)
    lab.pay()

    assert lab.row(request).state is State.ENDED
    assert lab.row(request).why is Why.NOT_OPENED
    assert len(lab.trust()) == 1
    document = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    assert "AIDA" not in json.dumps(document)


def test_a_clock_that_jumps_back_loses_no_debt(lab: Lab) -> None:
    jumping = off(lab, minutes=3)
    lab.world = replace(lab.world, clock=jumping)
    request = lab.lend("alice")
    assert lab.row(request).state is State.APPROVED or lab.row(request).state is State.ACTIVE
    jumping.by = timedelta(0)
    lab.pass_time(minutes=4)
    assert lab.row(request).state is State.ACTIVE

    lab.revoke(request, "bob")

    assert lab.row(request).state is State.ENDED
