"""A deny group may cover many roles where leaving it opens only what trust policies open."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.catalog.model import GranteeKind
from workflows.documents import groups, text, trust
from workflows.documents.admits import Visitor
from workflows.documents.text import Document
from workflows.documents.trust import Entry, Vend

HOME = "111122223333"
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ADMIN = "arn:aws:iam::444455556666:role/xacct/admin"
OPS = "arn:aws:iam::444455556666:role/xacct/ops"
SEARCH = "arn:aws:iam::777788889999:role/xacct/search"
ALICE = Visitor(
    kind=GranteeKind.USER,
    partition="aws",
    account_id=HOME,
    arn=f"arn:aws:iam::{HOME}:user/alice",
    name="alice",
    unique_id="AIDAALICE",
    after=NOON,
)


def seal(arn: str, installation: str = "lab") -> dict[str, Any]:
    return trust.seal(installation, partition="aws", account_id=arn.split(":")[4])


def sealed(arn: str, *statements: dict[str, Any]) -> dict[str, Any]:
    return text.document([seal(arn), *statements])


def deny(*arns: str, **changed: Any) -> dict[str, Any]:
    return text.document(
        [{"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": list(arns), **changed}]
    )


def statement(**changed: Any) -> dict[str, Any]:
    root = {"AWS": f"arn:aws:iam::{HOME}:root"}
    return {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole", **changed}


TRUSTS: dict[str, Document | None] = {arn: sealed(arn) for arn in (ADMIN, OPS, SEARCH)}


def fault(*documents: dict[str, Any], **trusts: Mapping[str, Any] | None) -> str | None:
    """`trusts` say what is otherwise, by the name of the role."""
    otherwise = {arn: trusts.get(arn.rpartition("/")[2], held) for arn, held in TRUSTS.items()}
    return groups.deny_fault(
        documents, role_arn=ADMIN, trusts=otherwise, visitor=ALICE, installation="lab"
    )


def test_a_group_that_denies_the_one_role_needs_nothing_known_of_others() -> None:
    assert (
        groups.deny_fault(
            [deny(ADMIN)], role_arn=ADMIN, trusts={}, visitor=ALICE, installation="lab"
        )
        is None
    )


def test_a_group_over_many_governed_and_sealed_roles_is_fine() -> None:
    assert fault(deny(ADMIN, OPS, SEARCH)) is None
    assert fault(deny(ADMIN), deny(OPS), deny(SEARCH)) is None


@pytest.mark.parametrize(
    ("held", "complaint"),
    [
        (deny(OPS), "holds no Deny of sts:AssumeRole on"),
        (deny(ADMIN, "*"), "also covers *: it has to name each role"),
        (deny(ADMIN, "arn:aws:iam::*:role/xacct/*"), "has to name each role"),
        (deny(ADMIN, "arn:aws:iam::444455556666:role/${aws:username}"), "has to name each role"),
        (deny(ADMIN, f"{ADMIN}2"), f"also covers {ADMIN}2, which is no role of the catalog"),
        (deny(ADMIN, OPS, Action="sts:*"), "something else than sts:AssumeRole"),
        (deny(ADMIN, OPS, Effect="Allow"), "not Deny"),
        (deny(ADMIN, OPS, Condition={"Bool": {"aws:SecureTransport": "true"}}), "a condition"),
    ],
)
def test_a_group_that_denies_more_than_governed_roles_is_not_lifted(
    held: dict[str, Any], complaint: str
) -> None:
    assert complaint in str(fault(held))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (None, f"{OPS}, whose trust policy could not be read"),
        (text.document([statement(Effect="Deny")]), f"{OPS}, which is not sealed"),
        (text.document([seal(OPS, "other")]), f"{OPS}, which is not sealed by this xacct"),
        (text.document([{**seal(OPS), "Action": "sts:TagSession"}]), f"{OPS}, which is not sealed"),
        (text.document([{**seal(OPS), "Effect": "Allow"}]), f"{OPS}, which is not sealed"),
        (text.document([seal(SEARCH)]), f"{OPS}, which is not sealed"),
        (sealed(OPS, {**statement(), "Sid": "Old"}), "somebody else (Old) that lets alice in"),
        (sealed(OPS, {**statement(), "Sid": "XacctOld"}), "somebody else (XacctOld)"),
        (
            sealed(OPS, statement(Condition={"StringEquals": {"aws:username": "alice"}})),
            "without a Sid",
        ),
    ],
)
def test_a_group_that_covers_a_role_which_would_open_is_not_lifted(
    document: dict[str, Any] | None, complaint: str
) -> None:
    assert fault(deny(ADMIN, OPS), ops=document) is not None
    assert complaint in str(fault(deny(ADMIN, OPS), ops=document))


def test_a_statement_that_ends_before_her_grant_would_open_the_other_role_until_then() -> None:
    dated = statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-31T11:00:00Z"}})

    assert "as soon as he leaves" in str(fault(deny(ADMIN, OPS), ops=sealed(OPS, dated)))


def test_somebody_elses_statement_that_shuts_her_out_is_let_stand() -> None:
    carol = statement(Condition={"StringEquals": {"aws:username": "carol"}})
    ec2 = statement(Principal={"Service": "ec2.amazonaws.com"})

    assert fault(deny(ADMIN, OPS), ops=sealed(OPS, carol, ec2)) is None


kinds = st.sampled_from(list(GranteeKind))
grants = st.lists(
    st.builds(
        Entry,
        kinds,
        st.just("aws"),
        st.just(HOME),
        st.sampled_from(["AIDAALICE", "AIDACAROL"]),
        st.just("alice"),
        st.sampled_from([NOON, NOON + timedelta(days=1)]),
    ),
    max_size=4,
    unique_by=lambda one: one.key,
)


@given(held=grants, vends=st.booleans())
def test_grants_of_ours_on_a_covered_role_are_no_obstacle(
    held: list[Entry], *, vends: bool
) -> None:
    """They opened by a decision of their own, and end by their own dates."""
    vend = Vend("aws", HOME, "AROAVENDOR", ("alice",), NOON) if vends else None
    document = trust.render(sealed(OPS), wanted=held, vend=vend, sealed=seal(OPS))

    assert fault(deny(ADMIN, OPS), ops=document) is None


def test_the_judgement_does_not_depend_on_when_her_grant_ends() -> None:
    dated = statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-01-31T11:00:00Z"}})
    trusts = {OPS: sealed(OPS, dated)}
    late = replace(ALICE, after=NOON + timedelta(days=9))

    assert groups.wide_fault([OPS], trusts, late, "lab") == groups.wide_fault(
        [OPS], trusts, replace(ALICE, after=NOON - timedelta(days=9)), "lab"
    )


def test_what_a_group_covers_is_every_arn_of_all_its_documents() -> None:
    one = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": ADMIN}

    assert groups.covers([{"Version": "x", "Statement": one}, deny(OPS, "*")]) == {ADMIN, OPS, "*"}
