"""Manager sessions that AWS itself ends: the fence.

A worker that froze can wake and write, whatever the database says of its lease. So every manager
session is taken with a session policy that allows nothing from a moment on, at most FENCE ahead by
AWS's time. A settle keeps the session it began with: what it may still do ends with its lease.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, ParamSpec, TypeVar

import boto3
from botocore.config import Config

from workflows.aws.errors import AwsBusy, translated
from workflows.aws.iam import Iam, date_of
from workflows.aws.signing import Unsigned
from workflows.clock import Clock
from workflows.errors import Trouble

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")
Key = tuple[str, str | None]  # ARN of the manager role, external id

FENCE: Final = timedelta(seconds=90)
_ROUNDING: Final = timedelta(seconds=2)  # AWS tells its time to the second
LEAST: Final = timedelta(seconds=25)
"""A session with less left than this is not given out."""

RENEWED: Final = timedelta(seconds=35)
"""One with less left than this is still given out, while a new one is taken beside."""

_TAKES: Final = 3  # the second is right, unless a clock is set again and again
_RENEWALS: Final = 8  # at the same time; who needs a session that is late takes it himself

_READS_AT_ONCE: Final = 8
"""Reads of one account beside each other. Accounts never wait for each other's."""

# Adaptive: an account that throttles is asked at the pace it takes, so that few settles have to be
# begun anew (botocore, "Adaptive retry mode").
CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "adaptive", "total_max_attempts": 3},
    max_pool_connections=16,
    user_agent=f"xacct boto3/{boto3.__version__}",  # as CloudTrail names who called
)
_STS: Final = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 3}))
"""One client for all accounts: the pace of one that throttles is not the others'."""


