"""A rate limit for the calls of an account, as IAM has one: over it, a call is not looked at.

https://repost.aws/knowledge-center/iam-sts-throttling-error
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.aws.errors import AwsError


@dataclass
class Bucket:
    """Calls that may be made at once, and the moment (monotonic) when they were counted."""

    left: float
    at: float


class Throttle:
    """Counts the calls of IAM and STS by account, in real time; off until a limit is set."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._limits: dict[str | None, tuple[float, int]] = {}
        self._buckets: dict[str, Bucket] = {}

    def limit(self, account_id: str | None, calls_per_second: float, burst: int) -> None:
        """Lets an account (None: each that has no limit of its own) make that many calls.

        `burst` calls may come at once. 0 calls a second takes the limit away; `ValueError` for a
        limit that lets nobody in.
        """
        if calls_per_second < 0 or (calls_per_second and burst < 1):
            raise ValueError(burst)
        self._buckets.clear()
        if calls_per_second:
            self._limits[account_id] = calls_per_second, burst
        else:
            self._limits.pop(account_id, None)

    def take(self, account_id: str) -> None:
        """Counts one call; refuses it when the account has made too many."""
        if not self._limits:
            return
        limit = self._limits.get(account_id) or self._limits.get(None)
        if limit is None:
            return
        rate, burst = limit
        now = self._now()
        bucket = self._buckets.setdefault(account_id, Bucket(burst, now))
        bucket.left = min(burst, bucket.left + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.left < 1:
            raise AwsError(400, "Throttling", "Rate exceeded")
        bucket.left -= 1
