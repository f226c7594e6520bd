"""`xacct doctor`: a house that is as it must be has no finding, and each fault is named."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from tests.bot.office import PEOPLE
from tests.bot.sick import Patient
from tests.lab import slack_id

HOUSE = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def slack(clock: SharedClock) -> Iterator[SandboxSlack]:
    manifest = HOUSE / "slack-app-manifest.yaml"
    with SandboxSlack.start(clock, manifest=manifest) as slack:
        for name in PEOPLE:
            slack.add_user(slack_id(name), name=name)
        yield slack


@pytest.fixture
def patient(slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Patient:
    return Patient(slack, aws, clock, tmp_path)


def test_a_house_that_is_as_it_must_be_has_no_finding(patient: Patient) -> None:
    code, out, err = patient.types()

    assert (code, err) == (0, ""), out
    assert "Red: 0. Yellow: 0." in out
