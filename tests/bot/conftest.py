import io
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from tests.bot.office import PEOPLE, Office, Sandboxes
from tests.lab import slack_id


@pytest.fixture(scope="session")
def slack(clock: SharedClock) -> Iterator[SandboxSlack]:
    with SandboxSlack.start(clock) as slack:
        for name in PEOPLE:
            slack.add_user(slack_id(name), name=name)
        slack.add_user("U0STRANGER", name="stranger", team_id="T0ELSEWHERE")
        yield slack


@pytest.fixture
def offices(
    slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Callable[..., Office]]:
    """Opens an office as a test wants it (see Office), on a new SQLite file unless told."""
    with ExitStack() as closing:

        def opened(url: str = f"sqlite:///{tmp_path / 'office.db'}", **wanted: Any) -> Office:
            office = Office(Sandboxes(slack, aws, clock), url, **wanted)
            closing.callback(office.close)
            return office.open()

        yield opened


@pytest.fixture
def office(offices: Callable[..., Office]) -> Office:
    return offices()


@pytest.fixture
def make_stdin() -> Iterator[Callable[[str], None]]:
    before = sys.stdin

    def make(text: str) -> None:
        sys.stdin = io.StringIO(text)

    yield make
    sys.stdin = before
