"""The audit chain: every attempt is a row, in the transaction that it belongs to.

A row's canonical text is stored and hashed as it is, keyed, together with the hash of the row
before it. Entries said during a transaction are written at its very end, when the one head row is
locked, so the order is total however many writers there are.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import Audit, AuditHead, Request

GENESIS: Final = "0" * 64
"""What stands before the first row."""

_SAID: Final = "audit entries said in this transaction"
_SEALED: Final = "the head of the chain that this transaction left"


@dataclass(frozen=True)
class Key:
    """The secret of the chain. Its repr shows only the id that rows carry."""

    secret: bytes

    @property
    def id(self) -> str:
        """Names the key in a row without telling anything of it."""
        return hashlib.sha256(b"xacct audit key id\n" + self.secret).hexdigest()[:8]

    def __repr__(self) -> str:
        return f"Key({self.id})"

    def sign(self, before: str, text: str) -> str:
        """The hash of a row: HMAC-SHA-256 over the hash before it and its text, 64 hex digits."""
        return hmac.new(self.secret, f"{before}\n{text}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Entry:
    """One thing to be recorded. `facts` must be JSON and must never hold a secret."""

    at: datetime
    event: str
    actor: str
    request_id: int | None
    role: str | None
    facts: Mapping[str, Any]

    def text(self, number: int) -> str:
        """The canonical text of this entry as row `number`."""
        return json.dumps(
            {
                "number": number,
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "event": self.event,
                "actor": self.actor,
                "request": self.request_id,
                "role": self.role,
                "facts": dict(self.facts),
            },
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )


def say(
    session: Session,
    event: str,
    *,
    actor: str,
    at: datetime,
    request: Request | None = None,
    role: str | None = None,
    **facts: Any,
) -> None:
    """Records `event` when, and only when, this transaction commits.

    `actor` is a Slack id, or `xacct` for the bot's own doing.
    """
    entry = Entry(
        at=at,
        event=event,
        actor=actor,
        request_id=request.id if request else None,
        role=request.role if request else role,
        facts=facts,
    )
    session.info.setdefault(_SAID, []).append(entry)


def seal(session: Session, key: Key) -> None:
    """Writes what was said in this transaction to the end of the chain, just before the commit."""
    said: list[Entry] = session.info.pop(_SAID, [])
    if not said:
        return
    session.flush()
    head = session.scalars(select(AuditHead).with_for_update()).one()
    for entry in said:
        number, text = head.number + 1, entry.text(head.number + 1)
        signed = key.sign(head.hash, text)
        session.add(
            Audit(
                number=number,
                at=entry.at,
                event=entry.event,
                actor=entry.actor,
                request_id=entry.request_id,
                role=entry.role,
                text=text,
                key_id=key.id,
                before=head.hash,
                hash=signed,
            )
        )
        head.number, head.hash = number, signed
    session.info[_SEALED] = head.number, head.hash


def forget(session: Session) -> None:
    """Drops what was said, for a transaction that rolls back."""
    session.info.pop(_SAID, None)


def sealed(session: Session) -> tuple[int, str] | None:
    """Number and hash of the last row that a committed transaction wrote; None: it wrote none."""
    found: tuple[int, str] | None = session.info.get(_SEALED)
    return found


def head(session: Session) -> tuple[int, str]:
    """The newest number and hash."""
    at_head = session.scalars(select(AuditHead)).one()
    return at_head.number, at_head.hash


def holds(session: Session, number: int, short: str) -> bool:
    """Whether row `number` is there, with a hash that begins so (nothing stands before row 1)."""
    if number == 0:
        return GENESIS.startswith(short)
    found = session.scalars(select(Audit.hash).where(Audit.number == number)).one_or_none()
    return found is not None and found.startswith(short)


@dataclass(frozen=True)
class Verdict:
    """How far the chain holds: `rows` checked, the first row that is wrong, and what is wrong."""

    rows: int
    wrong: int | None = None
    what: str | None = None


def verify(session: Session, key: Key) -> Verdict:
    """Reads the chain from its first row to its head and says where it first breaks, if it does."""
    head = session.scalars(select(AuditHead)).one()  # first: rows written meanwhile come after it
    query = select(Audit).order_by(Audit.number).execution_options(yield_per=1000)
    before, expected, at_head = GENESIS, 1, GENESIS
    with closing(session.scalars(query)) as rows:
        for row in rows:
            if row.number != expected:
                return Verdict(expected - 1, expected, "is missing")
            if fault := _fault(row, before, key):
                return Verdict(expected - 1, expected, fault)
            before, expected = row.hash, expected + 1
            if row.number == head.number:
                at_head = row.hash
    if head.number >= expected or head.hash != at_head:
        return Verdict(expected - 1, expected, "is missing: the chain was cut at its end")
    return Verdict(expected - 1)


def _fault(row: Audit, before: str, key: Key) -> str | None:
    if row.key_id != key.id:
        return f"was signed with another key ({row.key_id})"
    if row.before != before or not hmac.compare_digest(row.hash, key.sign(before, row.text)):
        return "was changed"
    entry = json.loads(row.text)
    columns = (row.number, row.event, row.actor, row.request_id, row.role)
    if columns != tuple(entry[k] for k in ("number", "event", "actor", "request", "role")):
        return "has columns that differ from its text"
    if datetime.fromisoformat(entry["at"]) != row.at:
        return "has a time that differs from its text"
    return None
