"""A rate limit: what is over it is refused as IAM refuses it, and is not done."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.errors import AwsError
from sandbox.aws.process import Keys, SandboxAws
from sandbox.aws.throttle import Throttle
from tests.sandbox.aws.conftest import NewAccount

HARDLY = 0.001  # calls a second


@pytest.fixture
def limited(aws: SandboxAws, new_account: NewAccount) -> Iterator[str]:
    """An account that may make three calls; lifted again with the test."""
    account = new_account()
    aws.throttle(account, HARDLY, 3)
    yield account
    aws.throttle(account, 0)


def _names(iam: Any) -> list[str]:
    return [user["UserName"] for user in iam.list_users()["Users"]]


def test_a_call_over_the_limit_is_throttling_and_is_not_done(aws: SandboxAws, limited: str) -> None:
    iam = aws.client("iam", aws.root(limited))
    for name in ("one", "two", "three"):
        iam.create_user(UserName=name)
    with pytest.raises(ClientError, match="Rate exceeded") as refused:
        iam.create_user(UserName="four")
    assert refused.value.response["Error"]["Code"] == "Throttling"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    aws.throttle(limited, 0)
    assert _names(iam) == ["one", "two", "three"]


def test_sts_is_limited_with_iam_and_other_accounts_are_not(
    aws: SandboxAws, limited: str, new_account: NewAccount
) -> None:
    sts = aws.client("sts", aws.root(limited))
    for _ in range(3):
        sts.get_caller_identity()
    with pytest.raises(ClientError, match="Throttling"):
        sts.get_caller_identity()
    assert _names(aws.client("iam", aws.root(new_account()))) == []


def test_forged_calls_do_not_count(aws: SandboxAws, limited: str) -> None:
    forged = aws.client("iam", Keys(limited, "wrong"))
    for _ in range(4):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            forged.list_users()
    aws.client("iam", aws.root(limited)).list_users()


def test_throttled_calls_are_in_the_log_of_calls(aws: SandboxAws, limited: str) -> None:
    aws.forget_calls()
    iam = aws.client("iam", aws.root(limited))
    for _ in range(3):
        iam.list_users()
    with pytest.raises(ClientError, match="Throttling"):
        iam.list_users()
    told = [call.status for call in aws.calls() if call.account_id == limited]
    assert told == [200, 200, 200, 400]


def test_one_limit_for_all_counts_each_account_by_itself(
    aws: SandboxAws, new_account: NewAccount
) -> None:
    accounts = [new_account(), new_account()]
    aws.throttle(None, HARDLY, 1)
    try:
        for account in accounts:
            iam = aws.client("iam", aws.root(account))
            iam.list_users()
            with pytest.raises(ClientError, match="Throttling"):
                iam.list_users()
    finally:
        aws.throttle(None, 0)


def test_the_limit_gives_way_with_time(aws: SandboxAws, new_account: NewAccount) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    aws.throttle(account, 5, 1)
    iam.list_users()
    last = time.monotonic() + 10
    while True:
        try:
            assert _names(iam) == []
            break
        except ClientError:
            assert time.monotonic() < last
    aws.throttle(account, 0)


def _done(throttle: Throttle, times: int) -> int:
    done = 0
    for _ in range(times):
        with contextlib.suppress(AwsError):
            throttle.take("111122223333")
            done += 1
    return done


def test_as_many_calls_are_let_in_as_the_rate_says() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    throttle.limit("111122223333", 10, 5)
    done = 0
    for _ in range(1000):
        now += 0.01
        done += _done(throttle, 1)
    assert done in range(100, 106)  # ten seconds at ten a second, and the burst


def test_time_without_calls_is_not_saved_up() -> None:
    now = 0.0
    throttle = Throttle(lambda: now)
    throttle.limit("111122223333", 10, 5)
    _done(throttle, 1)
    now = 3600.0
    assert _done(throttle, 100) == 5


@pytest.mark.parametrize(("rate", "burst"), [(-1, 1), (1, 0)])
def test_a_limit_that_lets_nobody_in_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match=str(burst)):
        Throttle().limit(None, rate, burst)
