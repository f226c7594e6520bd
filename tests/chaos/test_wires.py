"""Kills and false answers happen at the place that was named, and nowhere else."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from sandbox.aws.process import SandboxAws
from tests.chaos.referee import Bot, Order, Referee
from tests.chaos.runs import Place, What, When
from tests.chaos.wires import Wires

ACCOUNT = "606060606060"
CREATES = """
import sys, boto3
boto3.client("iam", endpoint_url=sys.argv[1]).create_user(UserName=sys.argv[2])
"""


@pytest.fixture
def wires(aws: SandboxAws, tmp_path: Path) -> Iterator[Wires]:
    with Wires(aws.endpoint, tmp_path / "referee") as wires:
        yield wires


def environment(aws: SandboxAws) -> dict[str, str]:
    keys = aws.root(ACCOUNT)
    return {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


def process(aws: SandboxAws, wires: Wires, bot: Bot, name: str) -> "subprocess.Popen[bytes]":
    """One that creates a user of that name, through the bot's wire."""
    command = (sys.executable, "-c", CREATES, wires.lay(bot), name)
    return subprocess.Popen(command, env=environment(aws))


def caller(aws: SandboxAws, endpoint: str) -> Any:
    keys = aws.root(ACCOUNT)
    return boto3.client(
        "iam",
        region_name="us-east-1",
        endpoint_url=endpoint,
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key,
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


def users(aws: SandboxAws) -> set[str]:
    found = aws.client("iam", aws.root(ACCOUNT)).list_users()["Users"]
    return {one["UserName"] for one in found}


def order(bot: Bot, what: What, when: When, number: int = 1) -> Order:
    return Order(bot, what, Place(when, "iam:CreateUser", number))


def test_a_call_passes_as_it_is_and_is_counted(aws: SandboxAws, wires: Wires) -> None:
    bot = Bot()
    iam = caller(aws, wires.lay(bot))

    iam.create_user(UserName="passed")
    iam.get_user(UserName="passed")
    iam.get_user(UserName="passed")

    assert "passed" in users(aws)
    assert bot.passed == {"iam:CreateUser": 1, "iam:GetUser": 2}


@pytest.mark.parametrize(
    ("what", "error", "done"),
    [
        (What.THROTTLING, ClientError, False),
        (What.FAILURE, ClientError, False),
        (What.DENIED, ClientError, False),
        (What.LIMIT, ClientError, False),
        (What.RESET, BotoCoreError, False),
        (What.LOST, BotoCoreError, True),
        (What.TRUNCATED, ResponseParserError, True),
    ],
)
def test_an_answer_is_given_once_and_is_true_or_false_as_it_must_be(
    aws: SandboxAws, wires: Wires, what: What, error: type[Exception], *, done: bool
) -> None:
    bot, name = Bot(), f"answered-{what}"
    iam = caller(aws, wires.lay(bot))
    wires.referee.arm(order(bot, what, When.INSTEAD, 2))
    iam.create_user(UserName=f"{name}-before")

    with pytest.raises(error) as raised:
        iam.create_user(UserName=name)

    assert (name in users(aws)) is done
    assert wires.referee.reached.is_set()
    if isinstance(raised.value, ClientError):
        assert raised.value.response["Error"]["Code"] == what
    iam.create_user(UserName=f"{name}-after")


@pytest.mark.parametrize(("when", "done"), [(When.BEFORE, False), (When.AFTER, True)])
def test_a_kill_is_before_the_call_reaches_aws_or_after_it_was_done(
    aws: SandboxAws, wires: Wires, when: When, *, done: bool
) -> None:
    bot, name = Bot(), f"killed-{when}"
    wires.referee.arm(order(bot, What.KILL, when))
    creating = process(aws, wires, bot, name)
    wires.know(bot, creating.pid)

    assert creating.wait(timeout=60) == -signal.SIGKILL
    assert (name in users(aws)) is done


@pytest.mark.parametrize("when", [When.BEFORE, When.AFTER])
def test_a_frozen_process_does_nothing_until_it_is_woken(
    aws: SandboxAws, wires: Wires, when: When
) -> None:
    bot, name = Bot(), f"frozen-{when}"
    wires.referee.arm(order(bot, What.FREEZE, when))
    creating = process(aws, wires, bot, name)
    wires.know(bot, creating.pid)

    assert wires.referee.reached.wait(timeout=60)
    assert (name in users(aws)) is (when is When.AFTER)
    assert creating.poll() is None
    wires.wake(bot)

    assert creating.wait(timeout=60) == 0
    assert name in users(aws)


def test_a_freeze_that_has_begun_is_waited_for() -> None:
    referee, place = Referee(), Place(When.AFTER, "commit:here", 1)

    async def freezes(bot: Bot) -> bool:
        stopping = asyncio.create_task(referee.may_pass(bot, place))
        await asyncio.sleep(0)  # it was told to stop, and goes on until it rests
        assert not bot.frozen
        happened = await asyncio.to_thread(referee.disarm)
        assert bot.frozen
        referee.wake(bot)
        await stopping
        return happened

    with subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE) as process:
        bot = Bot(pid=process.pid)
        referee.arm(Order(bot, What.FREEZE, place))
        assert asyncio.run(freezes(bot))
        process.communicate(b"\n")

    referee.arm(Order(bot, What.FREEZE, place))
    assert not referee.disarm()
    asyncio.run(referee.may_pass(bot, place))  # there is nobody any more who could be stopped
