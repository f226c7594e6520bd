"""Accounts are read beside each other, and what one of them refuses keeps nothing else away."""

from typing import Any

import pytest

from sandbox.aws.process import Keys, SandboxAws
from tests.workflows.setup.deploying import SOMEBODY_ELSES, allow, an_id, document
from workflows.aws.admin import Admin
from workflows.aws.organizations import Organization
from workflows.catalog.model import Account
from workflows.errors import Trouble
from workflows.intake.found import FoundRole
from workflows.intake.read import readings


@pytest.fixture
def account(aws: SandboxAws) -> Account:
    """With an alias and two roles, and a user called reader."""
    found = Account(an_id(), "shop", (), "aws", "", None)
    iam = aws.client("iam", aws.root(found.id))
    iam.create_account_alias(AccountAlias="the-shop")
    for name, path in (("ops", "/lent/"), ("plain", "/")):
        tags = [{"Key": "lend", "Value": name}]
        iam.create_role(
            RoleName=name, Path=path, AssumeRolePolicyDocument=SOMEBODY_ELSES, Tags=tags
        )
    iam.create_user(UserName="reader")
    return found


def reader(aws: SandboxAws, account: Account, *actions: str) -> Admin:
    """IAM of the account with the keys of who may do this alone."""
    iam = aws.client("iam", aws.root(account.id))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    policy = document(*(allow(one) for one in actions))
    iam.put_user_policy(UserName="reader", PolicyName="may", PolicyDocument=policy)
    return Admin(aws.client("iam", Keys(key["AccessKeyId"], key["SecretAccessKey"])))


def test_an_alias_and_roles_are_read_with_their_tags_if_they_are_wanted(
    aws: SandboxAws, account: Account
) -> None:
    may = ("iam:ListAccountAliases", "iam:GetAccountAuthorizationDetails")
    admin = reader(aws, account, *may)

    (found,) = readings([account], lambda _: admin, with_roles=True)
    (short,) = readings([account], lambda _: admin, with_roles=False)

    assert (found.aliases, found.troubles) == (("the-shop",), ())
    assert sorted(found.roles, key=lambda one: one.name) == [
        FoundRole("ops", "/lent/", {"lend": "ops"}),
        FoundRole("plain", "/", {"lend": "plain"}),
    ]
    assert short.roles == ()


def test_what_is_refused_keeps_nothing_else_from_being_read(
    aws: SandboxAws, account: Account
) -> None:
    admin = reader(aws, account, "iam:GetAccountAuthorizationDetails")
    shut = Account(an_id(), "shut", (), "aws", "", None)
    said: list[None] = []

    def enter(one: Account) -> Admin:
        if one is shut:
            raise Trouble("sts:AssumeRole", "AccessDenied", "no")
        return admin

    first, second = readings(
        [shut, account], enter, with_roles=True, said=lambda: said.append(None)
    )

    assert (first.account, first.troubles) == (shut, ("sts:AssumeRole: AccessDenied: no",))
    assert [one.partition(": User")[0] for one in second.troubles] == [
        "iam:ListAccountAliases: AccessDenied"
    ]
    assert len(second.roles) == 2
    assert len(said) == 2


def test_accounts_are_active_by_their_state_and_where_aws_tells_none_by_their_status(
    aws: SandboxAws,
) -> None:
    home = an_id()
    told: list[dict[str, Any]] = [
        {"State": "ACTIVE", "Status": "SUSPENDED"},
        {"State": "PENDING_ACTIVATION"},
        {"State": "CLOSED", "Status": "ACTIVE"},
        {"Status": "ACTIVE"},
        {"Status": "PENDING_CLOSURE"},
        *[{"State": "ACTIVE"}] * 20,
    ]
    aws.organization(home, [{"Id": an_id(), "Name": "x", **one} for one in told])

    found = Organization(aws.client("organizations", aws.root(home))).accounts()

    assert [one.is_active for one in found] == [True, False, False, True, False, *[True] * 20]
    assert {one.partition for one in found} == {"aws"}
