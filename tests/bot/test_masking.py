"""`--mask`: every command takes it, and whatever a command shows, no account id is whole."""

import argparse
import io
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from bot.__main__ import main
from bot.terminal import masking
from bot.terminal.arguments import parser
from tests.workflows.catalog import build

OWNER = "444455556666"
KEY = "0" * 32
ARGUMENTS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("rules", "explain"): ("alice", "prod-payments", "admin"),
    ("setup", "render"): ("--format", "terraform"),
}


def commands(one: argparse.ArgumentParser, way: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each command of the terminal, by its words."""
    below = masking.children(one)
    if not below or way == ("audit",):  # which has a verb of its own, and one below it
        yield way
    for word, inner in below.items():
        yield from commands(inner, (*way, word))


COMMANDS = sorted(commands(parser()))


def shown(*words: str) -> tuple[int, str]:
    """The exit code of a command, and all that it wrote."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as error:
        code = main(words)
    return code, out.getvalue() + error.getvalue()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "xacct.yaml"
    file.write_text(build.text())
    monkeypatch.setenv("XACCT_CATALOG", str(file))
    monkeypatch.setenv("XACCT_AUDIT_KEY", KEY)
    monkeypatch.setenv("XACCT_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    return file


def test_commands_of_every_verb_are_known_here() -> None:
    assert len(COMMANDS) > 15
    assert {way[0] for way in COMMANDS} == set(masking.children(parser()))


@pytest.mark.parametrize("way", COMMANDS, ids=" ".join)
def test_every_command_takes_the_flag_before_its_words_and_after(way: tuple[str, ...]) -> None:
    needed = ARGUMENTS.get(way, ())

    for words in ((*way, *needed, "--mask"), ("--mask", *way, *needed), (*way, *needed, "--mas")):
        parser().parse_args(words)
        assert masking.is_asked(words)


def test_ids_in_mistakes_of_the_catalog_are_hidden(file: Path) -> None:
    file.write_text(build.text(accounts=[build.PAYMENTS, build.PAYMENTS]))

    bare, told = shown("catalog", "check")
    code, said = shown("catalog", "check", "--mask")

    assert (bare, OWNER in told) == (2, True)
    assert (code, OWNER in said, "44********66 is taken" in said) == (2, False, True)


def test_a_process_hides_them_too(file: Path) -> None:
    file.write_text(build.text(accounts=[build.PAYMENTS, build.PAYMENTS]))

    ended = subprocess.run(
        [sys.executable, "-m", "bot", "catalog", "check", str(file), "--mask"],
        check=False,
        capture_output=True,
        text=True,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "44********66 is taken" in ended.stderr
    assert OWNER not in ended.stderr


def test_ids_are_hidden_in_a_table_whose_cells_are_folded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for width in range(20, 60, 3):
        monkeypatch.setenv("COLUMNS", str(width))
        with redirect_stdout(io.StringIO()) as out, masking.shown(hides=True):
            table = Table()
            table.add_column("role", overflow="fold")
            table.add_row(build.user("role/ci"))
            masking.Console().print(table)
        told = "".join(one for one in out.getvalue() if one.isdigit() or one == "*")
        assert told == "11********33"


def test_what_a_person_reads_and_what_a_program_reads_are_hidden_alike(file: Path) -> None:
    file.write_text(build.text(accounts=[build.PAYMENTS | {"aliases": [f"was {OWNER}"]}]))

    code, plain = shown(
        "rules", "explain", "U0ALICE", f"was {OWNER}", "nothing", "--json", "--mask"
    )

    assert (code, OWNER in plain) == (2, False)


def test_a_fault_is_shown_with_its_traceback_and_without_ids() -> None:
    with redirect_stderr(io.StringIO()) as error, masking.shown(hides=True) as outcome:
        raise RuntimeError(f"arn:aws:iam::{OWNER}:role/admin")

    assert outcome.code == 1
    assert "Traceback" in error.getvalue()
    assert "RuntimeError: arn:aws:iam::44********66:role/admin" in error.getvalue()


def test_what_is_logged_is_hidden_by_whichever_thread() -> None:
    with redirect_stderr(io.StringIO()) as error, masking.shown(hides=True):
        log = logging.getLogger("of a command")
        log.addHandler(handler := logging.StreamHandler())
        log.warning("by the command: %s", OWNER)
        worker = threading.Thread(target=lambda: log.error("by a worker: %s", OWNER))
        worker.start()
        worker.join()
        log.removeHandler(handler)

    assert OWNER not in error.getvalue()
    assert error.getvalue().count("44********66") == 2


def test_without_the_flag_nothing_is_hidden_and_a_fault_is_python_s_own() -> None:
    with pytest.raises(ZeroDivisionError), masking.shown(hides=False):
        raise ZeroDivisionError


@given(st.lists(st.integers(0, 40)), st.integers(0, 3))
def test_an_id_is_hidden_however_it_is_torn_into_writes(cuts: list[int], newlines: int) -> None:
    text = json.dumps({"arn": f"arn:aws:iam::{OWNER}:role/x"}) + "\n" * newlines
    places = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]

    with redirect_stdout(io.StringIO()) as out, masking.shown(hides=True):
        for begin, end in pairwise(places):
            sys.stdout.write(text[begin:end])

    assert out.getvalue() == text.replace(OWNER, "44********66")


@pytest.mark.parametrize("text", ["1234567890123", "12345678901", "2026-11-29 10:00:00"])
def test_other_numbers_are_left_as_they_are(text: str) -> None:
    assert masking.masked(text) == text


def test_files_that_are_written_for_others_keep_the_ids_that_they_need(
    file: Path, tmp_path: Path
) -> None:
    bot = build.user("role/xacct-ctl/xacct-bot")
    file.write_text(build.text(bot=bot))
    out = tmp_path / "rendered"

    code, said = shown("setup", "render", "--format", "terraform", "--out", str(out), "--mask")

    assert code == 0, said
    assert OWNER not in said
    assert any(OWNER in one.read_text() for one in out.rglob("*") if one.is_file())
