"""Walking along a part of the chain: does each row follow the one before it, as it was written?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    case,
    func,
    literal,
    null,
    select,
    type_coerce,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from db.audit import terms
from db.audit.chain import GENESIS
from db.audit.key import Key
from db.audit.scan import Span
from db.models import Audit

_AT_ONCE: Final = 2000  # rows in memory
_AS_TEXT: Final = 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'
_READ: Final = json.JSONDecoder().raw_decode
_TOLD: Final = itemgetter("number", "event", "actor", "request", "role", "at")
_RESTORED: Final = ("hold lifted", "restore")
"""The event, and its kind, by which an administrator took a database that knows less."""


@dataclass(frozen=True)
class Anchor:
    """How far the chain had come, as it was told outside of the database: the number of a row and
    the beginning of its hash. `at` is when it was told, None where that is not known.
    """

    number: int
    short: str
    place: str
    at: datetime | None = None


@dataclass
class Walked:
    """What was found on the way. `wrong` is the first row that is not as it was written.

    Keys are known by their place in the order in which they were used; times are texts, as in the
    rows. `gap` is in seconds: see `db.models.AuditHead`. `restored`: when an administrator
    accepted a restored database, and the last row that it had.
    """

    span: Span
    number: int
    hash: str
    wrong: int | None = None
    what: str = ""
    first_key: int | None = None
    key: int = 0
    latest: str = ""
    earliest: str = "9999"
    gap: float = 0.0
    restored: tuple[str, int] = ("", 0)
    kept: list[Anchor] = field(default_factory=list)
    lost: list[Anchor] = field(default_factory=list)


def walk(session: Session, key: Key, span: Span, anchors: Sequence[Anchor] = ()) -> Walked:
    """Walks along the rows of the span, the first of which follows the row before it."""
    walked = Walked(span, span.low - 1, _before(session, span.low))
    way = _Way(_Keys(key), _by_number(anchors))
    try:
        return _along(_rows(session, span), walked, way)
    except DBAPIError:
        if session.get_bind().dialect.name != "sqlite":
            raise
        return _one_by_one(session, walked, way)


@dataclass(frozen=True)
class _Way:
    keys: "_Keys"
    wanted: dict[int, list[Anchor]]


def _along(rows: Iterator[Any], walked: Walked, way: _Way) -> Walked:
    for row in rows:
        try:
            fault = _step(walked, row, way)
        except (
            AttributeError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
        ):  # who has the key wrote it
            fault = "says nothing that xacct writes"
        if fault is not None:
            return _broken(walked, fault)
    return walked


def _one_by_one(session: Session, walked: Walked, way: _Way) -> Walked:
    """SQLite keeps bytes that are no text in a column of texts: which row is it?"""
    for number in range(walked.number + 1, min(walked.span.high, walked.number + _AT_ONCE) + 1):
        try:
            _along(_rows(session, Span(number, number)), walked, way)
        except DBAPIError:
            return _broken(walked, "holds what is no text")
        if walked.wrong is not None:
            return walked
        if walked.number < number:
            return _broken(walked, "is missing")
    return _along(_rows(session, replace(walked.span, low=walked.number + 1)), walked, way)


def _step(walked: Walked, row: Any, way: _Way) -> str | None:
    """Goes on to a row; or says what is wrong with it."""
    number, text, found, size, key_id, before, signed, account, *columns = row
    if number != walked.number + 1:
        return "is missing"
    if fault := way.keys.fault(walked, number, text, key_id, before, signed):
        return fault
    content, _ = _READ(text)
    if fault := _differs(content, (number, *columns), account, found, size):
        return fault
    facts = content["facts"]
    restored = content["event"] == _RESTORED[0] and facts.get("kind") == _RESTORED[1]
    _time(walked, columns[-1])
    walked.number, walked.hash = number, signed
    if restored:
        walked.restored = columns[-1], int(facts.get("after") or 0)
    if way.wanted:
        _pass(walked, way.wanted.pop(number, ()))
    return None


class _Keys:
    def __init__(self, key: Key) -> None:
        self._keys = list(key)
        self._places = {one.id: place for place, one in enumerate(self._keys)}

    def fault(
        self, walked: Walked, number: int, text: str, key_id: str, *hashes: str
    ) -> str | None:
        """Why a row is not the next one, by the hash before it and its own; None: it is."""
        if (place := self._places.get(key_id)) is None:
            return f"was signed with a key that is not told here ({key_id})"
        if place < walked.key:
            return f"was signed with a key that had been replaced ({key_id})"
        before, own = hashes
        if before != walked.hash or self._keys[place].sign(before, text) != own:
            return _how(self._keys[place], number, text, before, own)
        if walked.first_key is None:
            walked.first_key = place
        walked.key = place
        return None


def _before(session: Session, low: int) -> str:
    if low == 1:
        return GENESIS
    query = select(Audit.hash).where(Audit.number == low - 1)
    try:
        return session.scalars(query).one_or_none() or ""
    except DBAPIError:  # which is said of the row itself, by who walks along it
        return ""


def _by_number(anchors: Sequence[Anchor]) -> dict[int, list[Anchor]]:
    found: dict[int, list[Anchor]] = {}
    for anchor in anchors:
        found.setdefault(anchor.number, []).append(anchor)
    return found


def _rows(session: Session, span: Span) -> Iterator[Any]:
    """The rows, their times and terms as texts: the time as in `entry.moment`. Of an array it is
    told how many terms are in it, too: one may hold spaces.
    """
    if session.get_bind().dialect.name == "sqlite":
        at: ColumnElement[str] = _moment_of_sqlite()
        found: ColumnElement[str] = type_coerce(Audit.terms, String)
        size: ColumnElement[Any] = null()
    else:
        at = func.to_char(func.timezone("UTC", Audit.at), _AS_TEXT)
        found = func.array_to_string(Audit.terms, " ", " ")
        size = func.cardinality(Audit.terms)
    low, high = literal(span.low, BigInteger), literal(span.high, BigInteger)
    query = (
        select(Audit.number, Audit.text, found, size, Audit.key_id, Audit.before, Audit.hash)
        .add_columns(Audit.account, Audit.event, Audit.actor, Audit.request_id, Audit.role, at)
        .where(Audit.number.between(low, high))
        .order_by(Audit.number)
        .execution_options(yield_per=_AT_ONCE)
    )
    with closing(session.execute(query)) as rows:
        yield from rows


def _moment_of_sqlite() -> ColumnElement[str]:
    """SQLite compares times as it keeps them: as text, with one space. Nothing else will do."""
    kept = type_coerce(Audit.at, String)
    read = func.replace(func.replace(kept, "T", "?"), " ", "T").concat("+00:00")
    return case((func.typeof(kept) == "text", read), else_="")


def _differs(
    content: Mapping[str, Any],
    columns: tuple[Any, ...],
    account: str | None,
    found: Any,
    size: int | None,
) -> str | None:
    if columns[:-1] != _TOLD(content)[:-1] or account != content.get("account"):
        return "has columns that differ from its text"
    if columns[-1] != content["at"]:
        return "has a time that differs from its text"
    told = content.get("terms") or terms.digest(" ".join(terms.of(content)))  # not told by form 1
    is_whole = isinstance(found, str) and size in (None, found.count(" ") + 1)
    if is_whole and terms.digest(found) == told:
        return None
    return "is not found by what its text says"


def _time(walked: Walked, at: str) -> None:
    datetime.fromisoformat(at)
    walked.earliest = min(walked.earliest, at)
    walked.gap = max(walked.gap, seconds_before(at, walked.latest))
    walked.latest = max(walked.latest, at)


def seconds_before(at: str, latest: str) -> float:
    """How much earlier the one time is than the other; 0 where it is not."""
    if at >= latest:
        return 0.0
    return (datetime.fromisoformat(latest) - datetime.fromisoformat(at)).total_seconds()


def _pass(walked: Walked, anchors: Sequence[Anchor]) -> None:
    for anchor in anchors:
        holds = walked.hash.startswith(anchor.short)
        (walked.kept if holds else walked.lost).append(anchor)


def _broken(walked: Walked, what: str) -> Walked:
    walked.wrong, walked.what = walked.number + 1, what
    return walked


def _how(key: Key, number: int, text: str, before: str, signed: str) -> str:
    """Why a row does not follow the one before it."""
    if signed != key.sign(before, text):
        return "was changed, or was not written by xacct"
    own = json.loads(text).get("number")
    if own != number:
        return f"is the row {own}, moved"
    return "does not follow the row before it, which is another than it was"
