"""`xacct setup verify` in the terminal: what holds is proven, by whose keys there are."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox.aws.process import Keys, SandboxAws
from tests.bot.verifying import Verifying, lets_in, trusts, verifying
from tests.workflows.setup.deploying import SOMEBODY_ELSES, arn, document

FIRST, SECOND = "prod-payments", "prod-search"


@pytest.fixture(scope="module")
def right(aws: SandboxAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verifying]:
    """As setup left it; a test that changes anything changes it back."""
    with verifying(aws, tmp_path_factory.mktemp("right")) as there:
        yield there


def test_what_setup_made_is_proven_with_everybodys_keys_and_nothing_is_changed(
    right: Verifying, aws: SandboxAws
) -> None:
    before = right.office.place.state()
    aws.forget_calls()

    code, said = right.run("--as", "alice", "--as", "bob", "--as", "ci")

    assert code == 0, said
    assert "4 accounts: 99 proven, 0 failed, 0 could not be told." in said
    assert "deploy lets bob in, who may always enter, by the catalog [call]" in said
    assert "deploy lets ci/run-7 in, who may always enter, by the catalog [call]" in said
    assert "assumed-role/deploy/xacct-ci" in said
    assert "deploy refuses alice, who has no grant [call]: 1 refused" in said
    assert {one.action for one in aws.calls() if one.status == 200} == READS
    assert right.office.place.state() == before
    assert [one for one in ("owners-4be01d77", "workforce-7f3a91c2") if one in said] == []


READS = {
    *("sts:AssumeRole", "sts:GetCallerIdentity", "iam:SimulatePrincipalPolicy", "iam:GetRole"),
    *("iam:GetAccountAuthorizationDetails", "iam:GetAccountSummary", "iam:ListRolePolicies"),
    *("iam:GetGroup", "iam:ListGroupPolicies", "iam:ListAttachedGroupPolicies"),
    *("iam:ListGroupsForUser",),
}


# --- whose keys there are


def test_without_xaccts_own_keys_what_they_prove_is_not_told_and_the_rest_is(
    right: Verifying,
) -> None:
    code, said = right.office.run("verify", "--mask")

    assert (code, "0 failed, 5 could not be told" in said) == (2, True), said
    assert said.count("run this where xacct runs") == 1
    assert "With `--as <profile>`" in said
    assert "can do nothing else [simulation]: 46 refused" in said
    assert [one for one in right.office.place.ids.all if one in said] == []


UNREAD = "can be read by its administrator"


def test_an_account_that_does_not_let_anybody_in_keeps_no_other_from_being_proven(
    right: Verifying,
) -> None:
    owner, named = right.owner(0), {"RoleName": "OrganizationAccountAccessRole"}
    before = owner.get_role(**named)["Role"]["AssumeRolePolicyDocument"]["Statement"]
    owner.update_assume_role_policy(**named, PolicyDocument=SOMEBODY_ELSES)
    try:
        code, found = right.findings()
    finally:
        owner.update_assume_role_policy(**named, PolicyDocument=document(*before))

    assert code == 2
    first = [one for one in found if one["account"] == FIRST]
    assert [one["promise"] for one in first if one["mark"] == "untold"] == [UNREAD]
    assert "sts:AssumeRole: AccessDenied" in first[0]["said"]
    proven = [one["promise"] for one in first if one["mark"] == "proven"]
    assert "lets xacct in as it comes at work" in proven
    assert {one["mark"] for one in found if one["account"] == SECOND} == {"proven"}


def test_a_profile_of_one_account_is_not_taken_for_another_ones(right: Verifying) -> None:
    wrong = f"{FIRST}=alice"
    _, found = right.findings("--account-profile", wrong, "--live", FIRST, bot=False)

    first = [one for one in found if one["account"] == FIRST]
    assert {one["mark"] for one in first} == {"untold"}
    ids = right.office.place.ids
    words = f"the profile alice is of account {ids.home}, and {FIRST} is {ids.owners[0]}"
    assert words in first[0]["said"]
    assert first[-1]["said"] == "There is no way into the account."


def test_where_aws_has_nobody_who_is_listed_it_is_not_proven_that_all_are_refused(
    right: Verifying,
) -> None:
    right.office.says(people=[], machines=[], standing=[], people_rules=[{"domain": "example.com"}])
    try:
        _, found = right.findings(bot=False)
    finally:
        right.office.says()

    about = [one for one in found if one["promise"].startswith("refuses every")]
    assert {one["mark"] for one in about} == {"untold"}
    assert "nobody whom the catalog lists" in about[0]["said"]


def test_where_the_grantee_account_cannot_be_read_what_it_tells_of_roles_is_not_told(
    right: Verifying,
) -> None:
    code, found = right.findings("--account-profile", "workforce=alice", bot=False)

    about = {one["subject"]: one for one in found if one["promise"].startswith("refuses every")}
    assert (code, {one["mark"] for one in about.values()}) == (2, {"untold"})
    assert about["admin"]["said"] == "The grantee account could not be read."
    outside = [one for one in found if one["promise"] == "refuses outsiders"]
    assert {one["mark"] for one in outside} == {"proven"}


GRANTED = "2099-01-01T00:00:00Z"


def _grant(there: Verifying, user: str, role: str) -> dict[str, Any]:
    """What xacct writes into the trust policy; what stood there before."""
    home, owner = there.office.place.ids.home, there.owner(1)
    lent = lets_in("XacctU20990101T000000Z", f"arn:aws:iam::{home}:root") | {
        "Condition": {
            "StringEquals": {
                "aws:userid": there.home.get_user(UserName=user)["User"]["UserId"],
                "sts:RoleSessionName": "${aws:username}",
            },
            "DateLessThan": {"aws:CurrentTime": GRANTED},
        },
    }
    held: dict[str, Any] = owner.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    trusts(owner, role, *held["Statement"], lent)
    return held


def test_during_a_grant_the_grantees_own_keys_are_let_in_and_nobody_elses(
    right: Verifying,
) -> None:
    group = {"GroupName": "allow-prod-search-readonly", "UserName": "bob"}
    before = _grant(right, "bob", "readonly")
    try:
        _, waiting = right.findings("--as", "bob", bot=False)
        right.home.add_user_to_group(**group)
        _, found = right.findings("--as", "bob", "--as", "alice", bot=False)
    finally:
        right.home.remove_user_from_group(**group)
        trusts(right.owner(1), "readonly", *before["Statement"])

    (kept_out,) = (one for one in waiting if one["mark"] == "failed")
    assert kept_out["promise"] == "lets bob in, who has a grant until 2099-01-01 00:00 UTC"
    here = [one for one in found if (one["account"], one["subject"]) == (SECOND, "readonly")]
    said = {one["promise"]: one["said"] for one in here if one["mark"] == "proven"}
    assert len(said) == len(here)
    ids = right.office.place.ids
    inside = f"AWS calls the session arn:aws:sts::{ids.owners[1]}:assumed-role/readonly/bob"
    assert said["lets bob in, who has a grant until 2099-01-01 00:00 UTC"] == inside
    assert "refuses alice, who has no grant" in said
    assert "user/platform/bob by a statement" in said["refuses every grantee who has no grant"]


def test_what_is_wrong_with_the_keys_is_said_in_a_sentence(right: Verifying) -> None:
    right.profile("root", Keys(right.office.place.ids.home, "wrong"))

    for words, sentence in (
        (("--as", "nobody"), "profile (nobody) could not be found"),
        (("--as", "root"), "With the profile root AWS cannot be asked"),
        (("--account-profile", "nowhere=x"), "no account called nowhere"),
    ):
        code, said = right.run(*words)
        assert (code, sentence in said) == (1, True), said


# --- what only AWS can show


def test_what_only_aws_shows_is_asked_of_a_role_that_is_thrown_away_as_one_is_that_was_left(
    right: Verifying, aws: SandboxAws, make_stdin: Callable[[str], None]
) -> None:
    office, told = right.office, "delete role /xacct-ctl/xacct-verify-left"
    before = office.place.state()
    _leave(right)
    make_stdin("no")
    shown = [office.run(verb)[1] for verb in ("plan", "verify", "destroy")]
    aws.forget_calls()

    code, found = right.findings("--live", SECOND, bot=False)

    assert [told in one for one in shown] == [True, True, True]
    made = [one for one in aws.calls() if one.action == "iam:CreateRole" and one.status == 200]
    assert [one.account_id for one in made] == [office.place.ids.owners[1]]
    assert office.place.state() == before
    (left, *facts) = (one for one in found if one["subject"] == "throw-away role")
    assert (left["account"], left["mark"]) == (FIRST, "proven")
    assert left["promise"] == "xacct-verify-left, left by a run that died, is gone"
    assert (len(facts), {one["account"] for one in facts}) == (9, {SECOND})
    (untold,) = (one for one in facts if one["mark"] != "proven")
    assert (code, "sandbox simulates no ResourcePolicy" in untold["said"]) == (2, True)


def _leave(there: Verifying) -> None:
    """As a run leaves it that is killed between making the role and taking it away."""
    tags = {"xacct:installation": "main", "xacct:made-by": "setup"}
    root = arn(there.office.place.ids.owners[0], "root")
    seal = {"Effect": "Deny", "Principal": {"AWS": root}, "Action": "sts:AssumeRole"}
    there.owner(0).create_role(
        RoleName="xacct-verify-left",
        Path="/xacct-ctl/",
        AssumeRolePolicyDocument=document(seal),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
