"""A human's edit that our write overwrote is found in CloudTrail and told, once."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State
from db.store import standing as standing_rows
from db.store import windows
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import hands
from tests.lab import Lab, some_catalog
from tests.workflows.drifting import drift, kinds, said, standing
from tests.workflows.odd import Answer, Once, worker
from workflows.aws.errors import AwsUnclear
from workflows.aws.lookup import Lookup
from workflows.aws.trail import Trail
from workflows.catalog.model import Mechanism
from workflows.drift import lost
from workflows.settle.pay import settle

BUILD = {
    "Sid": "Build",
    "Effect": "Allow",
    "Principal": {"Service": "codebuild.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice", "bob", "carol"))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def trail(lab: Lab) -> Trail:
    return Trail(Lookup(lab.session(), run="lab", apart=0))


def lend_while_somebody_writes(lab: Lab, *statements: dict[str, Any]) -> int:
    """Alice is let in, and between our last read and our write a human writes as well."""

    def between(call: Answer, *args: Any) -> Any:
        held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
        seal = [one for one in held["Statement"] if one["Sid"].startswith("XacctSeal")]
        lab.write_trust({**held, "Statement": [*seal, *statements]})
        return call(*args)

    request = lab.ask("alice", minutes=180)
    lab.approve(request, "bob", pay=False)
    lab.pay(worker(lab, write_trust=Once(between)))
    lab.pass_time(seconds=5)
    assert lab.row(request).state is State.ACTIVE
    return request


def test_an_edit_that_we_overwrote_is_offered_back_with_its_statements(lab: Lab) -> None:
    lend_while_somebody_writes(lab, BUILD)
    assert "Build" not in lab.trust()
    lab.clock.move(timedelta(minutes=15))

    drift(lab, trail=trail(lab))

    alert = standing(lab)[lost.KIND]
    assert alert.facts["statements"] == [BUILD]
    assert f"{lab.catalog.accounts[0].id}:root" in alert.sentence
    drift(lab, trail=trail(lab))
    assert said(lab, lost.KIND) == 1


def test_an_edit_that_was_lost_before_later_writes_is_told_all_the_same(lab: Lab) -> None:
    lend_while_somebody_writes(lab, BUILD)
    for minutes in (4, 4, 8):
        lab.clock.move(timedelta(minutes=minutes))
        lab.lend("carol", minutes=5)
        lab.pass_time(minutes=1)

    drift(lab, trail=trail(lab))

    assert kinds(lab) == [lost.KIND]
    for _ in range(2):
        lab.clock.move(timedelta(minutes=30))
        drift(lab, trail=trail(lab))
    with lab.database.read() as session:
        assert [windows.of(one) for one in standing_rows.written(session, [lab.role.arn])] == []


class Killed(BaseException):
    """The worker dies in the middle of a call: nothing catches it."""


def test_an_edit_that_is_lost_in_a_crash_is_told_all_the_same(lab: Lab) -> None:
    request = lab.ask("alice", minutes=180)
    lab.approve(request, "bob", pay=False)

    def written_and_killed(call: Answer, *args: Any) -> Any:
        held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
        lab.write_trust({**held, "Statement": [*held["Statement"], BUILD]})
        call(*args)
        raise Killed

    with pytest.raises(Killed):
        settle(worker(lab, write_trust=written_and_killed), lab.row(request).role_target_id)
    lab.pass_time(minutes=3)
    assert "Build" not in lab.trust()
    lab.clock.move(timedelta(minutes=15))

    drift(lab, trail=trail(lab))

    assert lost.KIND in kinds(lab)


def test_an_edit_that_is_lost_by_a_write_that_was_repeated_is_told_all_the_same(lab: Lab) -> None:
    request = lab.ask("alice", minutes=180)
    lab.approve(request, "bob", pay=False)

    def repeated(call: Answer, *args: Any) -> Any:
        call(*args)  # its reply is late, and the client tries again
        lab.clock.move(timedelta(seconds=13))
        held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
        lab.write_trust({**held, "Statement": [*held["Statement"], BUILD]})
        call(*args)
        raise AwsUnclear("iam:Odd", "ReadTimeoutError", "no clear answer from AWS")

    lab.pay(worker(lab, write_trust=Once(repeated)))
    lab.pass_time(seconds=5)
    assert "Build" not in lab.trust()
    lab.clock.move(timedelta(minutes=16))

    drift(lab, trail=trail(lab))

    assert kinds(lab) == [lost.KIND]


def test_it_is_over_when_somebody_made_the_edit_again(lab: Lab) -> None:
    lend_while_somebody_writes(lab, BUILD)
    lab.clock.move(timedelta(minutes=15))
    drift(lab, trail=trail(lab))
    held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    lab.write_trust({**held, "Statement": [*held["Statement"], BUILD]})

    drift(lab, trail=trail(lab))

    assert lost.KIND not in kinds(lab)


def test_a_statement_that_somebody_took_out_and_we_put_back_is_named(lab: Lab) -> None:
    held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    lab.write_trust({**held, "Statement": [*held["Statement"], BUILD]})
    lend_while_somebody_writes(lab)
    assert "Build" in lab.trust()
    lab.clock.move(timedelta(minutes=15))

    drift(lab, trail=trail(lab))

    assert "take out Build" in standing(lab)[lost.KIND].sentence


def test_an_edit_before_our_read_or_after_our_write_is_none_of_it(lab: Lab) -> None:
    held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    lab.write_trust({**held, "Statement": [*held["Statement"], BUILD]})
    lab.clock.move(timedelta(seconds=5))
    lab.lend("alice", minutes=180)
    lab.clock.move(timedelta(seconds=5))
    held = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    kept = [one for one in held["Statement"] if one["Sid"] != "Build"]
    lab.write_trust({**held, "Statement": kept})
    lab.clock.move(timedelta(minutes=15))

    drift(lab, trail=trail(lab))

    assert lost.KIND not in kinds(lab)


def test_a_manager_without_the_right_to_ask_leaves_the_rest_of_the_drift_alone(lab: Lab) -> None:
    lend_while_somebody_writes(lab, BUILD)
    hands.rewrite_policy(
        lab.owner,
        "owner-manager",
        lambda text: text.replace("cloudtrail:LookupEvents", "iam:GetUser"),
    )
    lab.clock.move(timedelta(minutes=15))

    outcome = drift(lab, trail=trail(lab))

    assert (outcome.unread, kinds(lab)) == ({}, [])
