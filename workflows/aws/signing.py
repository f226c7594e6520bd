"""One client for sessions that follow each other: who makes a call signs it.

A client takes some ten milliseconds of processor to make, and its connections their handshakes.
Both are had once for each account, not once for each session.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import cache
from typing import Any, Final

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    ReadOnlyCredentials,
)
from botocore.exceptions import NoCredentialsError

from workflows.aws.errors import MEANINGS, AwsBusy
from workflows.aws.sessions import core_session

_READ_ONCE: Final = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
)
"""Of the environment what botocore reads once for each session of its own, and then remembers."""

_SIGNS: Final[ContextVar[ReadOnlyCredentials]] = ContextVar("keys of the call that is being made")


class _KeysOfTheCall(Credentials):
    """What botocore signs with: never keys of its own."""

    def __init__(self) -> None:
        super().__init__("", "")

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        try:
            return _SIGNS.get()
        except LookupError:  # made past `Signed`: nobody's
            raise NoCredentialsError from None


class _NoOthers(CredentialProvider):
    METHOD = "call"

    def load(self) -> Credentials:
        return _KeysOfTheCall()


@cache
def _core(_settings: tuple[str | None, ...]) -> botocore.session.Session:
    core = core_session()
    core.register_component("credential_provider", CredentialResolver([_NoOthers()]))
    # AWS writes dates as ISO 8601 here; botocore's reader guesses among many ways, at a seventh of
    # what a call costs us.
    dates = {"timestamp_parser": datetime.fromisoformat}
    core.get_component("response_parser_factory").set_parser_defaults(**dates)
    return core


class Unsigned:
    """A client that has no keys. May be used by several threads, for several sessions."""

    def __init__(self, service: str, *, region: str | None, config: Config) -> None:
        settings = tuple(os.environ.get(name) for name in _READ_ONCE)
        self.client: Any = _core(settings).create_client(service, region_name=region, config=config)
        self.slowed = False
        """Whether AWS throttled a call: this client is slower from then on (botocore's adaptive
        mode), for longer than the account has need of."""
        self.client.meta.events.register(f"needs-retry.{service}", self._hear)

    def signed(self, keys: Mapping[str, str]) -> "Signed":
        """The client for one session; `keys` are the `Credentials` of STS's answer."""
        return Signed(
            self.client,
            ReadOnlyCredentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"]),
        )

    def _hear(self, response: tuple[Any, Mapping[str, Any]] | None = None, **_: Any) -> None:
        if response is not None:
            code = str(response[1].get("Error", {}).get("Code", ""))
            self.slowed = self.slowed or MEANINGS.get(code) is AwsBusy


class Signed:
    """The calls of a client, each signed with the keys of one session and no other's."""

    def __init__(self, client: Any, keys: ReadOnlyCredentials) -> None:
        self._client, self._keys = client, keys

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def call(**asked: Any) -> Any:
            with self._signing():
                return method(**asked)

        return call

    def get_paginator(self, name: str) -> "_Pages":
        """As boto3's; each page is signed."""
        return _Pages(self._client.get_paginator(name), self._signing)

    @contextmanager
    def _signing(self) -> Iterator[None]:
        before = _SIGNS.set(self._keys)
        try:
            yield
        finally:
            _SIGNS.reset(before)


class _Pages:
    def __init__(self, pages: Any, signing: Callable[[], Any]) -> None:
        self._pages, self._signing = pages, signing

    def paginate(self, **asked: Any) -> Iterator[Mapping[str, Any]]:
        pages = iter(self._pages.paginate(**asked))
        while True:
            with self._signing():
                page = next(pages, None)
            if page is None:
                return
            yield page
