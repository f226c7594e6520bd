"""What answers come to: a promise is proven only by answers that say so."""

import json
from typing import Any

import pytest

from tests.workflows.setup.deploying import Ids, a_catalog
from workflows.aws import simulation
from workflows.catalog.model import Catalog
from workflows.seen import Caller, Verdict
from workflows.setup.rights import entrance
from workflows.verify import asks, needs
from workflows.verify.finding import Answer, Finding, How, Mark, Outcome, Question, worst
from workflows.verify.needs import Asked, Own

ASKED = Question("prod", "admin", "refuses all", How.CALL, "Mend it.")
YES = Answer("one", Outcome.ALLOWED)
NO = Answer("two", Outcome.REFUSED, "AccessDenied")
WHO_KNOWS = Answer("three", Outcome.UNKNOWN, "no clear answer")
BOT = "arn:aws:iam::777788889999:role/xacct-ctl/xacct-bot"


@pytest.fixture
def catalog() -> Catalog:
    return a_catalog(Ids())


@pytest.mark.parametrize(
    ("answers", "refused", "allowed"),
    [
        ([NO], Mark.PROVEN, Mark.FAILED),
        ([YES], Mark.FAILED, Mark.PROVEN),
        ([NO, WHO_KNOWS], Mark.UNTOLD, Mark.FAILED),
        ([YES, WHO_KNOWS], Mark.FAILED, Mark.UNTOLD),
        ([NO, YES], Mark.FAILED, Mark.FAILED),
        ([], Mark.UNTOLD, Mark.UNTOLD),
    ],
)
def test_a_promise_is_proven_only_when_every_answer_says_so_and_one_against_it_is_enough(
    answers: list[Answer], refused: Mark, allowed: Mark
) -> None:
    assert ASKED.must_refuse(answers).mark is refused
    assert ASKED.must_allow(answers).mark is allowed


def test_what_failed_names_what_was_against_it_and_how_it_is_mended() -> None:
    found = ASKED.must_refuse([NO, YES, *(Answer(str(n), Outcome.ALLOWED) for n in range(9))])

    assert found.said == "allowed: one; 0; 1; 2; 3; 4; and 4 more"
    assert found.mend == "Mend it."
    assert ASKED.must_refuse([NO]).mend == ""


def test_a_failure_weighs_more_than_what_could_not_be_told() -> None:
    proven, failed, untold = ASKED.proven(), ASKED.failed("no"), ASKED.untold("silence")

    assert worst([proven, untold, failed]) is Mark.FAILED
    assert worst([proven, untold]) is Mark.UNTOLD
    assert worst([proven]) is Mark.PROVEN
    nothing: list[Finding] = []
    assert worst(nothing) is Mark.PROVEN


# --- the simulation


def test_what_the_simulation_does_not_speak_of_or_knows_not_enough_of_is_not_known() -> None:
    asked = Asked({"iam:GetRole": "read", "iam:PutRolePolicy": "write"}, ("one", "two"))
    verdicts = {
        ("iam:GetRole", "one"): Verdict("iam:GetRole", "allowed", ("p",)),
        ("iam:GetRole", "two"): Verdict("iam:GetRole", "implicitDeny"),
        ("iam:PutRolePolicy", "one"): Verdict("x", "implicitDeny", (), ("aws:SourceIp",)),
    }

    found = {one.what: (one.outcome, one.said) for one in needs.answers(asked, verdicts)}

    assert found == {
        "read on one": (Outcome.ALLOWED, "by p"),
        "read on two": (Outcome.REFUSED, ""),
        "write on one": (Outcome.UNKNOWN, "it depends on aws:SourceIp"),
        "write on two": (Outcome.UNKNOWN, "AWS's simulation says nothing of it"),
    }


def test_what_is_said_of_one_resource_and_of_none_is_told_without_a_list() -> None:
    told = {"EvalActionName": "iam:GetRole", "EvalDecision": "allowed", "MatchedStatements": []}
    verdicts = simulation.each({"EvaluationResults": [told]})

    for resources in ((), ("one",)):
        (one,) = needs.answers(Asked({"iam:GetRole": "read"}, resources), verdicts)
        assert one.outcome is Outcome.ALLOWED
    two = needs.answers(Asked({"iam:GetRole": "read"}, ("one", "two")), verdicts)
    assert {one.outcome for one in two} == {Outcome.UNKNOWN}


