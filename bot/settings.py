"""What the environment tells xacct, read once and checked as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.told import Mistakes, catalog_path
from db import audit
from db.session import Database
from workflows.clock import Clock

SLACK: Final = "https://slack.com/api/"
KEY_CHARACTERS: Final = 32
"""The least length of the audit key: an HMAC-SHA-256 key should not be shorter than its hash."""

_OLDER: Final = "it is for the keys that were replaced, the oldest first, spaces between them"
_POSTGRESQL: Final = "postgresql+psycopg"

PAGERDUTY: Final = "https://api.pagerduty.com/"

_OURS: Final = frozenset(
    {
        "XACCT_AUDIT_KEY",
        "XACCT_AUDIT_OLDER_KEYS",
        "XACCT_CATALOG",
        "XACCT_DATABASE_URL",
        "XACCT_MIGRATIONS_URL",
        "XACCT_PAGERDUTY_TOKEN",
        "XACCT_PAGERDUTY_URL",
    }
)


class Secret:
    """A string that shows itself only to who asks with `reveal`."""

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)


@dataclass(frozen=True)
class Store:
    """Where xacct remembers, and the keys of the audit chain. The URLs may hold passwords.

    `older_keys` are those that `audit_key` replaced, the oldest first. `migrations_url` is the same
    database as the owner of its tables, for `xacct db upgrade` alone; empty where xacct runs as the
    owner.
    """

    database_url: Secret
    audit_key: Secret
    older_keys: tuple[Secret, ...] = ()
    migrations_url: Secret = field(default_factory=lambda: Secret(""))

    @property
    def key(self) -> audit.Key:
        """The key that rows are signed with, and those that it replaced."""
        older = tuple(audit.Key(one.reveal().encode()) for one in self.older_keys)
        return audit.Key(self.audit_key.reveal().encode(), older)

    def database(self, clock: Clock) -> Database:
        """The database, not yet connected to."""
        return Database(self.database_url.reveal(), key=self.key, now=clock.now)

    def owned(self, clock: Clock) -> Database:
        """The database as the owner of its tables, not yet connected to."""
        url = self.migrations_url or self.database_url
        return Database(url.reveal(), key=self.key, now=clock.now)

    @property
    def bot(self) -> str | None:
        """The role that xacct runs as, if it is another than the owner."""
        if not self.migrations_url:
            return None
        role = make_url(self.database_url.reveal()).username
        return None if role == make_url(self.migrations_url.reveal()).username else role


@dataclass(frozen=True)
class Settings:
    """All that a running xacct is told by its environment. AWS's settings are boto3's own."""

    slack_bot_token: Secret
    slack_app_token: Secret
    slack_api_url: str
    catalog: Path
    store: Store
    pagerduty_token: Secret = field(default_factory=lambda: Secret(""))
    pagerduty_url: str = PAGERDUTY

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """The settings. Raises Mistakes that names all that is missing or wrong."""
        if wrong := mistakes(env):
            raise Mistakes("xacct cannot start with these settings:", wrong)
        return cls.as_told(env)

    @classmethod
    def as_told(cls, env: Mapping[str, str]) -> Self:
        """The settings whatever is wrong with them, for who looks at each by itself: a secret that
        is missing is empty.
        """
        return cls(
            slack_bot_token=Secret(env.get("SLACK_BOT_TOKEN", "")),
            slack_app_token=Secret(env.get("SLACK_APP_TOKEN", "")),
            slack_api_url=_slashed(_slack_url(env)),
            catalog=catalog_path(env),
            store=Store(
                Secret(_database_url(env)),
                Secret(env.get("XACCT_AUDIT_KEY", "")),
                tuple(map(Secret, _older_keys(env))),
                Secret(env.get("XACCT_MIGRATIONS_URL", "")),
            ),
            pagerduty_token=Secret(env.get("XACCT_PAGERDUTY_TOKEN", "")),
            pagerduty_url=_slashed(_pagerduty_url(env)),
        )

    def plain(self) -> dict[str, str]:
        """The settings but for secrets, which are named by no more than whether they are there."""
        url = make_url(self.store.database_url.reveal())  # its query may hold a password, too
        where = f"{url.drivername}://{url.host or ''}/{url.database or ''}"
        return {
            "SLACK_API_URL": _without_secrets(self.slack_api_url),
            "XACCT_AUDIT_KEY": f"key {self.store.key.id}",
            "XACCT_AUDIT_OLDER_KEYS": ", ".join(one.id for one in self.store.key.older),
            "XACCT_CATALOG": str(self.catalog),
            "XACCT_DATABASE_URL": where,
            "XACCT_PAGERDUTY_TOKEN": "there" if self.pagerduty_token else "none",
            "XACCT_PAGERDUTY_URL": _without_secrets(self.pagerduty_url),
        }


def mistakes(env: Mapping[str, str]) -> list[str]:
    """All that is missing or wrong, a sentence each. None of them repeats a secret."""
    return [
        *_unknown(env),
        *_token(env, "SLACK_BOT_TOKEN", "xoxb-", "the app's page, OAuth & Permissions"),
        *_token(env, "SLACK_APP_TOKEN", "xapp-", "the app's page, Basic Information"),
        *_wrong_url("SLACK_API_URL", _slack_url(env), "Slack"),
        *_wrong_url("XACCT_PAGERDUTY_URL", _pagerduty_url(env), "PagerDuty"),
        *_wrong_store(env),
    ]


def _slack_url(env: Mapping[str, str]) -> str:
    return env.get("SLACK_API_URL") or SLACK


def _pagerduty_url(env: Mapping[str, str]) -> str:
    return env.get("XACCT_PAGERDUTY_URL") or PAGERDUTY


def store_from_env(env: Mapping[str, str]) -> Store:
    """What the terminal needs to read the database. Raises Mistakes."""
    if wrong := [*_unknown(env), *_wrong_store(env)]:
        raise Mistakes("xacct cannot open its database with these settings:", wrong)
    return Settings.as_told(env).store


def _unknown(env: Mapping[str, str]) -> list[str]:
    strange = sorted(name for name in env if name.startswith("XACCT_") and name not in _OURS)
    known = ", ".join(sorted(_OURS))
    return [
        f"{name} is not a setting of xacct (is it a typo?); those are {known}" for name in strange
    ]


def _token(env: Mapping[str, str], name: str, prefix: str, where: str) -> list[str]:
    if not env.get(name):
        return [f"{name} is missing: the {prefix}… token, found on {where}"]
    if not env[name].startswith(prefix):
        return [f"{name} must be the token that begins with {prefix}, found on {where}"]
    return []


def _slashed(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _without_secrets(url: str) -> str:
    """Scheme, host and path: a proxy's password stands before the host, a token in the query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _wrong_url(name: str, url: str, whose: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https") and parts.hostname:
        return []
    return [f"{name} must be an http(s) address; leave it out to use {whose}'s own"]


