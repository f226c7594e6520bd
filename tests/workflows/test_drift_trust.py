"""What others did in the trust policy of a lent role."""

from dataclasses import replace

import pytest

from db.lifecycle import State
from db.store import alerts
from tests.lab import Lab
from tests.workflows.drifting import SERVICE, add, document, drift, kinds, said, standing, take_out
from workflows import edits
from workflows.catalog.permissions import Standing
from workflows.documents import permanent
from workflows.drift import compare

SEAL = "XacctSeallab"


@pytest.fixture
def lab(trusting: Lab) -> Lab:
    return trusting


def test_a_foreign_statement_is_alerted_once_and_never_touched(lab: Lab) -> None:
    drift(lab)
    add(lab, **SERVICE)

    assert drift(lab).news
    assert not drift(lab).news

    alert = standing(lab)[edits.WIDENED]
    assert alert.facts["statements"][0]["Sid"] == "Build"
    assert lab.trust() == [SEAL, "Build"]
    assert said(lab, edits.WIDENED) == 1
    take_out(lab, "Build")
    drift(lab)
    assert (kinds(lab), said(lab, edits.WIDENED)) == ([], 2)


def test_what_stood_there_before_us_is_no_change(lab: Lab) -> None:
    add(lab, **SERVICE)

    drift(lab)
    drift(lab)

    assert kinds(lab) == []


def test_a_foreign_statement_that_a_settle_reads_first_is_alerted_all_the_same(lab: Lab) -> None:
    drift(lab)
    add(lab, **SERVICE)

    lab.lend("alice")

    assert kinds(lab) == [edits.WIDENED]
    drift(lab)
    assert (kinds(lab), said(lab, edits.WIDENED)) == ([edits.WIDENED], 1)


def test_standing_access_that_the_catalog_says_is_nothing_that_somebody_added(lab: Lab) -> None:
    drift(lab)
    who_always_may(lab, "bob")
    for statement in permanent.statements(lab.catalog, lab.role):
        add(lab, **statement)

    drift(lab)

    assert kinds(lab) == []


def test_what_only_calls_itself_standing_access_is_alerted_until_the_catalog_says_it(
    lab: Lab,
) -> None:
    drift(lab)
    who_always_may(lab, "bob", "carol")
    (statement,) = permanent.statements(lab.catalog, lab.role)
    who_always_may(lab, "bob")
    add(lab, **statement)

    drift(lab)
    assert kinds(lab) == [edits.WIDENED]

    who_always_may(lab, "bob", "carol")
    drift(lab)
    assert (kinds(lab), said(lab, edits.WIDENED)) == ([], 2)


def who_always_may(lab: Lab, *users: str) -> None:
    """The catalog gives these users standing access to the role; nothing is written in AWS."""
    entry = Standing(frozenset({lab.role.key}), whole_account=False, users=users, machines=())
    lab.catalog = replace(lab.catalog, standing=(entry,))
    lab.world = replace(lab.world, catalog=lab.catalog)


def test_a_statement_that_names_fewer_principals_is_no_new_one(lab: Lab) -> None:
    users = [f"arn:aws:iam::{lab.catalog.grantee.id}:user/{one}" for one in ("bob", "carol")]
    add(lab, Sid="Two", Principal={"AWS": users})
    drift(lab)
    take_out(lab, "Two")
    add(lab, Sid="Two", Principal={"AWS": users[:1]})

    drift(lab)
    assert kinds(lab) == []
    take_out(lab, "Two")
    add(lab, Sid="Two", Principal={"AWS": users})

    drift(lab)
    assert kinds(lab) == [edits.WIDENED]


def test_a_statement_that_lets_a_grantee_in_without_an_end_ends_his_grant(lab: Lab) -> None:
    request = lab.lend("alice", minutes=120)
    drift(lab)
    add(lab, Sid="Alice", Principal={"AWS": f"arn:aws:iam::{lab.catalog.grantee.id}:user/alice"})

    drift(lab)

    assert lab.row(request).state in (State.ENDING, State.ENDED)
    with lab.database.read() as session:
        found = alerts.standing(session)
    assert {one.kind for one in found} == {edits.WIDENED}
    assert any("statements" in one.facts for one in found)


@pytest.mark.parametrize("what", ["gone", "another condition"])
def test_a_seal_that_is_gone_is_alerted_and_not_put_back(lab: Lab, what: str) -> None:
    drift(lab)
    seal = document(lab)["Statement"][0]
    other = {**seal, "Condition": {"Bool": {"aws:ViaAWSService": "true"}}}
    add(lab, **SERVICE)
    held = document(lab)
    kept = [one for one in held["Statement"] if one["Sid"] != SEAL]
    lab.write_trust({**held, "Statement": [other, *kept] if what != "gone" else kept})

    drift(lab)
    drift(lab)

    assert kinds(lab) == [edits.UNSEALED, edits.WIDENED]
    assert said(lab, edits.UNSEALED) == 1
    assert SEAL not in lab.trust() or what != "gone"
    lab.write_trust({**held, "Statement": [seal, *kept]})
    drift(lab)
    assert kinds(lab) == [edits.WIDENED]


def test_another_installations_seal_is_alerted_until_it_is_gone(lab: Lab) -> None:
    add(lab, Sid="XacctSealother", Effect="Deny")

    outcome = drift(lab)

    assert "other" in standing(lab)[compare.OTHER_SEAL].sentence
    assert [one.facts["installations"] for one in outcome.seals] == [["other"]]
    take_out(lab, "XacctSealother")
    assert drift(lab).seals == []
    assert kinds(lab) == []
