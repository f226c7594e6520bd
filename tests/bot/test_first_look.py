"""At the start nothing is opened before AWS was looked at, and nothing keeps a closing waiting."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import running, wiring
from bot.running import Running
from db.lifecycle import State
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from tests.bot.office import Office, Sandboxes, settings
from tests.lab import Lab
from tests.workflows.odd import Answer, worker


class SlowStart(Office):
    """An office whose first look at AWS lasts until `go_on` is set."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.go_on, self.looking = threading.Event(), threading.Event()

        def members(call: Answer, *asked: Any) -> Any:
            self.looking.set()
            self.go_on.wait(60)
            return call(*asked)

        odd = worker(self.lab, members_of=members)
        self.world = replace(self.world, managers=odd.managers, looked=threading.Event())
        self.first = self.running
        told = settings(self.slack, database=str(self.lab.database.url))
        self.parts = wiring.parts(told, self.world, self.lab.vendor)
        self.running = Running(told, self.parts)
        self.starting = threading.Thread(target=self.running.start, args=[self.stopping])

    def close(self) -> None:
        self.go_on.set()
        self.stopping.set()
        self.starting.join(60)
        self.first.stop()
        super().close()


@pytest.fixture
def office(
    slack: SandboxSlack, aws: SandboxAws, clock: SharedClock, tmp_path: Path
) -> Iterator[SlowStart]:
    with ExitStack() as closing:
        url = f"sqlite:///{tmp_path / 'office.db'}"
        office = SlowStart(Sandboxes(slack, aws, clock), url)
        closing.callback(office.close)
        yield office


def people(lab: Lab) -> None:
    """Bob, who approves, is asked about in the sandbox's Slack; the lab says the same of him."""
    for name in ("alice", "bob", "carol"):
        lab.people[lab.person(name).user] = replace(lab.person(name), team=lab.catalog.team)


def test_until_the_first_look_is_over_only_closings_are_paid(office: SlowStart) -> None:
    lab = office.lab
    people(lab)
    open_one = lab.lend("alice")
    waiting = lab.ask("carol")
    lab.approve(waiting, "bob", pay=False)
    lab.revoke(open_one, "bob", pay=False)
    assert running.FIRST_LOOK >= 10

    office.starting.start()

    office.until(lambda: lab.row(open_one).state is State.ENDED, "the closing")
    assert office.looking.wait(20)
    assert lab.row(waiting).state is State.APPROVED
    assert lab.visit("carol").answer == "AccessDenied"
    office.go_on.set()
    office.until(lambda: lab.row(waiting).state is State.ACTIVE, "the opening")


def test_it_can_be_stopped_while_it_looks(office: SlowStart) -> None:
    office.starting.start()
    assert office.looking.wait(20)

    office.stopping.set()

    office.starting.join(20)
    assert not office.starting.is_alive()
