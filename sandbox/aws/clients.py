"""Clients of the sandbox: boto3, pointed at it, quick to make.

A client of botocore takes as long to make as a few calls, and the next one comes to the same, but
for its keys. So one of each service is made, and the others are made of it.
"""

from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Final

import boto3
import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
)
from botocore.hooks import HierarchicalEmitter

_KEPT: Final = 64
"""Clients that are given out again."""

_SIGNS: Final[ContextVar[ReadOnlyCredentials]] = ContextVar("keys of the client that calls")


@dataclass(frozen=True)
class Keys:
    """Credentials: of a root or a user, or with a token those of a session."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


class _KeysOfTheClient(Credentials):
    """What the one client of botocore signs with: keys of the one that was made of it."""

    def __init__(self) -> None:
        super().__init__("", "")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        return _SIGNS.get()


class _NoOthers(CredentialProvider):
    METHOD = "client"

    def load(self) -> Credentials:
        return _KeysOfTheClient()


class _Keyed:
    """What is put before a client's own class: each call is signed with its keys."""

    _keys: ReadOnlyCredentials

    def _make_api_call(self, *asked: Any) -> Any:
        before = _SIGNS.set(self._keys)
        try:
            call: Any = super()
            return call._make_api_call(*asked)  # noqa: SLF001  ours
        finally:
            _SIGNS.reset(before)


class Clients:
    """Makes sessions and clients for one endpoint; in one region; they share the service models."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint = endpoint
        self._region = region
        self._hooks = HierarchicalEmitter()
        first = botocore.session.Session(event_hooks=self._hooks)  # fills them: most of its work
        self._loader = first.get_component("data_loader")
        self._shared = self._fresh()
        self._shared.register_component("credential_provider", CredentialResolver([_NoOthers()]))
        self._unsigned = cache(self._make)
        self._client = lru_cache(_KEPT)(self._keyed)

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

    def _keyed(self, service: str, keys: Keys) -> Any:
        """Hooks that are set in it are its own, like `before-call`. What signs and sends is shared:
        hooks of that, like `before-send`, would never be called.
        """
        client, kind = self._unsigned(service)
        made: Any = object.__new__(kind)
        made.__dict__.update(client.__dict__)
        made.meta = copy(client.meta)
        made.meta.events = copy(client.meta.events)
        made._keys = ReadOnlyCredentials(  # noqa: SLF001  ours
            keys.access_key_id, keys.secret_access_key, keys.session_token
        )
        return made

    def _make(self, service: str) -> tuple[Any, type[Any]]:
        """A client without keys, and the class of those that are made of it."""
        client: Any = self._shared.create_client(
            service,
            region_name=self._region,
            endpoint_url=self._endpoint,
            config=Config(
                retries={"total_max_attempts": 1, "mode": "standard"},
                connect_timeout=2,
                read_timeout=10,
                s3={"addressing_style": "path"},
                max_pool_connections=50,
                proxies={},  # the sandbox is on this machine, whatever the environment says
            ),
        )
        kind: Any = type(client)
        return client, type(kind.__name__, (_Keyed, kind), {})

    def _fresh(self) -> botocore.session.Session:
        session = botocore.session.Session(
            event_hooks=copy(self._hooks), include_builtin_handlers=False
        )
        session.register_component("data_loader", self._loader)
        return session
