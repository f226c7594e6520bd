"""The demo plays fourteen steps against real processes, and can fail."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from demo.__main__ import CATALOG, main
from demo.scene import headline
from sandbox.clock import SharedClock
from sandbox.slack.values import Message

HOUSE = Path(__file__).parents[2]
DEMO = (sys.executable, "-m", "demo")


def steps_of(told: str) -> list[int]:
    return [int(number) for number in re.findall(r"^ [ \d]\d (?=\S)", told, re.MULTILINE)]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(folder), "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


def catalog_with(old: str, new: str) -> str:
    text = CATALOG.read_text()
    assert old in text
    return text.replace(old, new)


def test_all_fourteen_steps_are_as_expected_and_nothing_is_left(tmp_path: Path) -> None:
    done = subprocess.run(
        DEMO, cwd=HOUSE, env=environment(tmp_path), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert steps_of(done.stdout) == list(range(1, 15))
    counted = re.search(r"^(\d+ checks) in (14 steps), all as expected", done.stdout, re.MULTILINE)
    assert counted is not None
    assert f"{counted[2]} with {counted[1]}" in (HOUSE / "README.md").read_text()
    assert max(map(len, done.stdout.splitlines())) <= 100
    assert list(tmp_path.iterdir()) == []


def test_an_alert_in_the_channel_is_not_taken_for_a_card() -> None:
    section = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*Active* until 17:00\nby dave"},
    }
    alert = Message("C0APPROVALS", "1.0", "U0BOT", "Break-glass", blocks=[section])

    assert headline(alert) == ""
    assert headline(replace(alert, blocks=[section, {"type": "actions"}, section])) == (
        "Active until 17:00"
    )


def test_a_bot_that_does_not_start_fails_the_demo_with_its_last_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    catalog = catalog_with("team: T0SANDBOX", "team: T0ELSEWHERE")

    assert main([], catalog=catalog) == 1

    told = capsys.readouterr().out
    assert "The bot ended by itself, with exit code 2." in told
    assert "The catalog is for another Slack workspace" in told


def test_a_catalog_with_mistakes_is_told_before_anything_starts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([], catalog=catalog_with("version: 1", "version: 7")) == 1

    assert "version" in capsys.readouterr().out


def test_the_shared_clock_is_moved_from_the_terminal(tmp_path: Path) -> None:
    with SharedClock(tmp_path / "clock") as clock:
        move = (sys.executable, "-m", "demo.move", str(clock.path))

        done = subprocess.run([*move, "1h30m"], cwd=HOUSE, capture_output=True, check=False)
        assert done.returncode == 0
        assert clock.offset == timedelta(hours=1, minutes=30).total_seconds()

        for wrong in ("soon", "90"):
            done = subprocess.run([*move, wrong], cwd=HOUSE, capture_output=True, check=False)
            assert done.returncode == 2
