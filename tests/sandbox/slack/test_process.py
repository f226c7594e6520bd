import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack


def test_it_says_where_it_listens_and_sigterm_ends_it_well(tmp_path: Path) -> None:
    furniture = tmp_path / "workspace.json"
    furniture.write_text(
        json.dumps(
            {
                "users": [{"user_id": "UANN"}],
                "channels": [{"channel_id": "C1", "name": "one", "members": ["UANN"]}],
                "usergroups": [{"usergroup_id": "S1", "users": ["UANN"]}],
            }
        )
    )
    arguments = ["--clock", str(tmp_path / "clock"), "--workspace", str(furniture)]
    command = [sys.executable, "-m", "sandbox.slack", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        with urlopen(Request(f"{url}_sandbox/everything", data=b"{}")) as response:
            seen = json.load(response)
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=20) == 0
    assert url.startswith("http://127.0.0.1:")
    assert {"UANN"} <= seen["people"].keys()
    assert {"C1", "CGENERAL"} <= seen["channels"].keys()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.slack", "--clock", str(tmp_path / "clock")]
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, "--with-parent"], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        process.stdin.close()

        assert process.wait(timeout=20) == 0


def test_a_start_that_fails_is_told(tmp_path: Path) -> None:
    with SharedClock(tmp_path / "clock") as clock, SandboxSlack.start(clock) as first:
        port = int(first.api_url.split(":")[2].partition("/")[0])
        with pytest.raises(RuntimeError, match="did not start"):
            SandboxSlack.start(clock, port=port)


def test_stopping_twice_is_stopping_once(tmp_path: Path) -> None:
    with SharedClock(tmp_path / "clock") as clock:
        slack = SandboxSlack.start(clock)
        slack.stop()
        slack.stop()
