"""The sandbox and AWS itself, as places a world can be in."""

import secrets
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.aws.clients import Keys
from sandbox.aws.partition import AWS, PARTITIONS, Partition
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.conformance.checks import Need
from tests.conformance.world import Account, World, real_now

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Sandbox:
    """The sandbox: everything can be asked, and what is written is there at once."""

    aws: SandboxAws
    clock: SharedClock
    patience: float = 0.0
    settling: float = 0.0
    telling: float = 0.0

    def client(self, service: str, keys: Keys) -> Any:
        return self.aws.client(service, keys)

    def root_keys(self, account_id: str) -> Keys:
        return self.aws.root(account_id)

    def now(self) -> datetime:
        return self.clock.now()

    def pause(self, seconds: float) -> None:
        """Nothing to wait for here."""

    def let_pass(self, seconds: float) -> None:
        self.clock.move(timedelta(seconds=seconds))

    def move(self, by: timedelta) -> None:
        self.clock.move(by)

    def set_quota(self, account_id: str, name: str, value: int) -> None:
        self.aws.set_quota(account_id, name, value)

    def signed(self, keys: Keys | None, query: str, body: str) -> int:
        """The HTTP status of a call of IAM, written by hand."""
        url = f"{self.aws.endpoint}/{'?' * bool(query)}{query}"
        request = AWSRequest("POST", url, data=body.encode(), headers=_FORM)
        if keys:
            credentials = Credentials(keys.access_key_id, keys.secret_access_key)
            SigV4Auth(credentials, "iam", self.aws.partition.region).add_auth(request)
        made = urllib.request.Request(url, body.encode(), dict(request.headers))
        try:
            with urllib.request.urlopen(made, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@dataclass
class RealAws:
    """AWS itself, where writes take their time."""

    partition: Partition = AWS
    patience: float = 90.0
    settling: float = 15.0
    telling: float = 1200.0

    def client(self, service: str, keys: Keys) -> Any:
        session: Any = boto3.Session(
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            region_name=self.partition.region,
        )
        return session.client(service)

    def root_keys(self, *_: Any) -> Keys:
        raise LookupError(Need.ROOT.value)

    def now(self) -> datetime:
        return real_now()

    def pause(self, seconds: float) -> None:
        """Gives a write time to spread."""
        threading.Event().wait(seconds)

    def let_pass(self, seconds: float) -> None:
        """Waits until a code of an MFA device has gone by."""
        self.pause(seconds)

    def move(self, *_: Any) -> None:
        raise LookupError(Need.CLOCK.value)

    def set_quota(self, *_: Any) -> None:
        raise LookupError(Need.QUOTA.value)

    def signed(self, *_: Any) -> int:
        raise LookupError(Need.ENDPOINT.value)


def sandbox_world(aws: SandboxAws, clock: SharedClock) -> World:
    """Three accounts of the sandbox that nobody has used."""
    place = Sandbox(aws, clock)

    def account() -> Account:
        account_id = f"{secrets.randbelow(9 * 10**11) + 10**11}"
        root = aws.root(account_id)
        return Account(
            account_id,
            aws.client("iam", root),
            aws.client("s3", root),
            aws.client("cloudtrail", root),
            aws.partition,
        )

    return World(place, account(), account(), account())


def real_world(owner: str, grantee: str, third: str | None) -> tuple[World, set[Need]]:
    """Real accounts by their AWS profiles, and what they cannot give."""
    lacking = {Need.CLOCK, Need.ROOT, Need.QUOTA, Need.ENDPOINT}
    accounts = [_account(profile) for profile in (owner, grantee, third) if profile]
    lacking |= {Need.THIRD} if third is None else set()
    return World(RealAws(accounts[0].partition), *accounts), lacking


def _account(profile: str) -> Account:
    region = boto3.Session(profile_name=profile).region_name or AWS.region
    partition = next(each for each in PARTITIONS.values() if each.holds(region))
    session: Any = boto3.Session(profile_name=profile, region_name=partition.region)
    account_id = session.client("sts").get_caller_identity()["Account"]
    iam, s3, trail = (session.client(service) for service in ("iam", "s3", "cloudtrail"))
    return Account(account_id, iam, s3, trail, partition)
