"""Clients of the sandbox: boto3, pointed at it, quick to make."""

from copy import copy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.hooks import HierarchicalEmitter

_KEPT: Final = 64
"""Clients that are given out again: making one takes as long as a few calls."""


@dataclass(frozen=True)
class Keys:
    """Credentials: of a root or a user, or with a token those of a session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class Clients:
    """Makes sessions and clients for one endpoint; in one region; they share the service models."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._hooks = HierarchicalEmitter()
        first = botocore.session.Session(event_hooks=self._hooks)  # fills them: most of its work
        self._loader = first.get_component("data_loader")
        self._shared = self._fresh()
        self._client = lru_cache(_KEPT)(self._make)

    def session(self, keys: Keys) -> boto3.Session:
        """A session with these keys in the region; its clients still need the endpoint."""
        return boto3.Session(
            botocore_session=self._fresh(),
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            region_name=self._region,
        )

    def client(self, service: str, keys: Keys) -> Any:
        """A client for the sandbox: no retries, short timeouts, S3 by path."""
        return self._client(service, keys)

    def _make(self, service: str, keys: Keys) -> Any:
        return self._shared.create_client(
            service,
            region_name=self._region,
            endpoint_url=self._endpoint,
            aws_access_key_id=keys.access_key_id,
            aws_secret_access_key=keys.secret_access_key,
            aws_session_token=keys.session_token,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=2,
                read_timeout=10,
                s3={"addressing_style": "path"},
                proxies={},  # the sandbox is on this machine, whatever the environment says
            ),
        )

    def _fresh(self) -> botocore.session.Session:
        session = botocore.session.Session(
            event_hooks=copy(self._hooks), include_builtin_handlers=False
        )
        session.register_component("data_loader", self._loader)
        return session