def _wrong_store(env: Mapping[str, str]) -> list[str]:
    return [*wrong_database(env), *_wrong_migrations(env), *_wrong_key(env)]


def wrong_database(env: Mapping[str, str]) -> list[str]:
    """What is wrong with the database's address, which is not repeated: it may hold a password."""
    url = _parsed(_database_url(env))
    if url is not None and url.drivername in ("sqlite", _POSTGRESQL):
        return []
    return [f"XACCT_DATABASE_URL must begin with sqlite:/// or with {_POSTGRESQL}://"]


def _wrong_migrations(env: Mapping[str, str]) -> list[str]:
    name = "XACCT_MIGRATIONS_URL"
    if not env.get(name):
        return []
    owners, bots = _parsed(env[name]), _parsed(_database_url(env))
    if owners is None or owners.drivername != _POSTGRESQL:
        return [f"{name} must begin with {_POSTGRESQL}://; leave it out to use XACCT_DATABASE_URL"]
    if bots is None or bots.drivername != _POSTGRESQL:
        return [f"{name} is for PostgreSQL: leave it out, or let XACCT_DATABASE_URL be of it, too"]
    if not owners.username or not bots.username:
        return [f"{name} and XACCT_DATABASE_URL must both name their user, {_POSTGRESQL}://user@…"]
    if owners.database != bots.database:
        return [f"{name} must name the database that XACCT_DATABASE_URL names"]
    return []


def _parsed(url: str) -> URL | None:
    try:
        return make_url(url)
    except ArgumentError:
        return None


def _database_url(env: Mapping[str, str]) -> str:
    return env.get("XACCT_DATABASE_URL") or "sqlite:///xacct.db"


def _older_keys(env: Mapping[str, str]) -> list[str]:
    """Keys are written with spaces or commas between them."""
    return env.get("XACCT_AUDIT_OLDER_KEYS", "").replace(",", " ").split()


def _wrong_key(env: Mapping[str, str]) -> list[str]:
    key = env.get("XACCT_AUDIT_KEY", "")
    older = _older_keys(env)
    if any(len(one) < KEY_CHARACTERS for one in older):
        few = f"one of fewer than {KEY_CHARACTERS} characters"
        return [f"XACCT_AUDIT_OLDER_KEYS holds {few}; {_OLDER}"]
    if key in older:
        return [f"XACCT_AUDIT_OLDER_KEYS holds XACCT_AUDIT_KEY, too; {_OLDER}"]
    if len(key) >= KEY_CHARACTERS:
        return []
    how = "make one with `openssl rand -hex 32` and keep it as long as the database"
    if not key:
        return [f"XACCT_AUDIT_KEY is missing: the secret that seals the audit log; {how}"]
    return [f"XACCT_AUDIT_KEY has {len(key)} characters and needs at least {KEY_CHARACTERS}; {how}"]
