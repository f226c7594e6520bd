"""Rows as CSV and JSON: nothing in a file is calculated, and no file stands whole in memory."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import pytest

from bot import exporting
from db.audit import About, Actor, Entry
from db.audit.entry import canonical
from db.audit.scan import Found

NOW = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)


def row(number: int = 1, **facts: object) -> Found:
    entry = Entry(NOW, "refused", Actor("U1"), About(request=7, role="prod/admin"), facts)
    text = canonical(entry.content(number))
    return Found(number, NOW, "refused", "U1", 7, "prod/admin", text, "0a1b2c3d", "f" * 64)


@pytest.mark.parametrize("begin", [*"=+-@\t\r\n＝＋－＠"])  # noqa: RUF001  wide
def test_no_cell_begins_like_a_formula(begin: str) -> None:
    hostile = f'{begin}HYPERLINK("https://evil.example","x")'
    entry = Entry(
        NOW, hostile, Actor(hostile, hostile, hostile), About(role=hostile), {"a": hostile}
    )
    text = canonical(entry.content(1))
    found = Found(1, NOW, hostile, hostile, None, hostile, text, "k", "h")

    (_, cells) = csv.reader(io.StringIO("".join(exporting.as_csv([found])), newline=""))

    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert f"'{hostile}" in cells  # it is all there, and harmless


def test_a_number_stays_a_number_and_what_is_missing_is_empty() -> None:
    (told,) = csv.DictReader(io.StringIO("".join(exporting.as_csv([row(12)]))))

    assert told["number"] == "12"
    assert told["request"] == "7"
    assert told["email"] == ""
    assert told["hash"] == "f" * 64


def test_quotes_commas_and_lines_come_back_as_they_were() -> None:
    reason = 'He said "no", then\nleft; ünïcode 😀'

    text = "".join(exporting.as_csv([row(reason=reason)]))

    (told,) = csv.DictReader(io.StringIO(text, newline=""))
    assert json.loads(told["facts"])["reason"] == reason


def test_what_no_database_takes_is_recorded_all_the_same() -> None:
    assert json.loads(row(reason="half \ud83d of a letter").text)["facts"]["reason"] == (
        "half ? of a letter"
    )


def test_json_is_one_array_whatever_is_in_it() -> None:
    for count in (0, 1, 3):
        rows = [row(number) for number in range(count)]
        found = json.loads("".join(exporting.as_json(rows)))
        assert [one["number"] for one in found] == list(range(count))


def test_json_lines_are_an_object_a_line() -> None:
    lines = list(exporting.as_json_lines([row(1, reason="a\nb"), row(2)]))

    assert [json.loads(line)["number"] for line in lines] == [1, 2]
    assert all(line.count("\n") == 1 for line in lines)


@pytest.mark.parametrize("form", [exporting.as_csv, exporting.as_json, exporting.as_json_lines])
def test_a_file_of_any_length_takes_no_more_memory(form: exporting.Form) -> None:
    def rows(count: int) -> Iterator[Found]:
        return (row(number, reason="x" * 500) for number in range(count))

    for _ in islice(form(rows(100)), 100):  # what is made once
        pass
    tracemalloc.start()
    for _ in form(rows(4_000)):
        pass
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 200_000  # bytes; the rows are 3 million
