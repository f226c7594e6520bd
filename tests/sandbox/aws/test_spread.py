"""A spread: writes are seen late, in any order, and once it has passed everywhere."""

import json
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws
from sandbox.aws.spread import Spread
from sandbox.clock import SharedClock
from tests.sandbox.aws.conftest import NewAccount

SECONDS = 0.6


@pytest.fixture
def spread(aws: SandboxAws) -> Iterator[Callable[[], None]]:
    """Switches the worker's sandbox to a spread; off again with the test."""
    yield lambda: aws.spread(SECONDS)
    aws.spread(0)


def _trust(principal: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _until(holds: Callable[[], bool], seconds: float) -> float:
    """Waits until it holds; the seconds it took."""
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
    return time.monotonic() - started


def _assume(aws: SandboxAws, keys: Keys, role_arn: str) -> Callable[[], bool]:
    sts = aws.client("sts", keys)

    def let_in() -> bool:
        try:
            sts.assume_role(RoleArn=role_arn, RoleSessionName="sess")
        except ClientError:
            return False
        return True

    return let_in


def _closed_role(aws: SandboxAws, account: str) -> tuple[Any, Keys, str]:
    iam = aws.client("iam", aws.root(account))
    user = iam.create_user(UserName="alice")["User"]
    key = iam.create_access_key(UserName="alice")["AccessKey"]
    role = iam.create_role(
        RoleName="admin", AssumeRolePolicyDocument=_trust(f"arn:aws:iam::{account}:root")
    )["Role"]
    assert user["Arn"].endswith("alice")
    return iam, Keys(key["AccessKeyId"], key["SecretAccessKey"]), role["Arn"]


def test_reads_show_a_write_late_and_may_go_back(
    aws: SandboxAws, spread: Callable[[], None], new_account: NewAccount
) -> None:
    iam, _, _ = _closed_role(aws, new_account())
    spread()

    def description() -> str:
        return str(iam.get_role(RoleName="admin")["Role"].get("Description", ""))

    went_back = False
    for number in range(20):
        wanted, seen = f"number {number}", [description()]
        iam.update_role(RoleName="admin", Description=wanted)
        last = time.monotonic() + SECONDS
        while time.monotonic() < last:
            seen.append(description())
        assert {description() for _ in range(10)} == {wanted}
        changes = sum(earlier != later for earlier, later in pairwise(seen))
        went_back = went_back or changes > 1
        if went_back:
            break
    assert went_back


def test_enforcement_sees_a_write_late(
    aws: SandboxAws, spread: Callable[[], None], new_account: NewAccount
) -> None:
    account = new_account()
    iam, keys, role_arn = _closed_role(aws, account)
    let_in = _assume(aws, keys, role_arn)
    assert not let_in()
    spread()
    took = []
    for number in range(4):
        opens = number % 2 == 0
        who = f"arn:aws:iam::{account}:user/alice" if opens else f"arn:aws:iam::{account}:root"
        iam.update_assume_role_policy(RoleName="admin", PolicyDocument=_trust(who))
        took.append(_until(lambda opens=opens: let_in() is opens, SECONDS + 1))  # type: ignore[misc]
    assert max(took) > 0.02


def test_writes_act_on_the_newest_state(
    aws: SandboxAws, spread: Callable[[], None], new_account: NewAccount
) -> None:
    iam, _, _ = _closed_role(aws, new_account())
    spread()
    iam.create_group(GroupName="one")
    iam.add_user_to_group(GroupName="one", UserName="alice")
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam.create_group(GroupName="one")
    with pytest.raises(ClientError, match="DeleteConflict"):
        iam.delete_group(GroupName="one")


def test_switched_off_writes_are_seen_at_once(aws: SandboxAws, new_account: NewAccount) -> None:
    iam, _, _ = _closed_role(aws, new_account())
    aws.spread(60)
    iam.update_role(RoleName="admin", Description="new")
    aws.spread(0)
    assert iam.get_role(RoleName="admin")["Role"]["Description"] == "new"


def test_a_sandbox_can_be_started_spread(clock: SharedClock, new_account: NewAccount) -> None:
    with SandboxAws.start(clock, spread=60) as aws:
        iam = aws.client("iam", aws.root(new_account()))
        iam.create_user(UserName="alice")
        with pytest.raises(ClientError, match="NoSuchEntity"):
            iam.get_user(UserName="alice")


def test_the_same_seed_spreads_alike() -> None:
    def due(seed: int) -> list[float]:
        spread = Spread(seed)
        spread.keep("_roles", {"a": 1})
        spread.over(10)
        spread.records("_roles")["b"] = 2
        spread.written()
        return [write.due for replica in spread._replicas for write in replica.coming]

    def gaps(moments: list[float]) -> list[float]:
        return [round(moment - moments[0], 2) for moment in moments]

    assert gaps(due(1)) == gaps(due(1)) != gaps(due(2))


def test_an_overtaken_write_never_comes_back() -> None:
    spread = Spread()
    spread.keep("_roles", {})
    spread.over(10)
    for value in (1, 2):
        spread.records("_roles")["a"] = value
        spread.written()
    for replica in spread._replicas:
        for write in sorted(replica.coming, key=lambda each: -each.number):
            replica.catch_up(write.due)
        replica.catch_up(time.monotonic() + 20)
        assert replica.stores["_roles"] == {"a": 2}
