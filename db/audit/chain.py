"""Writing: every attempt is a row, in the transaction that it belongs to.

A row's canonical text is stored and hashed as it is, keyed, together with the hash of the row
before it. Entries said during a transaction are written at its very end, when the one head row is
locked, so the order is total however many writers there are.
"""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.audit import terms
from db.audit.entry import About, Actor, Entry, canonical
from db.audit.key import Key
from db.models import Audit, AuditHead, Request

GENESIS: Final = "0" * 64
"""What stands before the first row."""

_SAID: Final = "audit entries said in this transaction"
_KNOWN: Final = "who acts in this transaction, by id"
_SEALED: Final = "the head of the chain that this transaction left"


def know(session: Session, actor: Actor) -> None:
    """From here on, what this transaction says of `actor.id` carries who that is."""
    session.info.setdefault(_KNOWN, {})[actor.id] = actor


def say(
    session: Session,
    event: str,
    *,
    actor: str,
    at: datetime,
    request: Request | None = None,
    role: str | None = None,
    account: str | None = None,
    **facts: Any,
) -> None:
    """Records `event` when, and only when, this transaction commits.

    `actor` is an id as in `Actor`. What is about no request is about a `role` (`account/name`) or
    an `account` (12 digits).
    """
    known: dict[str, Actor] = session.info.get(_KNOWN, {})
    entry = Entry(
        at=at,
        event=event,
        actor=known.get(actor) or Actor(actor),
        about=About.of(request) if request else About(role=role, account_id=account),
        facts=facts,
    )
    session.info.setdefault(_SAID, []).append(entry)


@dataclass
class _Head:
    """The head row, as `db.models.AuditHead` has it."""

    number: int
    hash: str
    latest: datetime | None
    gap: float


_LOG: Final[Any] = Audit.__table__
_HEADS: Final[Any] = AuditHead.__table__
_LOCK: Final = select(*(_HEADS.c[one.name] for one in fields(_Head))).with_for_update()
_WRITE: Final = _LOG.insert()
_MOVE: Final = _HEADS.update().values(
    {one.name: bindparam(f"head_{one.name}") for one in fields(_Head)}
)
_WRITE_AND_MOVE: Final = _WRITE.add_cte(_MOVE.returning(_HEADS.c.id).cte("moved"))
"""Made once: this is the end of every transaction, and what others wait for. Most write one row,
for which PostgreSQL need be asked one time less.
"""


def seal(session: Session, key: Key) -> None:
    """Writes what was said in this transaction to the end of the chain, just before the commit."""
    said: list[Entry] = session.info.pop(_SAID, [])
    if not said:
        return
    session.flush()
    connection = session.connection()
    head = _Head(*connection.execute(_LOCK).one())
    rows = _rows(head, said, key)
    moved = {f"head_{name}": value for name, value in asdict(head).items()}
    if len(rows) == 1 and connection.dialect.name == "postgresql":
        connection.execute(_WRITE_AND_MOVE, rows[0] | moved)
    else:
        connection.execute(_WRITE, rows if len(rows) > 1 else rows[0])
        connection.execute(_MOVE, moved)
    session.info[_SEALED] = head.number, head.hash


def _rows(head: _Head, said: list[Entry], key: Key) -> list[dict[str, Any]]:
    """The rows of these entries, behind the head, which moves on to the last of them."""
    rows: list[dict[str, Any]] = []
    for entry in said:
        number = head.number + 1
        content = entry.content(number)
        found = terms.of(content)
        text = canonical(content | {"terms": terms.digest(" ".join(found))})
        signed = key.sign(head.hash, text)
        rows.append(
            {
                "number": number,
                "at": entry.at,
                "event": entry.event,
                "actor": entry.actor.id,
                "request_id": entry.about.request,
                "role": entry.about.role,
                "account": entry.about.account,
                "terms": found,
                "text": text,
                "key_id": key.id,
                "before": head.hash,
                "hash": signed,
            }
        )
        latest = head.latest or entry.at
        head.gap = max(head.gap, (latest - entry.at).total_seconds())
        head.latest = max(latest, entry.at)
        head.number, head.hash = number, signed
    return rows


def forget(session: Session) -> None:
    """Drops what was said, for a transaction that rolls back."""
    session.info.pop(_SAID, None)
    session.info.pop(_KNOWN, None)


def sealed(session: Session) -> tuple[int, str] | None:
    """Number and hash of the last row that a committed transaction wrote; None: it wrote none."""
    found: tuple[int, str] | None = session.info.get(_SEALED)
    return found


def head(session: Session) -> tuple[int, str]:
    """The newest number and hash."""
    number, signed = session.execute(select(AuditHead.number, AuditHead.hash)).one()
    return number, signed


def newest_key(session: Session) -> str | None:
    """The id of the key that the newest row is signed with; None while there is no row."""
    query = select(Audit.key_id).order_by(Audit.number.desc()).limit(1)
    return session.scalars(query).one_or_none()


def holds(session: Session, number: int, short: str) -> bool:
    """Whether row `number` is there, with a hash that begins so (nothing stands before row 1)."""
    if number == 0:
        return GENESIS.startswith(short)
    found = session.scalars(select(Audit.hash).where(Audit.number == number)).one_or_none()
    return found is not None and found.startswith(short)
