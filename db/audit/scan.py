"""Reading rows by their terms, by the inverted index of either database."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import TextClause, func, select, text
from sqlalchemy.orm import Session

from db.audit.terms import EVERY
from db.models import Audit

FIRST: Final = 5000
"""Rows that PostgreSQL looks through one by one: what is frequent is found among them. What a page
is not filled with there is rare enough to be fetched by GIN, which knows no order.
"""

_COLUMNS: Final = "a.number, a.at, a.event, a.actor, a.request_id, a.role, a.text, a.key_id, a.hash"


@dataclass(frozen=True)
class Terms:
    """One term of each group stands in the row, and none of `none`."""

    groups: tuple[tuple[str, ...], ...] = ()
    none: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """Rows by number, both ends included."""

    low: int
    high: int

    def holds(self, number: int) -> bool:
        """Whether the row of that number is one of them."""
        return self.low <= number <= self.high


@dataclass(frozen=True)
class Found:
    """A row of the log."""

    number: int
    at: datetime
    event: str
    actor: str
    request_id: int | None
    role: str | None
    text: str
    key_id: str
    hash: str

    @property
    def content(self) -> dict[str, Any]:
        """What the text says. Of one that is not as xacct writes it, which `verify` names, number
        and `text`.
        """
        with suppress(ValueError, RecursionError):
            told = json.loads(self.text)
            if isinstance(told, dict) and isinstance(told.get("facts"), dict):
                return told
        return {"number": self.number, "text": self.text, "facts": {}}


def everything(session: Session) -> Span:
    """The whole log."""
    newest = session.scalars(select(func.max(Audit.number))).one()
    return Span(1, newest or 0)


def rows(
    session: Session,
    terms: Terms,
    span: Span,
    *,
    limit: int,
    up: bool = False,
    first: int = FIRST,
) -> list[Found]:
    """At most `limit` rows of the span with these terms, the newest first; `up`: the oldest.

    PostgreSQL looks through the `first` of the span one by one.
    """
    if span.high < span.low:
        return []
    if session.get_bind().dialect.name == "sqlite":
        return _sqlite(session, terms, span, limit=limit, up=up)
    return _postgres(session, terms, _split(span, first, up=up), limit=limit, up=up)


def _sqlite(session: Session, terms: Terms, span: Span, *, limit: int, up: bool) -> list[Found]:
    """FTS5 merges its lists in the order of the rows, as far as it must (SQLite, "FTS5")."""
    order = "ASC" if up else "DESC"
    statement = text(
        f"SELECT {_COLUMNS} FROM audit_terms AS f JOIN audit AS a ON a.number = f.rowid "  # noqa: S608
        "WHERE audit_terms MATCH :match AND f.rowid BETWEEN :low AND :high "
        f"ORDER BY f.rowid {order} LIMIT :limit"
    )
    asked = {"match": _match(terms), "low": span.low, "high": span.high, "limit": limit}
    return _read(session, statement, asked)


def _match(terms: Terms) -> str:
    groups = terms.groups or ((EVERY,),)
    wanted = " AND ".join(f"({_any(group)})" for group in groups)
    return f"({wanted}) NOT ({_any(terms.none)})" if terms.none else wanted


def _any(group: tuple[str, ...]) -> str:
    return " OR ".join('"{}"'.format(one.replace('"', '""')) for one in group)


def _postgres(
    session: Session, terms: Terms, parts: tuple[Span, Span], *, limit: int, up: bool
) -> list[Found]:
    """The first part one by one, then the rest by GIN alone."""
    where, asked = _conditions(terms)
    first, rest = parts
    found = _read(session, _statement("a.number", where, up=up), asked | _within(first, limit))
    if len(found) < limit and rest.low <= rest.high:
        only_by_bitmap(session, on=True)
        statement = _statement("a.number + 0", where, up=up)  # no index of numbers helps here
        found += _read(session, statement, asked | _within(rest, limit - len(found)))
        only_by_bitmap(session, on=False)
    return found


def _statement(number: str, where: str, *, up: bool) -> TextClause:
    order = "ASC" if up else "DESC"
    return text(
        f"SELECT {_COLUMNS} FROM audit AS a WHERE {number} BETWEEN :low AND :high {where} "  # noqa: S608
        f"ORDER BY {number} {order} LIMIT :limit"
    )


def _within(span: Span, limit: int) -> dict[str, int]:
    return {"low": span.low, "high": span.high, "limit": limit}


def _split(span: Span, first: int, *, up: bool) -> tuple[Span, Span]:
    if up:
        end = min(span.high, span.low + first - 1)
        return Span(span.low, end), Span(end + 1, span.high)
    begin = max(span.low, span.high - first + 1)
    return Span(begin, span.high), Span(span.low, begin - 1)


def only_by_bitmap(session: Session, *, on: bool) -> None:
    """PostgreSQL believes that a few rows of a kind come soon, and looks through all for them."""
    value = "off" if on else "on"
    session.execute(
        text(
            "SELECT set_config('enable_seqscan', :value, true), "
            "set_config('enable_indexscan', :value, true)"
        ),
        {"value": value},
    )


def _conditions(terms: Terms) -> tuple[str, dict[str, Any]]:
    single = [group[0] for group in terms.groups if len(group) == 1]
    parts: list[str] = []
    asked: dict[str, Any] = {}
    if single:
        parts.append("AND a.terms @> CAST(:single AS text[])")
        asked["single"] = single
    for position, group in enumerate(one for one in terms.groups if len(one) != 1):
        parts.append(f"AND a.terms && CAST(:group{position} AS text[])")
        asked[f"group{position}"] = list(group)
    if terms.none:
        parts.append("AND NOT a.terms && CAST(:none AS text[])")
        asked["none"] = list(terms.none)
    return " ".join(parts), asked


def _read(session: Session, statement: TextClause, asked: dict[str, Any]) -> list[Found]:
    typed = statement.columns(
        Audit.number,
        Audit.at,
        Audit.event,
        Audit.actor,
        Audit.request_id,
        Audit.role,
        Audit.text,
        Audit.key_id,
        Audit.hash,
    )
    return [Found(*row) for row in session.execute(typed, asked)]
