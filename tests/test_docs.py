"""The documents name only what there is."""

import ast
import re
from pathlib import Path

import pytest

from bot.channels import Fault
from bot.command import TOPICS
from bot.terminal.arguments import parser
from db.audit.events import EVENTS
from db.lifecycle import RECORDED

HOUSE = Path(__file__).parents[1]
PAGES = sorted([*HOUSE.glob("*.md"), *(HOUSE / "docs").rglob("*.md")])
SETTINGS = {
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_API_URL",
    "XACCT_DATABASE_URL",
    "XACCT_MIGRATIONS_URL",
    "XACCT_CATALOG",
    "XACCT_AUDIT_KEY",
    "XACCT_AUDIT_OLDER_KEYS",
    "XACCT_PAGERDUTY_TOKEN",
    "XACCT_PAGERDUTY_URL",
}


def said(page: Path) -> str:
    return page.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    names = re.findall(r"`([\w./-]+\.(?:py|md|yaml|yml|toml|txt))`", said(page))
    ours = [name for name in names if "/" in name or (HOUSE / name).suffix != ".yaml"]
    rooms = (HOUSE, HOUSE / "workflows", HOUSE / "docs")

    assert [one for one in ours if not any((room / one).exists() for room in rooms)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", said(HOUSE / "Makefile"), re.MULTILINE))

    assert set(re.findall(r"`make ([a-z-]+)", said(page))) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(HOUSE)))
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", said(page))

    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_test_that_a_decision_leans_on_exists() -> None:
    tests = "\n".join(said(file) for file in (HOUSE / "tests").rglob("*.py"))
    for page in (HOUSE / "docs" / "decisions").glob("0*.md"):
        named = re.findall(r"`(test_\w+)`", said(page))

        assert [name for name in named if f"def {name}(" not in tests] == [], page.name
        assert "**Check.**" in said(page), page.name


def test_the_readme_explains_every_setting_and_no_other() -> None:
    assert (
        set(re.findall(r"^\| `([A-Z_]+)` \|", said(HOUSE / "README.md"), re.MULTILINE)) == SETTINGS
    )
    assert set(re.findall(r"[A-Z]+_[A-Z_]+", said(HOUSE / "bot" / "settings.py"))) >= SETTINGS


def test_the_readme_shows_every_command_that_slack_understands() -> None:
    shown = set(re.findall(r"^\| `/xacct ([\w-]+)", said(HOUSE / "README.md"), re.MULTILINE))

    assert shown - {"help"} == set(TOPICS)


def checks() -> set[str]:
    """What the doctor's findings are called, as the code that makes them spells it."""
    files = [*(HOUSE / "workflows/doctor").glob("*.py"), *(HOUSE / "bot/doctor").glob("*.py")]
    calls = [
        node.args[0]
        for file in files
        for node in ast.walk(ast.parse(said(file)))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") in ("red", "yellow", "Finding")
        and node.args
    ]
    words = [part for call in calls for part in ast.walk(call) if isinstance(part, ast.Constant)]
    plain = {str(one.value) for one in words} - {"channel-"}
    return plain | {f"channel-{fault}" for fault in Fault}


def test_the_page_of_operations_names_every_check_of_the_doctor_and_no_other() -> None:
    page = said(HOUSE / "docs" / "operations.md")
    table = page.partition("| checks | |")[2].partition("\n\n")[0]

    assert set(re.findall(r"`([a-z-]+)`", table)) == checks()


def recorded() -> set[str]:
    """The events that the code says, where it says them by name."""
    files = [one for room in ("bot", "workflows", "db") for one in (HOUSE / room).rglob("*.py")]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(said(file)))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in ("say", "_say")
        and getattr(node.args[0] if node.args else None, "id", "") == "session"
    ]
    words = [one.value for call in calls for one in call.args if isinstance(one, ast.Constant)]
    return {str(one) for one in words} | set(RECORDED.values())


def test_every_event_that_is_recorded_is_explained_to_auditors() -> None:
    page = said(HOUSE / "docs" / "audit.md").partition("| action | tells |")[2].partition("\n\n")[0]
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", page, re.MULTILINE))

    assert told == {name.replace(" ", "-"): tells for name, tells in EVENTS.items()}
    assert recorded() <= EVENTS.keys()


def test_every_verb_of_the_terminal_that_a_page_names_exists() -> None:
    verbs = set(re.findall(r"{([a-z,]+)}", parser().format_help().replace("\n", "")) or [""])
    known = set(",".join(verbs).split(",")) | set(
        re.findall(r"^    ([a-z]+) ", parser().format_help(), re.MULTILINE)
    )
    for page in PAGES:
        assert set(re.findall(r"`xacct ([a-z]+)", said(page))) <= known, page.name
