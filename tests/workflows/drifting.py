"""A lab with a drift in it, and what was alerted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from db.models import Alert, Target
from db.session import Database
from db.store import alerts, targets
from tests import databases
from tests.lab import KEY, Lab
from workflows.drift.run import Drift, Outcome
from workflows.world import World

SERVICE = {"Sid": "Build", "Principal": {"Service": "codebuild.amazonaws.com"}}
"""A statement of somebody else's."""


def drift(lab: Lab, world: World | None = None, **more: Any) -> Outcome:
    """One pass, and all that it owes is paid. Reads this long after a write of ours are sure."""
    lab.pass_time(seconds=61)
    return at_once(lab, world, **more)


def at_once(
    lab: Lab, world: World | None = None, *, pay: bool = True, trail: Any = None
) -> Outcome:
    """One pass, without waiting for reads to be sure."""
    outcome = Drift(world or lab.world, trail).run()
    if pay:
        lab.pay()
    return outcome


def standing(lab: Lab) -> dict[str, Alert]:
    """Kind → the alert, of all that are not over; no kind stands twice in these tests."""
    with lab.database.read() as session:
        found = alerts.standing(session)
    kinds = [one.kind for one in found]
    assert len(set(kinds)) == len(kinds), kinds
    return dict(zip(kinds, found, strict=True))


def kinds(lab: Lab) -> list[str]:
    return sorted(standing(lab))


def said(lab: Lab, kind: str) -> int:
    """How often an alert of this kind was said, or said to be over."""
    with lab.database.read() as session:
        return sum(session.scalars(select(Alert.changed).where(Alert.kind == kind)))


def target(lab: Lab, name: str) -> Target:
    with lab.database.read() as session:
        return session.scalars(select(Target).where(Target.name == name)).one()


@contextmanager
def another_database(lab: Lab, url: str) -> Iterator[None]:
    """For a while the lab remembers elsewhere: a new database, or an older copy of its own."""
    before = lab.database, lab.world
    lab.database = Database(url, key=KEY, now=lab.clock.now)
    try:
        databases.upgrade(lab.database)
        lab.world = lab.another_worker()
        yield
    finally:
        lab.database.close()
        lab.database, lab.world = before


def owed(lab: Lab) -> list[int]:
    with lab.database.read() as session:
        now = lab.clock.now()
        return [one.id for one in targets.due(session, now, database_now=lab.database.now(session))]


def document(lab: Lab) -> dict[str, Any]:
    held: dict[str, Any] = lab.owner.get_role(RoleName="admin")["Role"]["AssumeRolePolicyDocument"]
    return held


def add(lab: Lab, **statement: Any) -> dict[str, Any]:
    """Somebody of the owner account adds a statement to the role's trust policy."""
    home = f"arn:aws:iam::{lab.catalog.grantee.id}:root"
    made = {"Effect": "Allow", "Principal": {"AWS": home}, "Action": "sts:AssumeRole", **statement}
    held = document(lab)
    lab.write_trust({**held, "Statement": [*held["Statement"], made]})
    return made


def take_out(lab: Lab, sid: str) -> None:
    held = document(lab)
    kept = [one for one in held["Statement"] if one["Sid"] != sid]
    lab.write_trust({**held, "Statement": kept})