@dataclass(frozen=True)
class Fenced:
    """One manager session. All that is done with it is refused by AWS from `fence` on."""

    manager_arn: str
    iam: Iam
    fence: datetime  # AWS's time
    skew: timedelta  # AWS's time minus ours when the session was taken
    taken: float  # monotonic seconds
    pool: Executor  # the account's own

    def ask(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begins one read. A read that waited for another one here could wait for ever."""
        return self.pool.submit(call, *args, **kwargs)

    def left(self, now: datetime) -> timedelta:
        """What remains until the fence: the shorter of what our clock says and real time says."""
        by_clock = self.fence - (now + self.skew)
        by_monotonic = FENCE - timedelta(seconds=time.monotonic() - self.taken)
        return min(by_clock, by_monotonic)


def by_aws(now: datetime, off: timedelta) -> datetime:
    """What AWS's time is when ours is `now`; `off` is AWS's time minus ours, as of a reply.

    Ours, while they differ by no more than a reply can tell.
    """
    return now if abs(off) <= _ROUNDING else now + off


class Managers:
    """Fenced sessions of the manager roles, one per role, renewed while they are in use."""

    def __init__(
        self, session: boto3.Session, *, clock: Clock, run: str, reads_at_once: int = _READS_AT_ONCE
    ) -> None:
        self._session = session
        self._clock = clock
        self._name = f"xacct-{run}"[:64]
        self._reads_at_once = reads_at_once
        self._building = threading.Lock()  # boto3 sessions do not build clients in parallel
        self._sts = session.client("sts", config=_STS)
        self._held: dict[Key, Fenced] = {}
        self._asking: dict[Key, threading.Lock] = {}
        self._clients: dict[str, Unsigned] = {}
        self._pools: dict[str, Executor] = {}
        self._renewals = ThreadPoolExecutor(_RENEWALS, thread_name_prefix="renew")
        self._renewing: set[Key] = set()
        self._skew = timedelta(0)

    def fenced(self, manager_arn: str, external_id: str | None) -> Fenced:
        """A session with at least LEAST left: one STS call per manager role and minute, and none
        on the path of who keeps using it. Raises Trouble when AWS does not let us in.
        """
        key = (manager_arn, external_id)
        held = self._held.get(key)
        if held is not None and (left := held.left(self._clock.now())) >= LEAST:
            if left < RENEWED:
                self._renew_beside(key)
            return held
        return self._renewed(key, least=LEAST)

    def beside(
        self, manager_arn: str, external_id: str | None, then: Callable[[Fenced], None]
    ) -> None:
        """Calls `then` with a session: at once when there is one, else later and elsewhere, or not
        at all when AWS does not let us in. Returns at once.
        """
        key = (manager_arn, external_id)
        held = self._held.get(key)
        if held is not None and held.left(self._clock.now()) >= RENEWED:
            then(held)
        else:
            self._renew_beside(key, then)

    def forget(self, fenced: Fenced) -> None:
        """Gives this session out no more: AWS does not know it any longer."""
        for key, held in list(self._held.items()):
            if held.iam is fenced.iam or held.taken == fenced.taken:
                self._held.pop(key, None)

    def _renewed(self, key: Key, *, least: timedelta) -> Fenced:
        with self._building:
            lock = self._asking.setdefault(key, threading.Lock())
        with lock:
            held = self._held.get(key)
            if held is None or held.left(self._clock.now()) < least:
                held = self._held[key] = self._take(*key)
        return held

    def _renew_beside(self, key: Key, then: Callable[[Fenced], None] | None = None) -> None:
        if key in self._renewing:
            return
        self._renewing.add(key)

        def renew() -> None:
            try:
                renewed = self._renewed(key, least=RENEWED)
                if then is not None:
                    then(renewed)
            except Trouble as trouble:  # whoever needs the session next hears it himself
                log.warning("a session of %s was not renewed: %s", key[0], trouble)
            finally:
                self._renewing.discard(key)

        self._renewals.submit(renew)

    def _take(self, manager_arn: str, external_id: str | None) -> Fenced:
        """A new session, fenced by AWS's time: a clock of ours that is wrong is corrected, and one
        that is set while we ask is asked about again.
        """
        for _ in range(_TAKES):
            fence = (self._clock.now() + self._skew).replace(microsecond=0) + FENCE
            began, taken = self._clock.now(), time.monotonic()
            at, keys = self._assume(manager_arn, external_id, fence)
            now, lasted = self._clock.now(), timedelta(seconds=time.monotonic() - taken)
            self._skew = at - now.replace(microsecond=0)
            steady = abs(now - began - lasted) < _ROUNDING
            if steady and at + LEAST < fence <= at + FENCE + _ROUNDING:
                break
        else:
            raise AwsBusy("sts:AssumeRole", "ClockBeingSet", "our clock was set again and again")
        client, pool = self._kept(manager_arn)
        return Fenced(manager_arn, Iam(client.signed(keys)), fence, self._skew, taken, pool)

    def _kept(self, manager_arn: str) -> tuple[Unsigned, Executor]:
        """What the role's next session has of the one before: its connections and threads."""
        with self._building:
            client = self._clients.get(manager_arn)
            if client is None or client.slowed:
                client = Unsigned("iam", region=self._session.region_name, config=CONFIG)
                self._clients[manager_arn] = client
            pool = self._pools.get(manager_arn)
            if pool is None:
                pool = ThreadPoolExecutor(self._reads_at_once, thread_name_prefix="read")
                self._pools[manager_arn] = pool
        return client, pool

    def _assume(
        self, manager_arn: str, external_id: str | None, fence: datetime
    ) -> tuple[datetime, Mapping[str, Any]]:
        ask: dict[str, Any] = {
            "RoleArn": manager_arn,
            "RoleSessionName": self._name,
            "DurationSeconds": 900,
            "Policy": fence_policy(fence),
        }
        if external_id is not None:
            ask["ExternalId"] = external_id
        with translated("sts:AssumeRole"):
            reply = self._sts.assume_role(**ask)
        return date_of(reply), reply["Credentials"]


def fence_policy(fence: datetime) -> str:
    """The session policy: everything the role may do, until the fence.

    A session policy only limits: IAM User Guide, "Session policies".
    """
    statement = {
        "Effect": "Allow",
        "Action": "*",
        "Resource": "*",
        "Condition": {"DateLessThan": {"aws:CurrentTime": fence.strftime("%Y-%m-%dT%H:%M:%SZ")}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return json.dumps(document, separators=(",", ":"))
