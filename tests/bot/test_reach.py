"""`xacct audit-access` in the terminal: who could enter without a grant, table and JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.process import SandboxAws
from tests.bot.administrator import Office, at_work
from tests.workflows.setup.deploying import allow, document


@pytest.fixture
def office(aws: SandboxAws, tmp_path: Path) -> Iterator[Office]:
    with at_work(aws, tmp_path) as office, pytest.MonkeyPatch.context() as environment:
        environment.setenv("COLUMNS", "240")
        office.run("apply", "--yes")
        # who sets up may do anything; here he is kept out of the lent roles, as everybody is
        home = office.iam(office.place.ids.home)
        home.add_user_to_group(GroupName="deny-all", UserName="platform")
        yield office


def shut(office: Office, owner: int) -> None:
    """Nobody of the grantee account comes into this owner account any more."""
    others = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    office.iam(office.place.ids.owners[owner]).update_assume_role_policy(
        RoleName="OrganizationAccountAccessRole", PolicyDocument=document(others)
    )


def opened(office: Office) -> str:
    """Somebody may ask for every role, and one of them trusts him; who."""
    home, owner = office.iam(office.place.ids.home), office.iam(office.place.ids.owners[0])
    arn: str = home.create_user(UserName="mallory")["User"]["Arn"]
    home.put_user_policy(UserName="mallory", PolicyName="all", PolicyDocument=document(allow("*")))
    held = owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]["Statement"]
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": arn},
        "Action": "sts:AssumeRole",
    }
    owner.update_assume_role_policy(RoleName="admin", PolicyDocument=document(*held, theirs))
    return arn


def reaches(office: Office) -> tuple[int, list[dict[str, Any]]]:
    code, said = office.types("audit-access", "--json")
    found: list[dict[str, Any]] = json.loads(said)["reaches"]
    return code, found


def test_where_all_is_as_setup_made_it_nobody_is_found_and_who_always_enters_is_shown(
    office: Office,
) -> None:
    code, said = office.types("audit-access")

    assert code == 0, said
    assert "Ways into a role without a grant: 0." in said
    (bob,) = (line for line in said.splitlines() if "bob" in line and "prod-search/deploy" in line)
    assert "can enter today" in bob
    assert "standing, by the catalog" in bob


def test_who_can_enter_is_found_and_who_only_the_trust_policy_keeps_out_is_told(
    office: Office,
) -> None:
    arn = opened(office)

    code, found = reaches(office)
    again, said = office.types("audit-access")

    assert (code, again) == (2, 2)
    assert found[0] == {
        "principal": arn,
        "role": "prod-payments/admin",
        "stand": "enters",
        "by": None,
        "until": None,
        "statement": "Theirs",
        "unknown": [],
        "finding": True,
    }
    stands = {one["role"]: one["stand"] for one in found if one["principal"] == arn}
    assert stands["prod-search/admin"] == "trust_alone"
    assert "through the statement Theirs" in said
    assert "Ways into a role without a grant: 1." in said


def test_what_was_not_read_is_said_and_who_was_found_is_not_forgotten(office: Office) -> None:
    shut(office, 1)

    first, said = office.types("audit-access")
    opened(office)
    second, more = office.types("audit-access")

    assert (first, second) == (1, 2)
    for shown in (said, more):
        assert "Not read: prod-search: sts:AssumeRole: AccessDenied" in shown
        assert "Not all was read: there may be more." in shown


def test_a_role_that_is_not_there_is_said_and_no_account_id_is_shown_where_they_are_hidden(
    office: Office,
) -> None:
    opened(office)
    office.says(roles=[{"accounts": "prod-payments", "name": "gone"}], standing=[])
    _, gone = office.types("audit-access", "--mask")
    office.says()
    _, table = office.types("audit-access", "--mask")
    _, plain = office.types("audit-access", "--mask", "--json")

    assert "prod-payments/gone is not there: nobody enters it." in gone
    assert "mallory" in table
    assert "mallory" in plain
    assert [one for one in office.place.ids.all if one in gone + table + plain] == []


def test_what_is_wrong_with_the_way_in_is_said_in_a_sentence(office: Office) -> None:
    code, said = office.types("audit-access", "--account-profile", "nowhere=x")
    missing, too = office.types("audit-access", "--profile", "nobody")

    assert (code, missing) == (1, 1)
    assert "no account called nowhere" in said
    assert "profile (nobody) could not be found" in too
