"""One loan from Approve to its end, measured at the door: with the engineer's own keys."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import nan
from time import monotonic
from typing import Any, Final

from botocore.exceptions import ClientError
from rich.console import Console

from db.lifecycle import State
from db.session import Database
from db.store import requests
from demo.accounts import LONGEST_SESSION, bucket
from demo.scene import Scene, number_of, slack_id
from demo.stage import Stage
from demo.telling import Telling
from sandbox.aws.process import Keys
from sandbox.slack.process import NeverSeen
from sandbox.slack.values import Message, Reply
from tests.bench import calls
from tests.bench.catalogs import APPROVER
from tests.bench.figures import Cpu
from workflows.catalog.model import Role

PATIENCE: Final = 30.0
UNKNOWN_AGAIN: Final = timedelta(seconds=61)
"""After this nobody's identity is known any more: Slack is asked who somebody is anew."""


@dataclass(frozen=True)
class Taken:
    """What one opening, or one ending, took.

    `seconds` until AWS let him in, or put him out; `aws` and `slack`: calls in sequence until then,
    which took `others` seconds. `calls` are all there were until the card said what it came to, and
    `cpu` what the bot worked.
    """

    seconds: float
    others: float
    aws: int
    slack: int
    calls: Counter[str]
    cpu: float

    @property
    def own(self) -> float:
        """What is left of `seconds` without the calls in sequence."""
        return self.seconds - self.others


@dataclass(frozen=True)
class Loans:
    """Openings and endings of one kind, as many of each."""

    opened: list[Taken] = field(default_factory=list)
    ended: list[Taken] = field(default_factory=list)

    def add(self, loan: tuple[Taken, Taken]) -> None:
        self.opened.append(loan[0])
        self.ended.append(loan[1])


class Borrower:
    """An engineer with keys of his own, who tries one door again and again."""

    def __init__(self, stage: Stage, name: str, role: Role) -> None:
        self.name, self.role = name, role
        self._stage = stage
        self._sts = stage.aws.client("sts", stage.furnished.users[name])

    def comes_in(self) -> Any:
        """Tries without pause until AWS lets him in; an S3 client with his session."""
        return self._tries(self._enter, "is not let in")

    def is_put_out(self, s3: Any) -> None:
        """Tries without pause until AWS refuses what his session asks for."""
        self._tries(lambda: self._is_refused(s3), "is not put out")

    def _tries(self, attempt: Callable[[], Any], but: str) -> Any:
        given_up = monotonic() + PATIENCE
        while monotonic() < given_up:
            if found := attempt():
                return found
        raise NeverSeen(f"{self.name} {but}; the bot said:\n{self._stage.last_lines()}")

    def _enter(self) -> Any:
        try:
            found = self._sts.assume_role(
                RoleArn=self.role.arn,
                RoleSessionName=self.name,
                DurationSeconds=int(LONGEST_SESSION.total_seconds()),
            )["Credentials"]
        except ClientError:
            return None
        keys = Keys(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])
        return self._stage.aws.client("s3", keys)

    def _is_refused(self, s3: Any) -> bool:
        try:
            s3.list_objects_v2(Bucket=bucket(self.role.account))
        except ClientError:
            return True
        return False


class Lender:
    """Lends one role to one engineer, over and over."""

    def __init__(self, stage: Stage, database: Database, name: str, role: Role) -> None:
        self._stage, self._database, self._role = stage, database, role
        self._scene = Scene(stage, Telling(Console(quiet=True)))
        self._borrower = Borrower(stage, name, role)

    def lends(self, *, at_once: bool = False) -> tuple[Taken, Taken]:
        """One loan: what its opening and its ending took.

        Nobody knows who the approver is when he clicks, nor who asked, and what a session of a
        manager role had left has shrunk by a minute. `at_once`: the click comes within the minute.
        """
        stage, who, role = self._stage, self._borrower.name, self._role
        stage.clock.move(UNKNOWN_AGAIN)
        card = self._scene.asks(who, f"request {role.account.name} {role.name} 4h measure it")
        if not at_once:
            stage.clock.move(UNKNOWN_AGAIN)
        s3, opened = self._opens(card)
        stage.clock.move(UNKNOWN_AGAIN)
        return opened, self._ends(card, s3)

    def _opens(self, card: Message) -> tuple[Any, Taken]:
        stage = self._stage
        calls.slow(stage)
        cpu = Cpu.of(stage.bot_pid)
        begun = _sent(stage.slack.click(slack_id(APPROVER), card, "approve"))
        s3 = self._borrower.comes_in()
        self._until(card, State.ACTIVE)
        return s3, self._taken(begun, cpu, opens=True)

    def _ends(self, card: Message, s3: Any) -> Taken:
        stage = self._stage
        calls.slow(stage)
        cpu = Cpu.of(stage.bot_pid)
        begun = _sent(stage.slack.command(slack_id(APPROVER), f"revoke #{number_of(card)}"))
        self._borrower.is_put_out(s3)
        self._until(card, State.ENDED)
        return self._taken(begun, cpu, opens=False)

    def _until(self, card: Message, state: State) -> None:
        """Waits until the request is there, and its card says so; without latency from now on."""
        calls.fast(self._stage)

        def so() -> bool:
            with self._database.read() as session:
                row = requests.get(session, number_of(card))
            return row is not None and row.state is state and row.draw_at is None

        self._stage.until(so, what=f"the request is {state}")

    def _taken(self, begun: float, cpu: Cpu | None, *, opens: bool) -> Taken:
        made, after = self._stage.aws.calls(), Cpu.of(self._stage.bot_pid)
        then = calls.turn(made, f"/{self._borrower.name}", opens=opens)
        chain = calls.in_sequence(self._stage, made, until=then)
        return Taken(
            seconds=then - begun,
            others=sum(span.seconds for span in chain),
            aws=calls.count(chain, "aws"),
            slack=calls.count(chain, "slack"),
            calls=calls.of_the_bot(made),
            cpu=after.seconds - cpu.seconds if after and cpu else nan,
        )


def _sent(reply: Reply) -> float:
    """When Slack sent it: seconds of the shared clock."""
    assert reply.acked, reply
    assert reply.sent is not None  # it was acknowledged
    return reply.sent
