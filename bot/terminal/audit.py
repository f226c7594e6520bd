"""`xacct audit`: the log asked, read on and on, and checked."""

import argparse
import re
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, Final

from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from bot import exporting
from bot.command.doubt import Doubt
from bot.command.moments import Here
from bot.command.question import Asker, question, written
from bot.log_page import told_by
from bot.terminal import database
from bot.terminal.anchor import kept
from bot.terminal.masking import Console
from bot.terminal.who import who
from bot.told import Mistakes
from db import audit
from db.audit import names, search
from db.audit.parallel import several
from db.audit.question import Search
from db.audit.scan import Found
from db.session import Database
from workflows.clock import Clock

HOLDS: Final = 0
BROKEN: Final = 1
"""Exit codes of `xacct audit verify`."""

_LAST: Final = 20
_PAUSE: Final = 1.0  # seconds between two looks for new rows
_SEVERAL: Final = re.compile(r"\s-?(?:user|account|role|action|since|until|id):")
_AT_ONCE: Final = 1000
_FORMS: Final[dict[str, exporting.Form]] = {
    "csv": exporting.as_csv,
    "json": exporting.as_json_lines,
}


def show(said: argparse.Namespace, clock: Clock) -> int:
    """Answers a question. What reads only the beginning of the answer ends it without a word."""
    with suppress(BrokenPipeError), database.existing(clock) as found:
        _answer(said, found, clock)
        sys.stdout.flush()
    return 0


def _answer(said: argparse.Namespace, found: Database, clock: Clock) -> None:
    meant = _meant(said.question, clock.now())
    form = said.format or ("json" if said.follow else "table")
    if said.follow and form == "table":
        raise Mistakes("xacct cannot do this:", ["--follow goes on for ever, a table does not"])
    _record(found, "read the audit log", clock.now(), question=written(meant), form=form)
    if form == "table":
        said.last = said.last or _LAST
        rows = list(_rows(found, meant, said))
        shown = _table(rows) if rows else "The audit log has nothing of that kind."
        Console(markup=False, emoji=False).print(shown)
        return
    for line in _FORMS[form](_rows(found, meant, said)):
        sys.stdout.write(line)
        if said.follow:
            sys.stdout.flush()


def _rows(found: Database, meant: Search, said: argparse.Namespace) -> Iterator[Found]:
    """The rows that are there, the oldest first; then, where that is asked for, those that come.

    No view of the database is open while whoever reads them takes his time.
    """
    if said.last is not None and said.after is None:
        rows = _newest(found, meant, said.last)
        last = rows[-1].number if rows else _head(found)
        yield from rows
    else:
        rest = said.last
        last = said.after or 0
        while some := _after(found, meant, last, _AT_ONCE if rest is None else rest):
            yield from some
            last = some[-1].number
            rest = None if rest is None else rest - len(some)
    while said.follow:
        some = _after(found, meant, last, _AT_ONCE)
        yield from some
        last = some[-1].number if some else last
        if len(some) < _AT_ONCE:
            time.sleep(_PAUSE)


def _after(found: Database, meant: Search, number: int, limit: int) -> list[Found]:
    with _reading(found) as session:
        return search.after(session, meant, number, limit=min(limit, _AT_ONCE)) if limit else []


def _newest(found: Database, meant: Search, limit: int) -> list[Found]:
    """The newest rows, the oldest of them first."""
    with _reading(found) as session:
        return search.latest(session, meant, limit=limit)[::-1]


def _head(found: Database) -> int:
    with found.read() as session:
        return audit.head(session)[0]


def _meant(words: Sequence[str], now: datetime) -> Search:
    """Times are read in the zone of this machine. Raises Mistakes."""
    try:
        return question(" ".join(map(_quoted, words)), Asker(now, Here()))
    except Doubt as doubt:
        sentence = str(doubt).replace("/xacct ", "xacct ")
        raise Mistakes("xacct does not understand the question:", [sentence]) from None


def _quoted(word: str) -> str:
    """A word with spaces was quoted for the shell, which took its quotes away; or all of it was,
    as it would be asked in Slack.
    """
    if " " not in word or '"' in word or _SEVERAL.search(word):
        return word
    field, colon, value = word.partition(":")
    return f'{field}:"{value}"' if colon and field.lstrip("-").isalpha() else f'"{word}"'


def _table(rows: Sequence[Found]) -> Table:
    table = Table("no.", "UTC", "who", "what", "request", "role", "more")
    for row in rows:
        at = row.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        number = "" if row.request_id is None else f"#{row.request_id}"
        more = told_by(row.content["facts"])
        table.add_row(str(row.number), at, row.actor, row.event, number, row.role or "", more)
    return table


def verify(said: argparse.Namespace, clock: Clock) -> int:
    """0 when the chain holds; 1 when it does not, and where."""
    with database.existing(clock) as found:
        anchors = [audit.Anchor(number, short, "told here") for number, short in said.anchor]
        anchors += kept()
        walking = several(found.url.render_as_string(hide_password=False), found.key)
        with found.read() as session:
            verdict = audit.verify(session, found.key, anchors, walking=walking)
        sys.stdout.write("\n".join(_told(verdict, clock.now())) + "\n")
        facts = {"rows": verdict.rows, "wrong": verdict.wrong, "what": verdict.what}
        try:
            _record(found, "verified the audit log", clock.now(), **facts)
        except (Mistakes, SQLAlchemyError) as error:  # a log that was tampered with may take no row
            sys.stderr.write(f"That it was checked is not recorded. {error}\n")
    return HOLDS if verdict.wrong is None else BROKEN


def _record(found: Database, event: str, at: datetime, **facts: Any) -> None:
    """Raises Mistakes where xacct signs with another key, and SQLAlchemy's errors."""
    database.require_key(found)
    with found.write() as session:
        audit.say(session, event, actor=who(), at=at, **facts)


def _told(verdict: audit.Verdict, now: datetime) -> Iterator[str]:
    if verdict.wrong is None:
        yield (
            f"The audit log holds: {verdict.rows:,} rows, none changed, removed, put in or moved."
        )
    else:
        yield f"The audit log does NOT hold: row {verdict.wrong:,} {verdict.what}."
        yield f"Rows that hold in themselves: {verdict.rows:,}."
    yield from verdict.warnings
    if verdict.wrong is not None:
        return
    anchor = verdict.anchor
    if anchor is None:
        yield (
            "It was held against no anchor from outside of the database: rows cut off at its end, "
            "by who owns the database, would not show. A card tells one (`audit 1234 · 9f3a2b1c`): "
            "`xacct audit verify --anchor 1234:9f3a2b1c`."
        )
        return
    age = "" if anchor.at is None else f", made {_ago(anchor.at, now)} ago"
    yield (
        f"The newest anchor that it was held against is of row {anchor.number:,} ({anchor.place}"
        f"{age}). Rows behind that, cut off by who owns the database, would not show."
    )


def _ago(at: datetime, now: datetime) -> str:
    minutes = max(0, int((now - at).total_seconds() // 60))
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


@contextmanager
def _reading(found: Database) -> Iterator[Session]:
    """A view of the rows. Raises Mistakes where a `*` stands for too many names."""
    with found.read() as session:
        try:
            yield session
        except names.TooMany as many:
            raise Mistakes("xacct cannot answer this:", [str(many)]) from None
