"""Rows of the audit log as CSV and as JSON, one by one: a file never stands whole in memory."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from db.audit.entry import canonical
from db.audit.scan import Found

Form = Callable[[Iterable[Found]], Iterator[str]]
"""Rows as pieces of a text."""

COLUMNS: Final = (
    "number",
    "at",
    "event",
    "actor",
    "email",
    "identity",
    "request",
    "requester",
    "account",
    "account_id",
    "role",
    "grantee",
    "session",
    "facts",
    "hash",
)
_FORMULA: Final = (*"=+-@\t\r\n", *"＝＋－＠")  # noqa: RUF001  some read wide ones, too
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""


def as_csv(rows: Iterable[Found]) -> Iterator[str]:
    """Lines of a table with a heading. A cell that a spreadsheet would calculate begins with `'`.

    Raises nothing of its own; what a row lacks is an empty cell.
    """
    yield _line(COLUMNS)
    for row in rows:
        told = content(row)
        yield _line(_cell(told.get(name)) for name in COLUMNS)


def as_json(rows: Iterable[Found]) -> Iterator[str]:
    """One array of objects, a line each."""
    before = "[\n"
    for row in rows:
        yield f"{before}{canonical(content(row))}"
        before = ",\n"
    yield "\n]\n" if before == ",\n" else "[]\n"


def as_json_lines(rows: Iterable[Found]) -> Iterator[str]:
    """An object a line."""
    return (f"{canonical(content(row))}\n" for row in rows)


def content(row: Found) -> dict[str, Any]:
    """The row's text as values, with the key it is signed with, and its hash."""
    return {**row.content, "key": row.key_id, "hash": row.hash}


FORMS: Final[Mapping[str, Form]] = {
    "csv": as_csv,
    "json": as_json,
}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else canonical(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: Iterable[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()
