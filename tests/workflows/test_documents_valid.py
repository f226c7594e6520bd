"""Every policy document that can be written is one that AWS takes, and fits; or it is refused."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.aws.documents import identity_statements, trust_statements
from sandbox.aws.quotas import size
from tests.prove.lint import findings
from tests.prove.situations import (
    NOON,
    Situation,
    over,
    planned,
    situations,
    written,
)
from workflows.aws.fence import fence_policy
from workflows.documents import session_end
from workflows.plan.grant import Grant
from workflows.plan.role import RolePlan
from workflows.seen import RoleDetail

LONGEST_ANCHOR = session_end.Anchor(9_999_999_999, "0123abcd")

moments = st.integers(0, 10**6).map(lambda seconds: NOON + timedelta(seconds=seconds))


def compact(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def fits(detail: RoleDetail, plan: RolePlan) -> None:
    """AWS would take every document of the plan."""
    for document in (plan.trust, plan.closing_trust):
        if document is not None:
            trust_statements(compact(document))
            assert size(compact(document)) <= detail.trust_quota
    if plan.session_end is not None:
        stamped = compact(session_end.anchored(plan.session_end, LONGEST_ANCHOR))
        identity_statements(stamped)
        assert size(stamped) + detail.other_inline <= detail.inline_quota


def played(situation: Situation) -> None:
    """Every round of openings and ends, each document looked at as it would be written."""
    detail, standing = situation.detail, list[Grant]()
    for opened, ended in situation.rounds:
        plan = planned(detail, [*standing, *opened])
        fits(detail, plan)
        assert set(plan.refused) <= {one.request for one in opened}
        assert all(said.endswith(".") for said in plan.refused.values())
        detail = written(detail, plan)
        standing += [one for one in opened if one.request not in plan.refused]
        standing = over(standing, ended)
        closed = planned(detail, standing)
        fits(detail, closed)
        detail = written(detail, closed)


@given(situations())
@settings(max_examples=100, deadline=None)
def test_what_is_written_is_taken_by_aws_and_what_has_no_room_is_refused_before(
    situation: Situation,
) -> None:
    """And what was opened can be ended in any order, however full the role is."""
    played(situation)


@given(situations())
@settings(max_examples=30, deadline=None)
def test_no_session_end_has_a_fault_that_parliament_finds(situation: Situation) -> None:
    for opened, ended in situation.rounds:
        left = over([*opened], ended)
        for wanted in (opened, left):
            plan = planned(situation.detail, wanted)
            if plan.session_end is not None:
                stamped = session_end.anchored(plan.session_end, LONGEST_ANCHOR)
                assert findings(compact(stamped)) == []


@given(moments)
@settings(max_examples=20, deadline=None)
def test_a_session_policy_is_taken_by_aws_and_short(end: datetime) -> None:
    document = fence_policy(end)

    identity_statements(document)
    assert size(document) <= 2048  # STS API, AssumeRole, Policy
    assert findings(document) == []
