"""Clients of one service come of one: each signs with its own keys and has its own hooks."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sandbox.aws.process import SandboxAws
from tests.sandbox.aws.conftest import NewAccount

AT_ONCE, EACH = 6, 10


def account_of(sts: Any) -> str:
    return str(sts.get_caller_identity()["Account"])


def test_each_client_signs_with_its_own_keys_from_any_thread(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    accounts = [new_account() for _ in range(AT_ONCE)]
    clients = {one: aws.client("sts", aws.root(one)) for one in accounts}

    with ThreadPoolExecutor(AT_ONCE) as threads:
        asked = [(one, threads.submit(account_of, clients[one])) for one in accounts * EACH]

    assert [found.result() for _, found in asked] == [one for one, _ in asked]


def test_pages_are_signed_with_the_keys_of_who_asks(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    mine, theirs = (aws.client("iam", aws.root(new_account())) for _ in range(2))
    for number in range(5):
        mine.create_user(UserName=f"of-mine-{number}")
    theirs.create_user(UserName="of-theirs")

    pages = mine.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 2})
    names = []
    for page in pages:
        assert theirs.list_users()["Users"]
        names += [one["UserName"] for one in page["Users"]]

    assert names == [f"of-mine-{number}" for number in range(5)]


def test_a_hook_of_one_client_is_called_by_no_other(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    first, second = (aws.client("iam", aws.root(new_account())) for _ in range(2))
    called: list[str] = []
    first.meta.events.register("before-call.iam", lambda model, **_: called.append(model.name))

    second.list_users()
    assert not called
    first.list_users()
    assert called == ["ListUsers"]
