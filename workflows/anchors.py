"""Anchors of the audit log outside the database: whoever writes another log cannot change these.

An anchor is the number and the hash of a row that was the newest. The bot puts it into a channel,
and into a bucket; `kept` reads back what is there, to be compared with the log. What the database
itself remembers of it says nothing: whoever changes the log can change that, too.
"""

import json
import re
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from db import models
from db.audit import Anchor
from db.session import Database
from db.store import anchors
from workflows.aws.objects import Objects
from workflows.aws.sessions import aws_session
from workflows.catalog.model import Catalog
from workflows.errors import Refused, Trouble

SHORT: Final = 8
"""Hex digits of a hash that people compare."""

NEWEST: Final = 20
"""Anchors that are read back whole, each a call of S3."""

_NAME: Final = re.compile(r"(?P<number>[0-9]{12,18})-(?P<short>[0-9a-f]{8})\.json")
_HASH: Final = re.compile(r"[0-9a-f]{64}")


def objects_of(catalog: Catalog) -> Objects | None:
    """The bucket of anchors, with xacct's own keys; None where the catalog names none. Asks nobody.

    Raises Trouble where boto3's settings do not do.
    """
    bucket = catalog.outside.bucket
    return None if bucket is None else Objects(aws_session(), bucket)


def ask(session: Session, by: str, at: datetime) -> models.Anchor:
    """Writes down the head because somebody asked for it: a Slack id, or who is at the terminal.

    It is put wherever the catalog says by the running xacct. Raises Refused.
    """
    made = anchors.make(session, day=None, by=by, at=at)
    if made is None:
        raise Refused("The audit log is empty: there is nothing to anchor yet.")
    return made


def daily(database: Database, catalog: Catalog, now: datetime) -> bool:
    """Writes down the head once a day, from midnight UTC on; whether it did so now.

    However many ask: a day has one. None where the catalog names no place for it.
    """
    if not catalog.outside.is_anywhere:
        return False
    day = now.astimezone(UTC).date().isoformat()
    with database.read() as session:
        if anchors.has_day(session, day):
            return False
    with database.write() as session:
        return anchors.make(session, day=day, by=anchors.XACCT, at=now) is not None


def store(objects: Objects, made: models.Anchor, installation: str) -> str:
    """Puts an anchor into the bucket; its address there. Raises Trouble.

    What is there already is not written over; if it says something else, that is a Trouble, too.
    """
    name = f"{made.number:012}-{made.hash[:SHORT]}.json"
    body = {
        "number": made.number,
        "hash": made.hash,
        "at": made.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        "installation": installation,
    }
    where = objects.bucket.address(f"{objects.bucket.prefix}{name}")
    if not objects.put(name, f"{json.dumps(body)}\n") and _said(objects.read(name)) != made.hash:
        raise Trouble("s3:PutObject", "Taken", f"{where} is there, and says something else")
    return where


def kept(objects: Objects, whole: int = NEWEST) -> list[Anchor]:
    """All anchors of the bucket, the newest first. `whole` of them are read, for their hashes; the
    names of the others say how these begin. Raises Trouble where the bucket cannot be listed.

    All, since who writes the log anew and waits has newer anchors that know his.
    """
    named = [(found, at) for name, at in objects.all() if (found := _NAME.fullmatch(name))]
    named.sort(key=lambda one: int(one[0]["number"]), reverse=True)
    return [
        _kept(objects, found, at, is_read=place < whole) for place, (found, at) in enumerate(named)
    ]


def _kept(objects: Objects, found: re.Match[str], put: datetime, *, is_read: bool) -> Anchor:
    """What an object says; its name says enough where it is not, or cannot be, read."""
    place = objects.bucket.address(f"{objects.bucket.prefix}{found[0]}")
    known = Anchor(int(found["number"]), found["short"], place, put.astimezone(UTC))
    if not is_read:
        return known
    try:
        text = objects.read(found[0])
    except Trouble:
        return known
    said = _said(text)
    if said is None or not said.startswith(known.short):
        return known
    return Anchor(known.number, said, place, _at(text) or known.at)


def _said(text: str) -> str | None:
    """The hash that an object's text says."""
    said = _parsed(text).get("hash")
    return said if isinstance(said, str) and _HASH.fullmatch(said) else None


def _at(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(str(_parsed(text).get("at"))).astimezone(UTC)
    except ValueError:
        return None


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
