"""`xacct setup` in the terminal, with an administrator's keys: shown, made, taken away."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.process import SandboxAws
from tests.bot.administrator import Office, at_work
from tests.workflows.setup.deploying import document, parts


@pytest.fixture
def office(aws: SandboxAws, tmp_path: Path) -> Iterator[Office]:
    with at_work(aws, tmp_path) as office:
        yield office


def test_a_plan_changes_nothing_and_what_was_applied_leaves_nothing_to_change(
    office: Office,
) -> None:
    first, shown = office.run("plan")
    again, the_same = office.run("plan")

    assert (first, again, shown) == (2, 2, the_same)
    assert "+ create role /xacct/admin" in shown
    assert office.run("apply", "--yes")[0] == 0
    assert office.run("plan") == (0, "Nothing to change.\n")
    assert office.run("apply", "--yes") == (0, "Nothing to change.\n")


def test_what_setup_made_is_taken_away_and_nothing_else(office: Office) -> None:
    home = office.iam(office.place.ids.home)
    before = office.place.state()
    office.run("apply", "--yes")

    code, said = office.run("destroy", "--yes")

    assert (code, "Done" in said) == (0, True)
    assert office.place.state() == before
    assert home.get_user(UserName="alice")


def test_access_that_lasts_is_gone_when_the_last_who_had_it_is_gone_from_the_catalog(
    office: Office,
) -> None:
    office.run("apply", "--yes")
    assert "StandingByXacctWholeAccount" in office.trust("readonly")

    office.says(standing=[])
    code, shown = office.run("plan")

    assert (code, "StandingByXacct" in shown) == (2, True)
    office.run("apply", "--yes")
    assert office.trust("readonly") == ["XacctSealmain"]
    assert office.trust("deploy") == ["XacctSealmain"]
    assert office.run("plan")[0] == 0


def test_a_role_that_somebody_else_made_is_left_alone_until_the_catalog_says_to_adopt_it(
    office: Office,
) -> None:
    owner = office.iam(office.place.ids.owners[2])
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    owner.create_role(RoleName="support", Path="/xacct/", AssumeRolePolicyDocument=document(theirs))
    mine: dict[str, Any] = {"accounts": "dev-*", "name": "support"}
    roles = [*parts(office.place.ids)["roles"], mine]
    office.says(roles=roles)

    code, said = office.run("apply", "--yes")

    assert (code, "adopt: true" in said, office.trust("support")) == (1, True, ["Theirs"])
    office.says(roles=[*roles[:-1], mine | {"adopt": True}])
    assert office.run("apply", "--yes")[0] == 0
    assert office.trust("support") == ["XacctSealmain", "Theirs"]
    said = office.run("destroy", "--yes")[1]
    assert office.trust("support") == ["Theirs"]
    assert "setup did not make it" in said


def test_who_is_outside_a_deny_group_for_a_grant_is_not_put_back(office: Office) -> None:
    office.run("apply", "--yes")
    home = office.iam(office.place.ids.home)
    for name in ("alice", "bob"):
        home.remove_user_from_group(GroupName="deny-all", UserName=name)
    lent = {
        "Sid": "XacctU20990101T000000Z",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{office.place.ids.home}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {
            "StringEquals": {
                "aws:userid": home.get_user(UserName="alice")["User"]["UserId"],
                "sts:RoleSessionName": "${aws:username}",
            },
            "DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"},
        },
    }
    owner = office.iam(office.place.ids.owners[0])
    held = owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    owner.update_assume_role_policy(RoleName="admin", PolicyDocument=document(*held, lent))

    _, shown = office.run("plan")

    assert ("+ member bob" in shown, "+ member alice" in shown) == (True, False)


def test_one_account_that_cannot_be_entered_keeps_no_other_from_being_shown(
    office: Office,
) -> None:
    office.iam(office.place.ids.owners[0]).update_assume_role_policy(
        RoleName="OrganizationAccountAccessRole", PolicyDocument=document(ANYTHING_BUT_US)
    )

    code, shown = office.run("plan")

    assert code == 1
    assert "It cannot be read: sts:AssumeRole: AccessDenied" in shown
    assert f"dev-payments ({office.place.ids.owners[2]})" in shown


def test_where_no_account_can_be_entered_it_is_not_said_that_nothing_is_to_change(
    office: Office, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    code, shown = office.run("plan")

    assert code == 1
    assert "there are no keys" in shown
    assert "No change was planned. " in shown
    assert "Nothing to change" not in shown


ANYTHING_BUT_US = {
    "Effect": "Allow",
    "Principal": {"Service": "ec2.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


@pytest.mark.parametrize("words", [("plan", "--mask"), ("plan", "--mask", "--json")])
def test_no_account_id_is_shown_where_they_are_to_be_hidden(
    office: Office, words: tuple[str, ...]
) -> None:
    _, shown = office.run(*words)

    assert [one for one in office.place.ids.all if one in shown] == []
    assert f"{office.place.ids.home[:2]}********{office.place.ids.home[-2:]}" in shown


def test_what_is_rendered_is_written_into_files(office: Office, tmp_path: Path) -> None:
    code, said = office.run("render", "--format", "terraform", "--out", str(tmp_path / "tf"))

    assert code == 0
    assert sorted(said.split()) == sorted(map(str, (tmp_path / "tf").rglob("*.tf")))


@pytest.mark.parametrize(
    ("changed", "words", "sentence"),
    [
        ({"bot": None}, ("plan",), "which identity in AWS xacct runs as"),
        ({}, ("plan", "--account-profile", "nowhere=x"), "no account called nowhere"),
        ({}, ("plan", "--profile", "nobody"), "profile (nobody) could not be found"),
        ({}, ("render", "--format", "terraform", "--stackset"), "Only CloudFormation"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    office: Office, changed: dict[str, Any], words: tuple[str, ...], sentence: str
) -> None:
    office.says(**changed)

    code, said = office.run(*words)

    assert (code, sentence in said) == (1, True), said


def test_without_a_yes_nothing_is_changed(
    office: Office, make_stdin: Callable[[str], None]
) -> None:
    make_stdin("perhaps\n")

    code, said = office.run("apply")

    assert (code, said.endswith("Nothing was changed.\n")) == (1, True)
    assert office.run("plan")[0] == 2


@pytest.mark.parametrize("group", ["deny-all", "allow-prod-search-readonly"])
def test_a_group_that_was_made_and_never_filled_is_filled(office: Office, group: str) -> None:
    """As an apply leaves it that dies between the two: it would deny, or allow, nothing."""
    office.run("apply", "--yes")
    home = office.iam(office.place.ids.home)
    (policy,) = home.list_group_policies(GroupName=group)["PolicyNames"]
    said = home.get_group_policy(GroupName=group, PolicyName=policy)["PolicyDocument"]
    home.delete_group_policy(GroupName=group, PolicyName=policy)

    code, shown = office.run("plan")

    assert (code, group in shown) == (2, True)
    office.run("apply", "--yes")
    held = home.get_group_policy(GroupName=group, PolicyName=policy)
    assert held["PolicyDocument"] == said
