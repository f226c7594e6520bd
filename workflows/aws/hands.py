"""What somebody's keys can do: calls that are made to see whether AWS makes them.

Each session that is taken here only to see whether it is given is bound by a session policy that
denies everything, so that one that should have been refused is good for nothing.
"""

import json
import threading
from collections.abc import Mapping
from typing import Any, Final, Self

import boto3
from botocore import xform_name
from botocore.config import Config

from workflows.aws.errors import translated
from workflows.aws.sessions import of_keys, opened
from workflows.seen import Caller

SHORTEST: Final = 900  # seconds; AssumeRole gives no shorter session (STS API, DurationSeconds)

NOTHING: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}],
    },
    separators=(",", ":"),
)
"""A session policy under which a session may call nothing but GetCallerIdentity, which AWS lets
everybody call (STS API Reference, GetCallerIdentity).
"""

_CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "adaptive", "total_max_attempts": 4},
    max_pool_connections=16,
)
_building = threading.Lock()  # boto3 sessions do not build clients in parallel


class Hands:
    """Somebody's keys. May be used by several threads; all calls raise Trouble."""

    def __init__(self, session: boto3.Session, building: threading.Lock = _building) -> None:
        self._session = session
        self._building = building
        self._clients: dict[str, Any] = {}

    @classmethod
    def of_profile(cls, profile: str | None) -> Self:
        """Of a profile of ~/.aws, or of the environment. Raises Trouble."""
        return cls(opened(profile))

    @property
    def session(self) -> boto3.Session:
        return self._session

    def client(self, service: str) -> Any:
        with self._building:
            if service not in self._clients:
                session: Any = self._session
                self._clients[service] = session.client(service, config=_CONFIG)
            return self._clients[service]

    def who(self) -> Caller:
        with translated("sts:GetCallerIdentity"):
            found = self.client("sts").get_caller_identity()
        return Caller(found["Arn"], found["Account"], found["UserId"])

    def try_to_enter(self, role_arn: str, name: str, external_id: str | None = None) -> None:
        """Asks for a session that is good for nothing, and drops it. Raises Trouble."""
        self._assumed(role_arn, name, external_id, NOTHING)

    def enter(
        self,
        role_arn: str,
        name: str,
        external_id: str | None = None,
        *,
        policy: str | None = NOTHING,
    ) -> "Hands":
        """The hands of a session of the role. Raises Trouble."""
        keys = self._assumed(role_arn, name, external_id, policy)
        with _building:
            return Hands(of_keys(keys, self._session.region_name))

    def call(self, service: str, action: str, parameters: Mapping[str, Any]) -> Any:
        """Makes one call, by AWS's names; its reply. Raises Trouble."""
        method = getattr(self.client(service), xform_name(action))
        with translated(f"{service}:{action}"):
            return method(**parameters)

    def _assumed(
        self, role_arn: str, name: str, external_id: str | None, policy: str | None
    ) -> Mapping[str, Any]:
        asked = {"RoleArn": role_arn, "RoleSessionName": name, "DurationSeconds": SHORTEST}
        more = {"ExternalId": external_id, "Policy": policy}
        given = {key: value for key, value in more.items() if value is not None}
        with translated("sts:AssumeRole"):
            reply = self.client("sts").assume_role(**asked, **given)
        keys: Mapping[str, Any] = reply["Credentials"]
        return keys
