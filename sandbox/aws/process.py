"""The sandbox AWS as a process of its own, and what tests and the demo do with it."""

import json
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Self

import boto3

from sandbox.aws.calls import Call, call_from_json
from sandbox.aws.clients import Clients, Keys
from sandbox.aws.partition import PARTITIONS, Partition
from sandbox.aws.totp import code, step_of
from sandbox.clock import SharedClock

__all__ = ["Call", "Keys", "SandboxAws", "StartError"]

_HOUSE = Path(__file__).parents[2]
_ENDPOINT = re.compile(r"http://127\.0\.0\.1:\d+")
_STARTING = 60  # seconds until a process that says nothing is killed
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # whatever is configured
_STOPPING = 10  # seconds until a process that does not stop is killed


class StartError(RuntimeError):
    """The server did not start; the text is what it said."""


class SandboxAws:
    """Owns the server process: a context manager that stops it."""

    def __init__(
        self,
        process: subprocess.Popen[str],
        endpoint: str,
        secret: str,
        clock: SharedClock,
        partition: Partition,
    ) -> None:
        self._process = process
        self._secret = secret
        self._clock = clock
        self._clients = Clients(endpoint, partition.region)
        self.endpoint = endpoint
        self.partition = partition

    @classmethod
    def start(
        cls, clock: SharedClock, *, port: int = 0, spread: float = 0.0, partition: str = "aws"
    ) -> Self:
        """Starts a server that shares `clock`, and waits until its self-test has passed.

        All of it is in one partition: aws, aws-cn or aws-us-gov.
        Raises `StartError` with the server's own words when it refuses to start.
        """
        secret = secrets.token_hex(24)
        arguments = ("--port", str(port), "--clock", str(clock.path), "--root-secret", secret)
        home = ("--partition", partition)
        attached = (sys.executable, "-m", "sandbox.aws", "--attached", *home, *arguments)
        with tempfile.TemporaryFile("w+") as said:
            process = subprocess.Popen(  # noqa: S603  our own module
                attached,
                cwd=_HOUSE,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )
            found = _ENDPOINT.search(_first_line(process))
            if found is None:
                process.wait(_STOPPING)
                _close(process)
                said.seek(0)
                raise StartError(said.read().strip() or "The sandbox AWS ended without a word.")
        aws = cls(process, found.group(), secret, clock, PARTITIONS[partition])
        if spread:
            aws.spread(spread)
        return aws

    def root(self, account_id: str) -> Keys:
        """The root keys of any account; every 12-digit id is one."""
        return Keys(account_id, self._secret)

    def session(self, keys: Keys) -> boto3.Session:
        """A boto3 session; its clients still need `endpoint_url=aws.endpoint`."""
        return self._clients.session(keys)

    def client(self, service: str, keys: Keys) -> Any:
        """A boto3 client of one of the services that are served: no retries, short timeouts."""
        return self._clients.client(service, keys)

    def mfa(self, account_id: str, user_name: str) -> tuple[str, Callable[[], str]]:
        """Gives a user a virtual MFA device; its serial number, and what tells the code of now.

        As on AWS a code counts once: for a second one the clock must go on by thirty seconds.
        """
        iam = self.client("iam", self.root(account_id))
        name = f"{user_name}-{secrets.token_hex(4)}"
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
        serial, seed = made["SerialNumber"], made["Base32StringSeed"].decode()

        def told(ago: int = 0) -> str:
            return code(seed, step_of(self._clock.time()) - ago)

        iam.enable_mfa_device(
            UserName=user_name,
            SerialNumber=serial,
            AuthenticationCode1=told(2),
            AuthenticationCode2=told(1),
        )
        return serial, told

    def keep(self, *accounts: str) -> int:
        """Remembers what accounts hold now: users, roles, groups, policies, keys, buckets.

        Returns the number to `copy` it by.
        """
        return int(self._control("keep", accounts=accounts))

    def copy(self, kept: int, accounts: Mapping[str, str]) -> dict[str, Keys]:
        """Fills new accounts with what was kept, each named by the one that it is to be like.

        Unique ids and access keys are new; returns the keys by the ids of those they stand for.
        """
        made = self._control("copy", kept=kept, accounts=dict(accounts))
        return {old: Keys(*new) for old, new in made.items()}

    def empty(self, *accounts: str) -> None:
        """Takes away all that accounts hold."""
        self._control("empty", accounts=accounts)

    def calls(self) -> list[Call]:
        """Every call since the start or the last `forget_calls`, oldest first."""
        return [call_from_json(value) for value in self._control("calls")]

    def forget_calls(self) -> None:
        """Starts the log of calls anew."""
        self._control("forget-calls")

    def slow(self, seconds: float) -> None:
        """Puts a latency (real time) into every call of an AWS API; 0 takes it away."""
        self._control("slow", seconds=seconds)

    def spread(self, seconds: float) -> None:
        """Lets writes reach reads and enforcement after up to `seconds` (real time); 0: at once."""
        self._control("spread", seconds=seconds)

    def throttle(self, account_id: str | None, calls_per_second: float, burst: int = 1) -> None:
        """Limits an account's calls of IAM and STS (real time); None: each account's own calls.

        Whoever calls counts, the account's root too. Over the limit they answer `Throttling`, and
        change nothing. 0 calls a second takes the limit away.
        """
        limit = {"calls_per_second": calls_per_second, "burst": burst}
        self._control("throttle", account_id=account_id, **limit)

    def delay_events(self, seconds: float) -> None:
        """Lets CloudTrail tell an event only that many seconds (of the clock) later; 0: at once."""
        self._control("delay-events", seconds=seconds)

    def set_quota(self, account_id: str, name: str, value: int) -> None:
        """Sets a quota by its name in `GetAccountSummary`, such as AssumeRolePolicySizeQuota."""
        self._control("quota", account_id=account_id, name=name, value=value)

    def organization(
        self,
        management: str,
        accounts: Sequence[Mapping[str, Any]],
        delegated: Sequence[str] = (),
    ) -> None:
        """Makes the organization of a management account: `accounts` as `ListAccounts` is to tell
        them, of which `Id` and `Name` are needed; `delegated` accounts may list them, too.
        """
        told = {"accounts": list(accounts), "delegated": list(delegated)}
        self._control("organization", management=management, **told)

    def stop(self) -> None:
        """Stops the server; twice is as good as once."""
        self._process.terminate()
        try:
            self._process.wait(_STOPPING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _close(self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _control(self, what: str, **value: Any) -> Any:
        request = urllib.request.Request(  # noqa: S310  loopback
            f"{self.endpoint}/_sandbox/{what}",
            data=json.dumps(value).encode(),
            headers={"x-sandbox-secret": self._secret},
        )
        with _DIRECT.open(request, timeout=10) as answer:
            return json.load(answer)


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    late = threading.Timer(_STARTING, process.kill)
    late.start()
    try:
        return process.stdout.readline()
    finally:
        late.cancel()


def _close(process: subprocess.Popen[str]) -> None:
    pipes: tuple[IO[str] | None, ...] = (process.stdin, process.stdout)
    for pipe in pipes:
        if pipe:
            pipe.close()
