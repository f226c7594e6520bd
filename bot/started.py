"""What a start of xacct leaves in the audit log: that it started, and what it was told anew."""

import difflib
import importlib.metadata
import json
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from bot.settings import Settings
from db import audit
from db.session import Database
from db.store import told

LINES: Final = 500
"""Lines of a difference that are recorded; how many more there are is said."""


def record(database: Database, settings: Settings, catalog: str, *, at: datetime) -> None:
    """Records the start, and what is another catalog, other settings or another key than at the
    last one. `catalog` is its text.
    """
    with database.write() as session:
        _key(session, database.key, at)
        audit.say(session, "started", actor="xacct", at=at, version=version(), key=database.key.id)
        _changed(session, "catalog", catalog, at)
        _changed(session, "settings", json.dumps(settings.plain(), indent=1, sort_keys=True), at)


def version() -> str:
    """The version of xacct that is installed; `unknown` where it runs from a folder."""
    try:
        return importlib.metadata.version("xacct")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _key(session: Session, key: audit.Key, at: datetime) -> None:
    before = audit.newest_key(session)
    if before is not None and before != key.id:
        audit.say(session, "key replaced", actor="xacct", at=at, before=before, after=key.id)


def _changed(session: Session, name: str, text: str, at: datetime) -> None:
    before = told.replace(session, name, text)
    if before == text:
        return
    lines = list(
        difflib.unified_diff((before or "").splitlines(), text.splitlines(), lineterm="", n=0)
    )[2:]
    audit.say(
        session,
        f"{name} changed",
        actor="xacct",
        at=at,
        first=before is None,
        difference=lines[:LINES],
        more_lines=max(0, len(lines) - LINES),
    )
