"""Organizations: who may list accounts, and how they are told."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from tests.sandbox.aws.conftest import NewAccount
from tests.workflows.setup.deploying import allow, document


@pytest.fixture
def accounts(aws: SandboxAws, new_account: NewAccount) -> list[str]:
    """Of one organization: its management account, a delegated administrator, and many more."""
    found = [new_account() for _ in range(45)]
    told = [{"Id": one, "Name": f"account {number}"} for number, one in enumerate(found)]
    aws.organization(found[0], told, [found[1]])
    return found


def code(of: Any) -> str:
    with pytest.raises(ClientError) as error:
        of.list_accounts()
    return str(error.value.response["Error"]["Code"])


def test_all_accounts_are_told_in_pages_of_twenty(aws: SandboxAws, accounts: list[str]) -> None:
    for keys in (aws.root(accounts[0]), aws.root(accounts[1])):
        client = aws.client("organizations", keys)
        pages = list(client.get_paginator("list_accounts").paginate())

        assert [len(page["Accounts"]) for page in pages] == [20, 20, 5]
        assert [one["Id"] for page in pages for one in page["Accounts"]] == accounts


def test_a_member_and_who_is_in_no_organization_are_refused(
    aws: SandboxAws, accounts: list[str], new_account: NewAccount
) -> None:
    member = aws.client("organizations", aws.root(accounts[2]))
    nobody = aws.client("organizations", aws.root(new_account()))

    assert code(member) == "AccessDeniedException"
    assert code(nobody) == "AWSOrganizationsNotInUseException"


def test_who_has_no_right_to_list_is_refused_until_a_policy_allows_it(
    aws: SandboxAws, accounts: list[str]
) -> None:
    iam = aws.client("iam", aws.root(accounts[0]))
    iam.create_user(UserName="carol")
    key = iam.create_access_key(UserName="carol")["AccessKey"]
    carol = aws.client("organizations", Keys(key["AccessKeyId"], key["SecretAccessKey"]))

    assert code(carol) == "AccessDeniedException"
    iam.put_user_policy(
        UserName="carol",
        PolicyName="list",
        PolicyDocument=document(allow("organizations:ListAccounts")),
    )
    assert carol.list_accounts(MaxResults=3)["Accounts"][0]["Id"] == accounts[0]


def test_an_alias_of_an_account_is_told_and_no_other_accounts(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    one, other = (aws.client("iam", aws.root(new_account())) for _ in range(2))
    one.create_account_alias(AccountAlias="payments-prod")

    assert one.list_account_aliases()["AccountAliases"] == ["payments-prod"]
    assert other.list_account_aliases()["AccountAliases"] == []
