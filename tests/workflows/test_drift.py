"""What differs in a role is found, said once, closed where it is ours, and over when mended."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.drifting import (
    SERVICE,
    add,
    another_database,
    at_once,
    document,
    drift,
    kinds,
    said,
    standing,
    take_out,
)
from tests.workflows.odd import Answer, Once, busy, refused, worker
from workflows.aws.errors import AwsExpired, AwsGone, AwsUnclear
from workflows.catalog.model import Mechanism
from workflows.documents import session_end
from workflows.drift import compare, record
from workflows.drift.run import Drift

SEAL = "XacctSeallab"


@pytest.fixture
def make(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    labs: list[Lab] = []

    def made(mechanism: Mechanism = Mechanism.TRUST_POLICY, **role: Any) -> Lab:
        catalog = some_catalog(mechanism=mechanism, users=("alice", "bob", "carol"), **role)
        labs.append(Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog))
        return labs[-1]

    yield made
    for lab in labs:
        lab.close()


@pytest.fixture
def lab(make: Callable[..., Lab]) -> Lab:
    return make()


def gone(_call: Answer, *_: Any) -> None:
    raise AwsGone("iam:Odd", "NoSuchEntity", "cannot be found")


def cut(_call: Answer, *_: Any) -> None:
    raise AwsUnclear("iam:Odd", "EndpointConnectionError", "no clear answer from AWS")


def expired(_call: Answer, *_: Any) -> None:
    raise AwsExpired("iam:Odd", "ExpiredToken", "The security token is expired")


# --- nothing differs


@pytest.mark.parametrize("mechanism", list(Mechanism))
def test_where_nothing_differs_nothing_is_said_and_nothing_is_written(
    make: Callable[..., Lab], mechanism: Mechanism
) -> None:
    lab = make(mechanism)
    lab.lend("alice", minutes=120)
    ended = lab.lend("carol")
    lab.revoke(ended, "bob")
    drift(lab)
    lab.aws.forget_calls()

    outcome = drift(lab)

    assert (kinds(lab), outcome.unread, outcome.news) == ([], {}, False)
    actions = {one.action for one in lab.aws.calls()}
    assert not {one for one in actions if not one.startswith(("iam:Get", "iam:List", "sts:"))}


def test_what_is_being_opened_or_closed_right_now_is_no_difference(lab: Lab) -> None:
    request = lab.ask("alice")
    lab.approve(request, "bob")
    at_once(lab, pay=False)
    lab.revoke(request, "bob", pay=False)

    at_once(lab, pay=False)

    assert kinds(lab) == []


def test_what_is_owed_for_long_already_is_no_difference(lab: Lab) -> None:
    request = lab.lend("alice", minutes=120)
    lab.revoke(request, "bob", pay=False)
    lab.clock.move(timedelta(minutes=2))

    at_once(lab, pay=False)

    assert kinds(lab) == []


def test_a_read_that_is_older_than_our_own_write_is_no_difference(lab: Lab) -> None:
    request = lab.lend("alice", minutes=120)
    before = worker(lab).managers.fenced(lab.role.account.manager_arn, "owner-1").iam.role("admin")
    lab.revoke(request, "bob")

    def old(call: Answer, *args: Any) -> Any:
        return replace(before, at=call(*args).at)

    at_once(lab, worker(lab, role=old))
    assert kinds(lab) == []
    drift(lab, worker(lab, role=old))
    assert kinds(lab) == [compare.OWN]


# --- own statements


def test_a_statement_under_our_name_without_a_row_is_taken_out_and_alerted(lab: Lab) -> None:
    add(lab, Sid="XacctUforged")
    assert lab.visit("carol").answer == "ok"

    drift(lab)

    assert lab.visit("carol").answer == "AccessDenied"
    assert lab.trust() == [SEAL]
    assert "XacctUforged" in standing(lab)[compare.OWN].sentence
    drift(lab)
    assert kinds(lab) == []
    assert said(lab, compare.OWN) == 2


def test_what_was_found_is_not_over_while_it_is_still_owed(lab: Lab) -> None:
    add(lab, Sid="XacctUforged")
    at_once(lab, pay=False)

    at_once(lab, pay=False)

    assert (kinds(lab), said(lab, compare.OWN)) == ([compare.OWN], 1)


def test_a_statement_of_a_grant_that_somebody_made_wider_is_made_right_or_ended(lab: Lab) -> None:
    request = lab.lend("alice", minutes=120)
    drift(lab)
    held = document(lab)
    for one in held["Statement"]:
        if one["Sid"].startswith("XacctU"):
            del one["Condition"]
    lab.write_trust(held)
    assert lab.visit("carol").answer == "ok"

    drift(lab)

    assert lab.visit("carol").answer == "AccessDenied"
    lab.pass_time(seconds=61)
    assert lab.row(request).state is State.ENDED


def test_the_vendors_statement_without_a_grant_is_taken_out(lab: Lab) -> None:
    add(lab, Sid="XacctVend")

    drift(lab)

    assert lab.trust() == [SEAL]


def test_a_database_that_was_lost_closes_what_it_does_not_know_of(lab: Lab, tmp_path: Path) -> None:
    lab.lend("alice", minutes=120)
    with another_database(lab, f"sqlite:///{tmp_path / 'new.db'}"):
        drift(lab)

    assert lab.visit("alice").answer == "AccessDenied"
    assert lab.trust() == [SEAL]


# --- the session end


def test_a_session_end_that_is_gone_is_written_anew(lab: Lab) -> None:
    lab.lend("alice", minutes=30)
    session = lab.visit("alice").session
    drift(lab)
    lab.owner.delete_role_policy(RoleName="admin", PolicyName=session_end.NAME)

    drift(lab)

    assert "alice" in standing(lab)[compare.SESSION_END].sentence
    drift(lab)
    assert (kinds(lab), said(lab, compare.SESSION_END)) == ([], 2)
    lab.pass_time(minutes=31)
    assert not lab.works(session)


@pytest.mark.parametrize(
    "what",
    [
        *("a later end", "a name less", "the role may change it"),
        *("a condition more", "one action only"),
    ],
)
def test_a_session_end_that_somebody_weakened_is_made_right(lab: Lab, what: str) -> None:
    lab.lend("alice", minutes=30)
    session = lab.visit("alice").session
    drift(lab)
    held = lab.owner.get_role_policy(RoleName="admin", PolicyName=session_end.NAME)
    weak = held["PolicyDocument"]
    itself, *ends = weak["Statement"]
    if what == "a later end":
        ends[0]["Condition"]["DateGreaterThanEquals"]["aws:CurrentTime"] = "2090-01-01T00:00:00Z"
    elif what == "a name less":
        ends[0]["Condition"]["StringEqualsIgnoreCase"]["aws:userid"] = ["nobody"]
    elif what == "a condition more":
        ends[0]["Condition"]["StringEquals"] = {"aws:RequestedRegion": "eu-central-1"}
    elif what == "one action only":
        ends[0]["Action"] = "s3:GetObject"
    else:
        itself["NotAction"] = "*"
    lab.owner.put_role_policy(
        RoleName="admin",
        PolicyName=session_end.NAME,
        PolicyDocument=json.dumps({**weak, "Statement": [itself, *ends]}),
    )

    drift(lab)

    assert kinds(lab) == [compare.SESSION_END]
    drift(lab)
    assert kinds(lab) == []
    lab.pass_time(minutes=31)
    assert not lab.works(session)


def test_a_session_end_that_somebody_made_stronger_is_left_alone(lab: Lab) -> None:
    lab.lend("alice", minutes=120)
    drift(lab)
    held = lab.owner.get_role_policy(RoleName="admin", PolicyName=session_end.NAME)
    policy = held["PolicyDocument"]
    stop = {"Sid": "Stop", "Effect": "Deny", "Action": "*", "Resource": "*"}
    lab.owner.put_role_policy(
        RoleName="admin",
        PolicyName=session_end.NAME,
        PolicyDocument=json.dumps({**policy, "Statement": [*policy["Statement"], stop]}),
    )

    drift(lab)

    assert kinds(lab) == []
    assert not lab.works(lab.visit("alice").session)


# --- reads that fail


def test_an_account_that_was_not_read_whole_ends_no_alert(lab: Lab) -> None:
    add(lab, Sid="XacctSealother", Effect="Deny")
    drift(lab)
    take_out(lab, "XacctSealother")

    unread = drift(lab, worker(lab, role=Once(busy))).unread

    assert list(unread["prod-payments"]) == ["prod-payments/admin"]
    assert kinds(lab) == [compare.OTHER_SEAL]
    drift(lab)
    assert kinds(lab) == []


def test_a_session_end_that_was_not_read_is_not_gone(lab: Lab) -> None:
    lab.lend("alice", minutes=120)
    drift(lab)

    drift(lab, worker(lab, inline_policy=busy))

    assert kinds(lab) == []


def test_an_account_that_shuts_us_out_is_an_alert_until_it_lets_us_in(lab: Lab) -> None:
    lab.bar("owner-manager")
    lab.world = lab.another_worker()

    drift(lab)
    drift(lab)

    assert "sts:AssumeRole: AccessDenied" in standing(lab)[record.UNREAD].sentence
    assert said(lab, record.UNREAD) == 1
    lab.unbar("owner-manager")
    drift(lab)
    assert kinds(lab) == []


@pytest.mark.parametrize("call", ["quotas", "other_inline_names"])
def test_a_right_that_only_openings_need_and_that_is_lost_is_an_alert_and_no_more(
    lab: Lab, call: str
) -> None:
    add(lab, Sid="XacctSealother", Effect="Deny")
    drift(lab)
    take_out(lab, "XacctSealother")

    outcome = drift(lab, worker(lab, odd={call: refused}))

    assert outcome.unread == {}
    assert {one.kind for one in lab.alerts()} == {record.UNREAD}
    drift(lab)
    assert lab.alerts() == []


def test_an_account_that_does_not_answer_is_an_alert_from_the_second_pass_on(lab: Lab) -> None:
    passes = Drift(worker(lab, role=cut), None)

    passes.run()
    once = kinds(lab)
    passes.run()

    assert (once, kinds(lab)) == ([], [record.UNREAD])
    assert said(lab, record.UNREAD) == 1
    drift(lab)
    assert kinds(lab) == []


def test_credentials_that_aws_does_not_know_are_one_alert_until_it_does(lab: Lab) -> None:
    drift(lab, worker(lab, role=expired, quotas=expired))

    assert kinds(lab) == [record.CREDENTIALS]
    drift(lab)
    assert kinds(lab) == []


def test_a_session_that_aws_forgot_is_taken_anew_within_a_drift(lab: Lab) -> None:
    outcome = drift(lab, worker(lab, role=Once(expired)))

    assert (kinds(lab), outcome.unread) == ([], {})


def test_a_role_that_is_not_there_is_read_all_the_same(lab: Lab) -> None:
    assert drift(lab, worker(lab, role=gone)).unread == {}
    assert kinds(lab) == []


def test_a_fault_of_ours_in_one_account_stops_none_of_the_others(lab: Lab) -> None:
    add(lab, Sid="XacctUforged")

    def broken(_call: Answer, *_: Any) -> None:
        raise RuntimeError("ours")

    outcome = drift(lab, worker(lab, members_of=broken, group_policy=broken, user=broken))

    assert "people" not in outcome.unread  # it has no groups to read
    assert lab.trust() == [SEAL]
    outcome = drift(lab, worker(lab, role=broken))
    assert outcome.unread == {"prod-payments": {"prod-payments": "RuntimeError"}}


# --- crashes


def test_what_was_found_before_a_crash_is_paid_after_it(lab: Lab) -> None:
    add(lab, Sid="XacctUforged")
    lab.pass_time(seconds=61)
    at_once(lab, worker(lab, write_trust=refused), pay=False)  # and then it was killed

    lab.pay()

    assert lab.trust() == [SEAL]


def test_alerts_of_a_role_that_left_the_catalog_are_over(lab: Lab) -> None:
    drift(lab)
    add(lab, **SERVICE)
    drift(lab)

    drift(lab, replace(lab.world, catalog=replace(lab.catalog, roles=())))

    assert kinds(lab) == []
