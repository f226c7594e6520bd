"""Short-lived credentials of a governed role, taken through the separate vendor role."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3

from workflows.aws.errors import translated
from workflows.aws.fence import CONFIG, fence_policy

CHAINED: Final = timedelta(hours=1)
"""The longest session of a role taken with a role's credentials (IAM, "Role chaining")."""

LEAST: Final = timedelta(minutes=15)
"""AssumeRole gives no shorter session (STS API, DurationSeconds)."""


@dataclass(frozen=True)
class Credentials:
    """What an engineer signs with. The secrets are in no repr; `until` is when AWS stops them."""

    access_key_id: str
    until: datetime
    secret_access_key: str = field(repr=False)
    session_token: str = field(repr=False)


@dataclass(frozen=True)
class Vending:
    """What to take: which role, under whose session name, until when."""

    vendor_arn: str
    external_id: str | None
    role_arn: str
    session_name: str
    longest: timedelta  # the role's MaxSessionDuration
    end: datetime


class Vendor:
    """Takes sessions of governed roles; what it may enter, each role's trust policy says."""

    def __init__(self, session: boto3.Session, *, run: str) -> None:
        self._session = session
        self._sts = session.client("sts", config=CONFIG)
        self._name = f"xacct-vend-{run}"[:64]

    def enter(self, vendor_arn: str, external_id: str | None) -> None:
        """Takes a session of the vendor role and does nothing with it. Raises Trouble."""
        self._vendor(vendor_arn, external_id)

    def _vendor(self, vendor_arn: str, external_id: str | None) -> Mapping[str, Any]:
        named = {} if external_id is None else {"ExternalId": external_id}
        with translated("sts:AssumeRole"):
            keys: Mapping[str, Any] = self._sts.assume_role(
                RoleArn=vendor_arn,
                RoleSessionName=self._name,
                DurationSeconds=int(LEAST.total_seconds()),
                **named,  # type: ignore[arg-type]
            )["Credentials"]
        return keys

    def mint(self, vending: Vending, *, now: datetime) -> Credentials:
        """Credentials that die with the grant: the session policy dates them, to the second.

        They last at most the rest of the grant, the role's maximum, and an hour. Raises Trouble.
        """
        vendor = self._vendor(vending.vendor_arn, vending.external_id)
        with translated("sts:AssumeRole"):
            sts = boto3.client(
                "sts",
                region_name=self._session.region_name,
                aws_access_key_id=vendor["AccessKeyId"],
                aws_secret_access_key=vendor["SecretAccessKey"],
                aws_session_token=vendor["SessionToken"],
                config=CONFIG,
            )
            lasts = max(LEAST, min(vending.end - now, vending.longest, CHAINED))
            keys = sts.assume_role(
                RoleArn=vending.role_arn,
                RoleSessionName=vending.session_name,
                DurationSeconds=int(lasts.total_seconds()),
                Policy=fence_policy(vending.end),
            )["Credentials"]
        expires = keys["Expiration"].astimezone(UTC)
        return Credentials(
            access_key_id=keys["AccessKeyId"],
            secret_access_key=keys["SecretAccessKey"],
            session_token=keys["SessionToken"],
            until=min(expires, vending.end),
        )
