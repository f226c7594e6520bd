"""The house stays in order: sizes, patches, sleeps, and nothing of anybody's machine."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
ROOMS = ("bot", "workflows", "db", "sandbox", "demo")
LONGEST_MODULE, LONGEST_TEST, LONGEST_FUNCTION = 300, 500, 40


def modules(*rooms: str) -> list[Path]:
    return sorted(file for room in rooms for file in (HOUSE / room).rglob("*.py"))


def lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def functions(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{file.relative_to(HOUSE)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1


def test_no_module_is_too_long_to_be_read_in_one_go() -> None:
    long = [str(f.relative_to(HOUSE)) for f in modules(*ROOMS) if lines(f) > LONGEST_MODULE]
    long += [str(f.relative_to(HOUSE)) for f in modules("tests") if lines(f) > LONGEST_TEST]

    assert long == []


def test_no_function_is_too_long_to_be_seen_at_once() -> None:
    found = (one for file in modules(*ROOMS) for one in functions(file))
    migrations = "db/migrations/versions/"

    assert [
        name
        for name, length in found
        if length > LONGEST_FUNCTION and not name.startswith(migrations)
    ] == []


@pytest.mark.parametrize(
    "banned", ["mock.patch", "monkeypatch.setattr", "time.sleep(", "pytest.skip", "xfail("]
)
def test_tests_use_real_parts_and_never_sleep_or_look_away(banned: str) -> None:
    here = Path(__file__)

    assert [str(f) for f in modules("tests") if banned in f.read_text() and f != here] == []


def test_no_file_names_a_path_of_anybodys_machine() -> None:
    machine = re.compile(r"(?<![A-Za-z0-9_.\-/])/(work|farm|root|home)/")
    rooms = (*ROOMS, "tests", "docs", "requirements", ".ci")
    texts = [*HOUSE.glob("[!.]*.*"), HOUSE / "Makefile", HOUSE / "Dockerfile"]
    texts += [file for room in rooms for file in (HOUSE / room).rglob("*")]

    assert [
        str(file.relative_to(HOUSE))
        for file in texts
        if file.is_file()
        and "__pycache__" not in file.parts
        and file != Path(__file__)
        and machine.search(file.read_text(errors="replace"))
    ] == []


def test_lock_files_name_no_download_addresses() -> None:
    locks = sorted((HOUSE / "requirements").glob("*.txt"))

    assert [lock.name for lock in locks] == ["demo.txt", "dev.txt", "run.txt"]
    assert [lock.name for lock in locks if re.search(r"https?://", lock.read_text())] == []


def test_the_product_and_its_tests_run_on_the_same_versions() -> None:
    pins = {
        lock: set(re.findall(r"^([a-z0-9_.-]+==[^ ;]+)", (HOUSE / lock).read_text(), re.MULTILINE))
        for lock in ("requirements/run.txt", "requirements/demo.txt", "requirements/dev.txt")
    }

    assert pins["requirements/run.txt"] <= pins["requirements/dev.txt"]
    assert pins["requirements/demo.txt"] <= pins["requirements/dev.txt"]
