"""Who reaches which role, out of values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.catalog import build
from workflows.catalog.model import GranteeKind
from workflows.documents import text, trust
from workflows.documents.trust import Entry, Vend
from workflows.reach.judge import By, Principal, Reach, Stand, reaches
from workflows.seen import Verdict

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
HOME = build.GRANTEE
ROOT = f"arn:aws:iam::{HOME}:root"
ALICE = Principal(f"arn:aws:iam::{HOME}:user/alice", "AIDAALICE")
CI = Principal(f"arn:aws:iam::{HOME}:role/build/ci", "AROACI")
VENDOR = Principal(f"arn:aws:iam::{HOME}:role/xacct-ctl/xacct-vendor", "AROAVENDOR")
ADMIN = "prod-payments/admin"
ALLOWED = Verdict("sts:AssumeRole", "allowed")
SEAL = trust.seal("main", partition="aws", account_id="444455556666")

PEOPLE = [{"slack": "U0ALICE", "iam_user": "alice"}]
MACHINES = [{"name": "ci", "role": CI.arn, "owners": ["U0BOB"]}]


def judged(
    principal: Principal,
    *statements: dict[str, Any],
    verdict: Verdict = ALLOWED,
    unread: bool = False,
    **parts: Any,
) -> list[Reach]:
    catalog = build.catalog(**parts)
    (role,) = catalog.roles
    document = None if unread else text.document([SEAL, *statements])
    asked = {(principal.arn, role.arn): verdict}
    return reaches(catalog, [principal], asked, {role.key: document}, now=NOW)


def allow(principal: Any = ROOT, **more: Any) -> dict[str, Any]:
    named = principal if principal == "*" else {"AWS": principal}
    return {"Effect": "Allow", "Principal": named, "Action": "sts:AssumeRole", **more}


def deny(principal: Any = ROOT, **more: Any) -> dict[str, Any]:
    return allow(principal, **more) | {"Effect": "Deny"}


def lent(
    who: Principal,
    *,
    kind: GranteeKind = GranteeKind.USER,
    end: datetime = END,
) -> dict[str, Any]:
    entry = Entry(kind, "aws", HOME, who.unique_id, "xacct-ci", end)
    (statement,) = trust.own_statements([entry], None)
    return statement


@pytest.mark.parametrize("principal", [ROOT, HOME, ALICE.arn, "*", "AIDAALICE"])
def test_who_may_ask_and_is_let_in_by_somebody_elses_statement_is_found(principal: Any) -> None:
    (found,) = judged(ALICE, allow(principal, Sid="Theirs"))

    assert found == Reach(ALICE.arn, ADMIN, Stand.ENTERS, statement="Theirs")
    assert found.is_finding


def test_who_may_ask_and_is_not_let_in_is_kept_out_by_the_trust_policy_alone() -> None:
    (found,) = judged(ALICE)

    assert (found.stand, found.by, found.is_finding) == (Stand.TRUST_ALONE, None, False)


@pytest.mark.parametrize(
    ("verdict", "reported"),
    [
        (Verdict("sts:AssumeRole", "explicitDeny"), []),
        (Verdict("sts:AssumeRole", "implicitDeny"), []),
        (Verdict("sts:AssumeRole", "explicitDeny", (), ("aws:SourceIp",)), [("aws:SourceIp",)]),
        (Verdict("sts:AssumeRole", "allowed", (), ("aws:SourceIp",)), [("aws:SourceIp",)]),
        (ALLOWED, [()]),
    ],
)
def test_a_no_counts_where_it_depends_on_nothing_that_is_not_known(
    verdict: Verdict, reported: list[tuple[str, ...]]
) -> None:
    found = judged(ALICE, allow(), verdict=verdict)

    assert [one.unknown for one in found] == reported


def test_who_has_a_grant_is_said_to_be_in_until_its_end() -> None:
    (found,) = judged(ALICE, lent(ALICE))

    assert (found.stand, found.by, found.until) == (Stand.ENTERS, By.GRANT, END)
    assert found.because == "by a statement of xacct until 2026-03-01 13:00 UTC"
    assert not found.is_finding


def test_the_later_end_of_two_grants_counts() -> None:
    (found,) = judged(ALICE, lent(ALICE), lent(ALICE, end=END + timedelta(hours=1)))

    assert found.until == END + timedelta(hours=1)


@pytest.mark.parametrize(
    "statement",
    [
        lent(ALICE, end=NOW),
        lent(Principal(ALICE.arn, "AIDABOB")),
        lent(CI, kind=GranteeKind.MACHINE),
    ],
)
def test_a_grant_that_is_over_or_somebody_elses_lets_nobody_in(statement: dict[str, Any]) -> None:
    (found,) = judged(ALICE, statement)

    assert found.stand is Stand.TRUST_ALONE


def test_a_statement_beside_the_grant_that_ends_nothing_is_found() -> None:
    (found,) = judged(ALICE, lent(ALICE), allow(Sid="Theirs"))

    assert (found.is_finding, found.statement) == (True, "Theirs")


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"DateLessThan": {"aws:CurrentTime": text.moment(END)}},
        {"StringEquals": {"aws:userid": "AIDAALICE"}},
        {
            "StringLike": {"aws:userid": "*"},
            "DateLessThan": {"aws:CurrentTime": text.moment(END)},
        },
    ],
)
def test_what_only_bears_xaccts_name_is_no_grant(condition: dict[str, Any]) -> None:
    (found,) = judged(ALICE, allow(Sid="XacctU1", Condition=condition))

    assert (found.is_finding, found.statement) == (True, "XacctU1")


def test_a_machine_is_let_in_by_its_own_grant_under_any_session() -> None:
    (found,) = judged(CI, lent(CI, kind=GranteeKind.MACHINE))
    (other,) = judged(VENDOR, lent(CI, kind=GranteeKind.MACHINE))

    assert (found.by, other.stand) == (By.GRANT, Stand.TRUST_ALONE)


def test_the_vendor_is_let_in_by_a_grant_as_long_as_it_lasts() -> None:
    (vend,) = trust.own_statements([], Vend("aws", HOME, "AROAVENDOR", ("alice",), END))

    (found,) = judged(VENDOR, vend)

    assert (found.by, found.until) == (By.GRANT, END)


@pytest.mark.parametrize(
    ("standing", "principal", "by"),
    [
        ({"whole_account": True}, ALICE, By.STANDING),
        ({"users": ["alice"]}, ALICE, By.STANDING),
        ({"machines": ["ci"]}, CI, By.STANDING),
        ({"machines": ["ci"]}, ALICE, None),
    ],
)
def test_who_always_enters_by_the_catalog_is_no_finding(
    standing: dict[str, Any], principal: Principal, by: By | None
) -> None:
    (found,) = judged(
        principal, allow(), standing=[{"roles": ADMIN, **standing}], machines=MACHINES
    )

    assert (found.stand, found.by) == (Stand.ENTERS, by)


@pytest.mark.parametrize(
    ("statement", "stand"),
    [
        (deny(), Stand.TRUST_ALONE),
        (deny("*"), Stand.TRUST_ALONE),
        (deny(ALICE.arn), Stand.TRUST_ALONE),
        (deny(CI.arn), Stand.ENTERS),
        (deny(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), Stand.ENTERS),
        (deny(Action="sts:TagSession"), Stand.ENTERS),
        ({"Effect": "Deny", "NotPrincipal": {"AWS": ROOT}, "Action": "*"}, Stand.ENTERS),
        ({"Effect": "Deny", "Principal": "*", "NotAction": "sts:AssumeRole"}, Stand.ENTERS),
    ],
)
def test_only_a_deny_that_surely_shuts_him_out_counts(
    statement: dict[str, Any], stand: Stand
) -> None:
    (found,) = judged(ALICE, allow(), statement)

    assert found.stand is stand


def test_a_deny_of_one_session_shuts_no_role_out() -> None:
    session = f"arn:aws:sts::{HOME}:assumed-role/ci/one"

    assert judged(CI, allow(), deny(session))[0].stand is Stand.ENTERS
    assert judged(CI, allow(session))[0].stand is Stand.ENTERS


@pytest.mark.parametrize(
    ("pattern", "alice", "ci"),
    [
        ("AIDAALICE", Stand.ENTERS, Stand.TRUST_ALONE),
        ("AROACI:*", Stand.TRUST_ALONE, Stand.ENTERS),
        ("AROA*:dave", Stand.TRUST_ALONE, Stand.ENTERS),
        ("${aws:userid}", Stand.ENTERS, Stand.ENTERS),
    ],
)
def test_a_foreign_statement_on_ids_lets_in_only_those(
    pattern: str, alice: Stand, ci: Stand
) -> None:
    statement = allow(Condition={"StringLike": {"aws:userid": pattern}})

    assert [judged(one, statement)[0].stand for one in (ALICE, CI)] == [alice, ci]


def test_a_trust_policy_that_was_not_read_hides_nobody_who_may_ask() -> None:
    (found,) = judged(ALICE, unread=True)

    assert (found.stand, found.is_finding) == (Stand.UNREAD, False)


def role(**more: Any) -> dict[str, Any]:
    return {"roles": [build.ADMIN | more]}


@pytest.mark.parametrize(
    ("principal", "parts", "by"),
    [
        (ALICE, role(mechanism="trust-policy"), By.CATALOG),
        (ALICE, role(), None),
        (CI, role(kinds=["user", "machine"]), By.CATALOG),
        (CI, role(), None),
        (ALICE, role(mechanism="deny-group"), None),
    ],
)
def test_who_is_to_be_kept_out_by_the_trust_policy_alone_is_told_apart(
    principal: Principal, parts: dict[str, Any], by: By | None
) -> None:
    (found,) = judged(principal, people=PEOPLE, machines=MACHINES, **parts)

    assert (found.stand, found.by) == (Stand.TRUST_ALONE, by)


def test_an_administrator_is_outside_the_deny_groups_by_the_catalog() -> None:
    home = {"id": HOME, "name": "workforce", "administrators": ["alice"]}

    (found,) = judged(ALICE, people=PEOPLE, grantee_account=home, **role(mechanism="deny-group"))

    assert found.by is By.CATALOG


def test_a_place_in_the_allow_group_is_told() -> None:
    member = Principal(ALICE.arn, ALICE.unique_id, frozenset({"Allow-prod-payments-admin"}))

    assert judged(member)[0].by is By.GROUP


def test_a_role_that_is_not_there_is_entered_by_nobody_and_the_worst_comes_first() -> None:
    roles = [build.ADMIN, {"accounts": "*", "name": "read"}]
    catalog = build.catalog(roles=roles)
    asked = {(ALICE.arn, one.arn): ALLOWED for one in catalog.roles}
    closed, opened = text.document([SEAL]), text.document([SEAL, allow()])

    found = reaches(catalog, [ALICE], asked, {ADMIN: closed, "prod-search/read": opened}, now=NOW)

    assert [one.role for one in found] == ["prod-search/read", ADMIN]
