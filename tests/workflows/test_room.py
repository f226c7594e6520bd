"""What has no room beside what is lent already is refused before anybody decides."""

from dataclasses import replace
from datetime import timedelta

from db.lifecycle import State, Why
from tests.lab import Lab, slack_id
from workflows.catalog.model import GranteeKind, Visitor


def refused(lab: Lab, request: int) -> str:
    """Why the look refused it."""
    row = lab.row(request)
    assert (row.state, row.why) == (State.CANCELLED, Why.FAILED)
    return row.trouble or ""


def test_a_role_that_others_fill_refuses_at_the_look_and_says_when_a_slot_frees(
    trusting: Lab,
) -> None:
    lab = trusting
    lab.aws.set_quota(lab.catalog.accounts[0].id, "AssumeRolePolicySizeQuota", 700)
    first = lab.row(lab.lend("alice", minutes=30))

    sentence = refused(lab, lab.ask("carol", minutes=45))

    assert first.ends_at is not None
    assert "no room for another grant" in sentence
    assert "1 grant is open." in sentence
    assert f"The next slot frees at {first.ends_at:%H:%M} UTC" in sentence
    assert "Service Quotas" in sentence
    lab.pass_time(minutes=32)
    assert lab.row(lab.ask("carol", minutes=45)).state is State.PENDING


def test_a_session_name_that_another_grantee_has_is_refused_at_the_look(trusting: Lab) -> None:
    lab = trusting
    visitor = Visitor(slack_id("carol"), lab.catalog.machines[0].role_arn, "alice")
    engineers = tuple(one for one in lab.catalog.engineers if one.slack != slack_id("carol"))
    role = replace(lab.role, kinds=frozenset({GranteeKind.USER, GranteeKind.PERSON}))
    lab.catalog = replace(lab.catalog, visitors=(visitor,), engineers=engineers, roles=(role,))
    lab.world = lab.another_worker()
    lab.lend("alice", minutes=30)

    assert "sessions named alice" in refused(lab, lab.ask("carol"))
    lab.clock.move(timedelta(minutes=32))
    lab.pay()
    assert "sessions named alice" in refused(lab, lab.ask("carol"))  # his may live


def test_who_is_in_as_many_groups_as_aws_allows_is_refused_at_the_look(allowing: Lab) -> None:
    lab = allowing
    for number in range(10):
        lab.home.create_group(GroupName=f"other-{number}")
        lab.home.add_user_to_group(GroupName=f"other-{number}", UserName="alice")

    assert "AWS allows 10" in refused(lab, lab.ask("alice"))
    lab.home.remove_user_from_group(GroupName="other-0", UserName="alice")
    assert lab.row(lab.ask("alice")).state is State.PENDING
