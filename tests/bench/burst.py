"""A hundred decisions on one role within a second: what they cost, and when all are open."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Final

from rich.console import Console
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.lifecycle import State
from db.models import Request
from db.session import Database
from demo.accounts import let_assume_anything
from demo.scene import number_of, slack_id
from demo.stage import Stage
from sandbox.slack.values import Message, Shot
from tests.bench import calls, catalogs
from tests.bench.catalogs import APPROVER
from tests.bench.figures import Cpu, machine, percentile, table, used
from tests.bench.lending import make_room
from workflows.catalog.model import Role

PEOPLE: Final = catalogs.names("e", 100)
ACCOUNTS: Final = ["with-groups", "without"]
PATIENCE: Final = 60.0


@dataclass(frozen=True)
class Measured:
    """Seconds from the first click until each was approved, and until each was open."""

    approved: list[float]
    opened: list[float]
    writes: int
    ends: int
    joined: int
    calls: int
    trust: int  # characters
    cpu: str


def measure(console: Console) -> None:
    results: dict[str, Measured] = {}
    with Stage.set_up(_catalog()) as stage:
        stage.start_bot()
        with stage.database() as database:
            results["allow-group"] = _burst(stage, database, stage.catalog.roles[0])
            for name in PEOPLE:
                let_assume_anything(stage.aws, stage.catalog, name)
            results["trust-policy"] = _burst(stage, database, stage.catalog.roles[1])
    _print(console, results)


def _catalog() -> str:
    roles = [
        catalogs.role(ACCOUNTS[:1], "admin", "allow-group"),
        catalogs.role(ACCOUNTS[1:], "admin", "trust-policy"),
    ]
    return catalogs.catalog(PEOPLE, ACCOUNTS, roles)


def _burst(stage: Stage, database: Database, role: Role) -> Measured:
    make_room(stage, role)
    bob = slack_id(APPROVER)
    shots = [Shot.click(bob, card, "approve") for card in _cards(stage, database, role)]
    calls.slow(stage)
    begun, cpu = stage.clock.now(), Cpu.of(stage.bot_pid)
    stage.slack.burst(shots, rate=len(shots))
    _until(stage, database, role, Request.state == State.ACTIVE)
    calls.fast(stage)
    made = calls.of_the_bot(stage.aws.calls())
    return Measured(
        approved=_since(database, role, Request.approved_at, begun),
        opened=_since(database, role, Request.opened_at, begun),
        writes=made["iam:UpdateAssumeRolePolicy"],
        ends=made["iam:PutRolePolicy"],
        joined=made["iam:AddUserToGroup"],
        calls=made.total(),
        trust=_length(stage, role),
        cpu=used(cpu, Cpu.of(stage.bot_pid)),
    )


def _cards(stage: Stage, database: Database, role: Role) -> list[Message]:
    """Everybody asks; the cards, with Approve on them."""
    text = f"request {role.account.name} {role.name} 1h before the burst"
    stage.slack.burst([Shot.command(slack_id(name), text) for name in PEOPLE], rate=50)
    _until(stage, database, role, Request.terms.is_not(None) & Request.draw_at.is_(None))
    cards = stage.slack.messages(role.channel)
    mine = set(_numbers(database, role))
    return [card for card in cards if card.element("approve") and number_of(card) in mine]


def _until(stage: Stage, database: Database, role: Role, so: ColumnElement[bool]) -> None:
    """Waits until all requests for the role are so."""

    def all_are() -> bool:
        with database.read() as session:
            query = select(func.count()).where(Request.role_arn == role.arn, so)
            return session.scalars(query).one() == len(PEOPLE)

    stage.until(all_are, what=f"all requests for {role.key} are {so}", within=PATIENCE)


def _numbers(database: Database, role: Role) -> Sequence[int]:
    with database.read() as session:
        return session.scalars(select(Request.id).where(Request.role_arn == role.arn)).all()


def _since(
    database: Database, role: Role, what: InstrumentedAttribute[datetime | None], begun: datetime
) -> list[float]:
    with database.read() as session:
        found = session.scalars(select(what).where(Request.role_arn == role.arn)).all()
    return [(at - begun).total_seconds() for at in found if at is not None]


def _length(stage: Stage, role: Role) -> int:
    """Characters of the trust policy, without white space: so AWS counts them."""
    iam = stage.aws.client("iam", stage.aws.root(role.account.id))
    document = iam.get_role(RoleName=role.name)["Role"]["AssumeRolePolicyDocument"]
    return len(json.dumps(document, separators=(",", ":")))


def _print(console: Console, results: dict[str, Measured]) -> None:
    rows = {
        "all approved": lambda one: f"{max(one.approved):.2f} s",
        "active, p50": lambda one: f"{median(one.opened):.2f} s",
        "active, p99": lambda one: f"{percentile(one.opened, 99):.2f} s",
        "all active": lambda one: f"{max(one.opened):.2f} s",
        "trust written": lambda one: f"{one.writes} times",
        "session end written": lambda one: f"{one.ends} times",
        "groups joined": lambda one: f"{one.joined}",
        "AWS calls, in all": lambda one: f"{one.calls}",
        "characters of trust policy": lambda one: f"{one.trust:,}",
        "processor time of the bot": lambda one: one.cpu,
    }
    title = f"burst: {len(PEOPLE)} clicks on Approve within a second, all for one role"
    made = table(title, "", *results)
    for name, told in rows.items():
        made.add_row(name, *map(told, results.values()))
    console.print(made)
    console.print(
        "From the first click. Latencies as in the bench `opening`; the approver not known.\n"
        "active: it was read back and said. AWS allows 4,096 characters of trust policy at most.\n"
        f"{machine()}\n"
    )
