"""The way into each account for who sets xacct up: his own keys, a profile, or a role to assume.

Nothing here is the bot's: it enters accounts by its manager roles, which are made by this.
"""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import boto3
from botocore.config import Config

from workflows.aws.admin import Admin
from workflows.aws.errors import translated
from workflows.aws.hands import Hands
from workflows.aws.sessions import of_keys, opened
from workflows.catalog.model import Account
from workflows.errors import Trouble

_CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=30,
    retries={"mode": "adaptive", "total_max_attempts": 6},
    max_pool_connections=16,
)
_LASTS: Final = 45 * 60.0  # seconds; AWS gives an hour, to who comes with a role's session too


@dataclass(frozen=True)
class Way:
    """How accounts are entered: `profile` is who asks, `role` the name of the role he assumes in
    other accounts; `profiles` (account id → profile) are used as they are.
    """

    profile: str | None
    role: str
    profiles: Mapping[str, str] = field(default_factory=dict)


class Doors:
    """Clients of each account's IAM. May be asked by several threads."""

    def __init__(self, way: Way) -> None:
        self._way = way
        self._lock = threading.Lock()  # boto3 sessions do not build clients in parallel
        self._base: boto3.Session | None = None
        self._sts: Any = None
        self._home = ""
        self._held: dict[str, tuple[float, boto3.Session]] = {}

    def enter(self, account: Account) -> Admin:
        """IAM of the account. Raises Trouble when there is no way into it."""
        return Admin(self.client(account, "iam"))

    def hands(self, account: Account) -> Hands:
        """The keys that act in the account. Raises Trouble when there is no way into it."""
        return Hands(self.session(account), self._lock)

    def client(self, account: Account, service: str) -> Any:
        """A client of any service in the account. Raises Trouble."""
        session: Any = self.session(account)
        with self._lock:
            return session.client(service, config=_CONFIG)

    def session(self, account: Account) -> boto3.Session:
        """A session in the account, good for a quarter of an hour at least. Raises Trouble."""
        with self._lock:
            held = self._held.get(account.id)
        if held is not None and held[0] > time.monotonic():
            return held[1]
        made = self._made(account)
        with self._lock:
            self._held[account.id] = time.monotonic() + _LASTS, made
        return made

    def who(self) -> tuple[str, str]:
        """The ARN and the account id of who asks. Raises Trouble."""
        with self._lock:
            asked = self._asked()
        with translated("sts:GetCallerIdentity"):
            found = asked.get_caller_identity()
        return str(found["Arn"]), str(found["Account"])

    def _made(self, account: Account) -> boto3.Session:
        if (profile := self._way.profiles.get(account.id)) is not None:
            return _of_account(opened(profile), profile, account)
        if not self._home:
            self._home = self.who()[1]
        with self._lock:
            base = self._own()
        return base if account.id == self._home else self._assumed(base, account)

    def _own(self) -> boto3.Session:
        """Of who asks; the lock is held."""
        self._base = self._base or opened(self._way.profile)
        return self._base

    def _asked(self) -> Any:
        """STS with the keys of who asks, one client for all accounts; the lock is held."""
        self._sts = self._sts or self._own().client("sts", config=_CONFIG)
        return self._sts

    def _assumed(self, base: boto3.Session, account: Account) -> boto3.Session:
        with self._lock:
            asked = self._asked()
        arn = f"arn:{account.partition}:iam::{account.id}:role/{self._way.role.lstrip('/')}"
        with translated("sts:AssumeRole"):
            keys = asked.assume_role(RoleArn=arn, RoleSessionName="xacct-setup")["Credentials"]
        with self._lock:
            return of_keys(keys, base.region_name)


def _of_account(session: boto3.Session, profile: str, account: Account) -> boto3.Session:
    """The session, if it is of that account: else one account would be taken for another."""
    found = Hands(session).who().account
    if found != account.id:
        words = f"the profile {profile} is of account {found}, and {account.name} is {account.id}"
        raise Trouble("profile", "AnotherAccount", words)
    return session
