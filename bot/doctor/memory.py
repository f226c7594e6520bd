"""What xacct remembers and keeps secret: the database as the settings name it, looked at without a
change; and the secrets themselves, so that none is shown.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from bot.settings import Settings, wrong_database
from db import audit
from db.examine import Examined, Missing, examine
from db.migrate import Schema
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.doctor import database, run
from workflows.doctor.clocks import Told
from workflows.doctor.finding import Finding
from workflows.doctor.run import Accounts

log = logging.getLogger(__name__)

_SHORTEST: Final = 4
_SHORTEST_ID: Final = 8
"""Characters of a secret, and of an external id, that is looked for: a shorter one may be a part of
any word. No sentence is made of either.
"""


@dataclass(frozen=True)
class Memory:
    """The database: what it says of itself, or what keeps it from that. `time` is the server's."""

    url: str
    examined: Examined | Finding
    time: Told | None
    key_id: str | None


def look(env: Mapping[str, str], clock: Clock) -> Memory:
    """Looks at the database of these settings. Never raises what a database raises."""
    store = Settings.as_told(env).store
    url, key = store.database_url.reveal(), store.audit_key.reveal()
    key_id = audit.Key(key.encode()).id if key else None
    if wrong := wrong_database(env):
        return Memory(url, database.silent(wrong[0]), None, key_id)
    before = clock.now()
    try:
        found = examine(url)
    except Missing as missing:
        return Memory(url, database.missing(str(missing)), None, key_id)
    except SQLAlchemyError as error:
        return Memory(url, database.silent(_words(error)), None, key_id)
    except Exception as error:  # the last line of defence
        log.exception("looking at the database broke")
        return Memory(url, database.silent(f"xacct broke: {type(error).__name__}"), None, key_id)
    return Memory(url, found, _time(found.at, before, clock), key_id)


def _time(at: datetime | None, before: datetime, clock: Clock) -> Told | None:
    return None if at is None else Told(at, before, clock.now())


def _words(error: SQLAlchemyError) -> str:
    words = str(error.orig if isinstance(error, DBAPIError) else error)
    return f"{' '.join(words.split())[:300]}"


def findings(
    memory: Memory, catalog: Catalog | None, accounts: Accounts | None
) -> Iterator[Finding]:
    """What is wrong with the database, and whether it is the one that AWS knows."""
    examined = memory.examined
    if isinstance(examined, Finding):
        yield examined
        return
    yield from database.findings(examined, key_id=memory.key_id)
    if catalog is None or accounts is None or examined.schema is not Schema.CURRENT:
        return
    try:
        yield from database.behind(run.beyond(memory.url, catalog, accounts.owners))
    except (Missing, SQLAlchemyError) as error:
        words = _words(error) if isinstance(error, SQLAlchemyError) else str(error)
        yield database.silent(words)


def secrets(settings: Settings, catalog: Catalog | None) -> list[str]:
    """Tokens, keys, passwords and external ids; the longest first."""
    held = [
        settings.slack_bot_token.reveal(),
        settings.slack_app_token.reveal(),
        settings.pagerduty_token.reveal(),
        settings.store.audit_key.reveal(),
        _password(settings.store.database_url.reveal()),
        _password(settings.store.migrations_url.reveal()),
    ]
    known = {one for one in held if len(one) >= _SHORTEST}
    known |= {one for one in _external_ids(catalog) if len(one) >= _SHORTEST_ID}
    return sorted(known, key=len, reverse=True)


def _password(url: str) -> str:
    try:
        return make_url(url).password or ""
    except ArgumentError:
        return url.rpartition("@")[0].rpartition(":")[2]


def _external_ids(catalog: Catalog | None) -> Iterable[str]:
    if catalog is None:
        return []
    home = catalog.grantee
    ids = [
        home.external_id,
        home.vendor_external_id,
        *(one.external_id for one in catalog.accounts),
    ]
    return [one for one in ids if one is not None]
