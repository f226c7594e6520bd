"""CloudTrail's event history of owner accounts: `LookupEvents`, through their manager roles.

It holds the management events of the last 90 days, by region, without any trail being set up
(CloudTrail User Guide, "Working with CloudTrail event history").
"""

import json
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import boto3

from workflows.aws.errors import translated
from workflows.aws.fence import CONFIG

APART: Final = 0.5
"""Seconds between two calls: AWS takes two a second of an account in a region (CloudTrail API
Reference, "LookupEvents").
"""

_HOME: Final = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
"""Where a partition keeps the events of IAM, which has no region (CloudTrail User Guide, "Global
service events").
"""

_ONLY_THIS: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "cloudtrail:LookupEvents", "Resource": "*"}],
}


@dataclass(frozen=True)
class Found:
    """Events as CloudTrail tells them, the newest first; `whole`: there are no older ones."""

    events: list[Mapping[str, Any]]
    whole: bool


def home_of(arn: str) -> str:
    """The region in which the partition of an ARN keeps what has no region."""
    return _HOME.get(arn.split(":")[1], "us-east-1")


class Pace:
    """Lets calls of one account and region go one after the other, `apart` seconds between."""

    def __init__(self, apart: float = APART) -> None:
        self._apart = apart
        self._changing = threading.Lock()
        self._free: defaultdict[tuple[str, str], float] = defaultdict(float)

    def wait(self, account_id: str, region: str) -> None:
        """Returns when it is this caller's turn."""
        now = time.monotonic()
        with self._changing:
            turn = max(now, self._free[account_id, region])
            self._free[account_id, region] = turn + self._apart
        if turn > now:
            threading.Event().wait(turn - now)


class Lookup:
    """The way to the event history of each account; one for all who ask, so that they keep the
    pace together.
    """

    def __init__(self, session: boto3.Session, *, run: str, apart: float = APART) -> None:
        self._session = session
        self._building = threading.Lock()  # boto3 sessions do not build clients in parallel
        self._sts = session.client("sts", config=CONFIG)
        self._name = f"xacct-trail-{run}"[:64]
        self._pace = Pace(apart)

    @property
    def region(self) -> str | None:
        """The region that xacct's environment is set to."""
        return self._session.region_name

    def enter(self, manager_arn: str, external_id: str | None) -> "History":
        """The account's history: an AssumeRole. Raises Trouble."""
        named: dict[str, Any] = {} if external_id is None else {"ExternalId": external_id}
        with translated("sts:AssumeRole"):
            keys = self._sts.assume_role(
                RoleArn=manager_arn,
                RoleSessionName=self._name,
                DurationSeconds=900,
                Policy=json.dumps(_ONLY_THIS),
                **named,
            )["Credentials"]
        return History(self, manager_arn, keys)

    def client(self, keys: Mapping[str, Any], region: str) -> Any:
        """A client of CloudTrail in a region, with these keys."""
        with self._building:
            return self._session.client(
                "cloudtrail",
                region_name=region,
                aws_access_key_id=keys["AccessKeyId"],
                aws_secret_access_key=keys["SecretAccessKey"],
                aws_session_token=keys["SessionToken"],
                config=CONFIG,
            )

    def wait(self, account_id: str, region: str) -> None:
        """Returns when the account may be asked once more."""
        self._pace.wait(account_id, region)


class History:
    """The event history of one account, for a quarter of an hour."""

    def __init__(self, lookup: Lookup, manager_arn: str, keys: Mapping[str, Any]) -> None:
        self._lookup, self._keys = lookup, keys
        self._account_id = manager_arn.split(":")[4]
        self._home = home_of(manager_arn)
        self._clients: dict[str, Any] = {}

    def find(
        self,
        key: str,
        value: str,
        *,
        since: datetime,
        until: datetime,
        region: str | None = None,
        pages: int | None = None,
    ) -> Found:
        """Events with that attribute in that time, both ends included: a call per fifty of them,
        `pages` calls at most. Without a region, where IAM's are. Raises Trouble.
        """
        region = region or self._home
        client = self._clients.get(region)
        if client is None:
            client = self._clients[region] = self._lookup.client(self._keys, region)
        asked: dict[str, Any] = {
            "LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}],
            "StartTime": since,
            "EndTime": until,
        }
        found: list[Mapping[str, Any]] = []
        page = 0
        while pages is None or page < pages:
            self._lookup.wait(self._account_id, region)
            with translated("cloudtrail:LookupEvents"):
                answer = client.lookup_events(**asked)
            found += answer["Events"]
            page += 1
            if not answer.get("NextToken"):
                return Found(found, whole=True)
            asked["NextToken"] = answer["NextToken"]
        return Found(found, whole=False)
