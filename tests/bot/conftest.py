from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from tests.bot.office import PEOPLE, Office
from tests.lab import slack_id


@pytest.fixture(scope="session")
def slack(clock: SharedClock) -> Iterator[SandboxSlack]:
    with SandboxSlack.start(clock) as slack:
        for name in PEOPLE:
            slack.add_user(slack_id(name), name=name)
        slack.add_user("U0STRANGER", name="stranger", team_id="T0ELSEWHERE")
        yield slack


@pytest.fixture
def office(
    slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[Office]:
    office = Office(slack, aws, clock, tmp_path).open()
    yield office
    office.close()
