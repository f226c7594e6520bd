"""Who comes into a lent role by its trust policy, as verify judges it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflows.setup.deploying import Ids, a_catalog
from workflows.catalog.model import Catalog, Role
from workflows.documents import text
from workflows.seen import Caller
from workflows.setup import objects, wanted
from workflows.verify import lent
from workflows.verify.lent import Expected

IDS = Ids()
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
ALICE = Caller(f"arn:aws:iam::{IDS.home}:user/alice", IDS.home, "AIDAALICE")
BOB = Caller(f"arn:aws:iam::{IDS.home}:user/platform/bob", IDS.home, "AIDABOB")
CI = Caller(f"arn:aws:sts::{IDS.home}:assumed-role/ci/run-7", IDS.home, "AROACI:run-7")
STRANGER = Caller("arn:aws:iam::999999999999:user/alice", "999999999999", "AIDASTRANGER")


@pytest.fixture
def catalog() -> Catalog:
    return a_catalog(IDS)


def role(catalog: Catalog, key: str) -> Role:
    found = catalog.role(key)
    assert found is not None
    return found


def made(catalog: Catalog, lends: Role) -> objects.Role:
    everything = wanted.owner(catalog, lends.account).roles
    return next(one for one in everything if one.arn == lends.arn)


def let(sid: str, principal: Any, **more: Any) -> dict[str, Any]:
    allow = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Sid": sid, **allow, **more}


def grant(user_id: str, end: datetime, **more: Any) -> dict[str, Any]:
    condition = {
        "StringEquals": {"aws:userid": user_id},
        "DateLessThan": {"aws:CurrentTime": text.moment(end)},
        **more,
    }
    return let("XacctU1", {"AWS": f"arn:aws:iam::{IDS.home}:root"}, Condition=condition)


def whose(arn: str) -> dict[str, Any]:
    return {"ArnLike": {"aws:PrincipalArn": arn}}


HOME = {"AWS": f"arn:aws:iam::{IDS.home}:root"}
LATER = NOW + timedelta(hours=1)
ENDS = {"aws:CurrentTime": text.moment(LATER)}
OTHERS = "arn:aws:iam::999999999999:root"


@pytest.mark.parametrize(
    ("statement", "is_outsider"),
    [
        (grant("AIDABOB", LATER), False),
        (let("XacctVend", HOME, Condition=grant("x", LATER)["Condition"]), False),
        (let("XacctVend", HOME, Condition={"DateLessThan": ENDS}), True),  # anybody of it
        (grant("AIDABOB", LATER) | {"Principal": {"AWS": OTHERS}}, True),
        (grant("AIDABOB", LATER) | {"Principal": "*"}, True),
        (grant("*", LATER), True),
        (let("XacctU2", HOME), True),  # under xacct's name, and it never ends
        (let("StandingByXacctUsers", HOME), True),  # not as the catalog has it
        (let("Theirs", {"AWS": f"arn:aws:iam::{IDS.home}:user/mallory"}), True),
        (let("Theirs", {"Service": "ec2.amazonaws.com"}), True),
        (let("Theirs", "*"), True),
        ({"Effect": "Allow", "NotPrincipal": {"AWS": "x"}, "Action": "sts:AssumeRole"}, True),
        (let("Tags", HOME) | {"Action": "sts:TagSession"}, False),
        ({"Effect": "Deny", "Principal": "*", "Action": "*"}, False),
    ],
)
def test_whoever_is_let_in_by_neither_a_grant_nor_the_catalog_is_an_outsider(
    catalog: Catalog, statement: dict[str, Any], *, is_outsider: bool
) -> None:
    admin = role(catalog, "prod-payments/admin")
    document = text.document([*made(catalog, admin).trust, statement])

    found = lent.outsiders(admin, made(catalog, admin), document, home=IDS.home, now=NOW)

    assert bool(found) is is_outsider


def test_what_the_catalog_says_is_standing_is_no_outsider(catalog: Catalog) -> None:
    for key in ("dev-payments/readonly", "prod-search/deploy"):
        lends = role(catalog, key)
        held = text.document([*made(catalog, lends).trust, *made(catalog, lends).standing])

        assert lent.outsiders(lends, made(catalog, lends), held, home=IDS.home, now=NOW) == []


@pytest.mark.parametrize(
    ("statement", "is_outsider"),
    [
        (let("Theirs", {"Service": "ec2.amazonaws.com"}), False),
        (let("Theirs", {"AWS": "arn:aws:iam::999999999999:root"}), False),
        (let("Theirs", HOME), True),
        (let("Theirs", {"AWS": f"arn:aws:iam::{IDS.home}:role/build/ci"}), True),
        (let("XacctU2", {"Service": "ec2.amazonaws.com"}), True),
        (let("Theirs", "*", Condition={"StringEquals": {"aws:username": "mallory"}}), True),
        (let("Theirs", "*", Condition={"StringLike": {"aws:userid": "AIDAMALLORY"}}), True),
        (let("Theirs", "*", Condition=whose(f"arn:aws:iam::{IDS.home}:user/mallory")), True),
        (let("Theirs", "*", Condition=whose("arn:aws:iam::*:user/mallory")), True),
        (let("Theirs", "*", Condition=whose("arn:aws:iam::999999999999:user/mallory")), False),
    ],
)
def test_of_a_role_that_somebody_else_made_only_the_grantee_account_is_asked_about(
    catalog: Catalog, statement: dict[str, Any], *, is_outsider: bool
) -> None:
    adopted = replace(role(catalog, "prod-payments/admin"), permissions=None, adopt=True)
    mine = replace(made(catalog, role(catalog, "prod-payments/admin")), standing=())
    document = text.document([*mine.trust, statement])

    found = lent.outsiders(adopted, mine, document, home=IDS.home, now=NOW)

    assert bool(found) is is_outsider


@pytest.mark.parametrize(
    ("key", "statement", "caller", "expected"),
    [
        ("prod-payments/admin", grant("AIDABOB", LATER), BOB, Expected.GRANT),
        ("prod-payments/admin", grant("AIDABOB", NOW), BOB, Expected.OUT),
        ("prod-payments/admin", grant("AIDABOB", LATER), ALICE, Expected.OUT),
        ("prod-payments/admin", grant("AROACI:*", LATER), CI, Expected.GRANT),
        ("prod-payments/admin", grant("AROACI:run-8", LATER), CI, Expected.OUT),
        ("prod-payments/admin", let("Theirs", HOME), ALICE, Expected.OUT),
        ("prod-payments/deploy", grant("AIDAX", LATER), BOB, Expected.STANDING),
        ("prod-payments/deploy", grant("AIDAX", LATER), CI, Expected.STANDING),
        ("prod-payments/deploy", grant("AIDAX", LATER), ALICE, Expected.OUT),
        ("dev-payments/readonly", grant("AIDAX", LATER), ALICE, Expected.PERHAPS),
        ("dev-payments/readonly", grant("AIDAX", LATER), STRANGER, Expected.OUT),
    ],
)
def test_who_is_expected_to_come_in_the_catalog_and_xaccts_statements_say(
    catalog: Catalog, key: str, statement: dict[str, Any], caller: Caller, expected: Expected
) -> None:
    lends = role(catalog, key)
    document = text.document([statement])

    assert lent.expected(catalog, lends, document, caller, now=NOW).what is expected


def test_a_machine_comes_under_its_own_name_and_anybody_else_under_his(catalog: Catalog) -> None:
    assert lent.session_name(catalog, CI) == "xacct-ci"
    assert lent.session_name(catalog, BOB) == "bob"