# --- real calls that are to be refused


def test_each_call_that_is_to_be_refused_names_something_that_nobody_has(catalog: Catalog) -> None:
    """So that it changes nothing where it is not refused."""
    for account in (catalog.grantee, *catalog.accounts):
        for own in needs.owns(catalog, account):
            calls = needs.calls(own, nobody="xacct-verify-0f")
            assert len(calls) >= 13
            for one in calls:
                assert "xacct-verify-0f" in json.dumps(one.parameters), one
                assert "{" not in "".join(
                    text for name, text in one.parameters.items() if name != "PolicyDocument"
                )


def test_xacct_itself_may_be_a_user_and_is_asked_about_what_could_be_there(
    catalog: Catalog,
) -> None:
    user = "arn:aws:iam::777788889999:user/xacct-ctl/xacct-bot"
    asked = needs.calls(Own(catalog.grantee, user, None, is_vendor=True), nobody="nobody")

    named = {one.parameters["PolicyArn"] for one in asked if "PolicyArn" in one.parameters}
    assert named == {"arn:aws:iam::777788889999:policy/nobody"}
    trusted = [
        one.parameters["PolicyDocument"] for one in asked if one.action == "UpdateAssumeRolePolicy"
    ]
    assert all('"arn:aws:iam::777788889999:root"' in one for one in trusted)


def test_what_makes_something_new_is_never_really_called() -> None:
    made = ("iam:CreateUser", "iam:CreateRole", "iam:CreatePolicy", "iam:CreateLoginProfile")
    changing = ("iam:DeleteRolePermissionsBoundary", "iam:PutRolePermissionsBoundary")
    everything = (
        *asks.ANYWHERE,
        *asks.TO_ITSELF,
        *asks.TO_WHAT_IS_LENT,
        *asks.TO_A_GOVERNED_GROUP,
    )

    called = {one.action for one in everything if one.call is not None}
    assert called.isdisjoint({*made, *changing, "iam:UpdateRole", "iam:TagRole"})


# --- who comes in


def entering(**changed: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [entrance(BOT, "ours-1") | changed]}


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (entering(), None),
        (entering(Principal={"AWS": "*"}), "lets in {'AWS': '*'}, and not xacct as it comes"),
        ({"Statement": [entrance(BOT, "another")]}, "another external id"),
        ({"Statement": [entrance(BOT, None)]}, "another external id than the catalog says, or f"),
        (
            {"Statement": [entrance(BOT, "ours-1"), entrance("arn:aws:iam::1:root", None)]},
            "it lets in {'AWS': 'arn:aws:iam::1:root'}",
        ),
        ({"Statement": [{"Effect": "Deny", "Principal": "*"}]}, "it does not let xacct in"),
    ],
)
def test_how_the_trust_policy_of_a_manager_role_differs_is_told_without_the_external_id(
    document: dict[str, Any], words: str | None
) -> None:
    said = needs.entrance_fault(document, entrance(BOT, "ours-1"))

    assert (said is None) is (words is None)
    assert words is None or words in str(said)
    assert "ours-1" not in str(said)


@pytest.mark.parametrize(
    ("arn", "is_it"),
    [
        ("arn:aws:sts::777788889999:assumed-role/xacct-bot/here", True),
        ("arn:aws:sts::111122223333:assumed-role/xacct-bot/here", False),
        ("arn:aws:sts::777788889999:assumed-role/other/xacct-bot", False),
        ("arn:aws:iam::777788889999:user/xacct-bot", False),
        ("arn:aws:iam::777788889999:root", False),
    ],
)
def test_xaccts_own_keys_are_known_by_their_role_and_account(arn: str, *, is_it: bool) -> None:
    caller = Caller(arn, arn.split(":")[4], "AROA:here")

    assert (needs.not_xacct(caller, BOT) is None) is is_it


def test_a_vendor_role_is_there_only_where_credentials_are_delivered(catalog: Catalog) -> None:
    named = [own.name for own in needs.owns(catalog, catalog.grantee)]
    assert named == ["xacct-grantee-mgr", "xacct-vendor"]
    roles = [{"accounts": "*", "name": "readonly"}]
    without = a_catalog(Ids(), roles=roles, standing=[])
    found: list[Own] = needs.owns(without, without.grantee)
    assert [own.name for own in found] == ["xacct-grantee-mgr"]
