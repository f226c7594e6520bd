"""The process: loopback only, refuses to start when it does not enforce, stops when told to."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from sandbox.aws.process import Keys, SandboxAws, StartError
from sandbox.clock import SharedClock
from tests.sandbox.aws.conftest import NewAccount

HOUSE = Path(__file__).parents[3]
Serve = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server by its command line, or a module that starts one; ends it with the test."""
    started: list[subprocess.Popen[str]] = []

    def run(*more: str, module: str = "sandbox.aws") -> subprocess.Popen[str]:
        arguments = ("--port", "0", "--clock", str(tmp_path / "clock"), "--root-secret", "s", *more)
        process = subprocess.Popen(
            (sys.executable, "-m", module, *arguments),
            cwd=HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe
            pipe.close()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def test_one_line_tells_the_endpoint_and_sigterm_stops_it_cleanly(serve: Serve) -> None:
    process = serve()
    assert _line(process).startswith("AWS listens on http://127.0.0.1:")
    process.send_signal(signal.SIGTERM)
    rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_an_attached_server_stops_when_its_owner_is_gone(serve: Serve) -> None:
    process = serve("--attached")
    _line(process)
    assert process.stdin
    process.stdin.close()
    assert process.wait(10) == 0


def test_a_server_that_lets_in_whom_it_must_not_does_not_start(serve: Serve) -> None:
    process = serve(module="tests.sandbox.aws.lets_everyone_in")
    said, errors = process.communicate(timeout=30)
    assert (process.returncode, said) == (3, "")
    assert "a trust that has lapsed lets in" in errors
    assert "a denied group member is let in" in errors


def test_a_server_that_refuses_who_may_come_in_does_not_start(serve: Serve) -> None:
    process = serve(module="tests.sandbox.aws.lets_nobody_in")
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert errors.endswith("does not start: who may come in is refused.\n")


def test_a_port_that_is_taken_is_told(clock: SharedClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match="Address already in use"):
            SandboxAws.start(clock, port=port)


def test_only_one_loopback_address_is_listened_on(aws: SandboxAws) -> None:
    port = int(aws.endpoint.rsplit(":", 1)[1])
    for address in ("127.0.0.2", "::1"):
        with pytest.raises(OSError, match=r"refused|timed out|assign"):
            socket.create_connection((address, port), 2)


def test_the_control_api_needs_the_root_secret(aws: SandboxAws) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(f"{aws.endpoint}/_sandbox/calls", b"{}", timeout=10)
    refused.value.close()


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/health", "/health"])
def test_the_emulators_own_doors_are_shut(aws: SandboxAws, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(f"{aws.endpoint}{path}", b"", timeout=10)
    refused.value.close()


def test_other_services_are_not_served(aws: SandboxAws, new_account: NewAccount) -> None:
    functions = aws.client("lambda", aws.root(new_account()))
    with pytest.raises(ClientError):
        functions.list_functions()


def test_every_call_is_counted_with_who_made_it(aws: SandboxAws, new_account: NewAccount) -> None:
    account = new_account()
    iam = aws.client("iam", aws.root(account))
    aws.forget_calls()
    iam.create_user(UserName="alice")
    with pytest.raises(ClientError):
        iam.get_role(RoleName="no")
    with pytest.raises(ClientError):
        aws.client("sts", Keys("AKIAABCDEFGHIJKLMNOP", "x")).get_caller_identity()
    calls = [call for call in aws.calls() if call.account_id == account]
    root = f"arn:aws:iam::{account}:root"
    assert [(call.caller, call.action, call.status) for call in calls] == [
        (root, "iam:CreateUser", 200),
        (root, "iam:GetRole", 404),
    ]
    assert aws.calls()[-1].caller == "AKIAABCDEFGHIJKLMNOP"
    aws.forget_calls()
    assert aws.calls() == []


def test_a_latency_holds_every_call_up(aws: SandboxAws, new_account: NewAccount) -> None:
    iam = aws.client("iam", aws.root(new_account()))
    aws.slow(0.3)
    try:
        started = time.monotonic()
        iam.list_users()
        assert time.monotonic() - started >= 0.3
    finally:
        aws.slow(0)


def test_an_unknown_quota_is_refused(aws: SandboxAws, new_account: NewAccount) -> None:
    with pytest.raises(urllib.error.HTTPError, match="400") as refused:
        aws.set_quota(new_account(), "NoSuchQuota", 1)
    refused.value.close()


def test_signatures_stay_on_real_time_while_the_clock_moves(
    aws: SandboxAws, clock: SharedClock, new_account: NewAccount
) -> None:
    iam = aws.client("iam", aws.root(new_account()))
    clock.move(timedelta(days=3))
    answer = iam.create_user(UserName="alice")
    date = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
    assert date - datetime.now(UTC) > timedelta(days=2)
    assert abs(answer["User"]["CreateDate"] - clock.now()) < timedelta(seconds=10)


def test_a_session_carries_its_keys(aws: SandboxAws, new_account: NewAccount) -> None:
    account = new_account()
    session = aws.session(aws.root(account))
    sts = session.client("sts", endpoint_url=aws.endpoint)
    assert sts.get_caller_identity()["Account"] == account
    assert session.region_name == "us-east-1"
    assert "secret" not in json.dumps(repr(aws.root(account)))
