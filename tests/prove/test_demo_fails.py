"""The demo can fail: at the very step that is not as it must be; and stopped, it leaves nothing."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

from demo.__main__ import INTERRUPTED, main
from tests.demo.test_story import DEMO, HOUSE, catalog_with, environment, steps_of


def test_with_mallory_among_the_approvers_the_demo_fails_at_her_click(
    capsys: pytest.CaptureFixture[str],
) -> None:
    catalog = catalog_with("[U0ALICE, U0BOB]", "[U0ALICE, U0BOB, U0MALLORY]")

    assert main([], catalog=catalog) == 1

    told = capsys.readouterr().out
    assert steps_of(told) == [1, 2, 3, 4]
    assert "NOT as expected: step 4: mallory clicks Approve" in told
    assert re.search(r"AssumeRole prod-payments/admin +AWS +ok at try \d+ +NO", told)


def test_a_role_without_session_end_fails_the_demo_when_the_time_is_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    catalog = catalog_with("  max_duration: 4h\n", "  max_duration: 4h\n  session_end: false\n")

    assert main([], catalog=catalog) == 1

    told = capsys.readouterr().out
    assert "NOT as expected: step 7: alice's live session: ListObjects" in told


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, INTERRUPTED), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle_it_leaves_nothing(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        DEMO, cwd=HOUSE, env=environment(tmp_path), stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        told = iter(demo.stdout.readline, "")
        assert any(line.startswith("  3 ") for line in told)
        (folder,) = tmp_path.iterdir()

        demo.send_signal(number)

        assert demo.wait(60) == code
    assert list(tmp_path.iterdir()) == []
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert not any(str(folder).encode() in line for line in running)
