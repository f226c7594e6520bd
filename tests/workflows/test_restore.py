"""A database that was restored from a backup opens nothing until an administrator accepts it."""

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from db.lifecycle import State, Why
from db.store import alerts, holds
from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests.lab import Lab, some_catalog
from tests.workflows.drifting import another_database, at_once, drift, kinds, standing
from workflows import restore
from workflows.catalog.model import Mechanism
from workflows.documents import session_end
from workflows.drift.report import report


@pytest.fixture
def lab(aws: SandboxAws, clock: SharedClock, tmp_path: Path) -> Iterator[Lab]:
    catalog = some_catalog(mechanism=Mechanism.TRUST_POLICY, users=("alice", "bob", "carol"))
    with Lab(aws, clock, f"sqlite:///{tmp_path / 'xacct.db'}", catalog) as lab:
        yield lab


def backup(lab: Lab, tmp_path: Path) -> str:
    """A copy of the database as it stands; the URL it can be used at."""
    with lab.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(tmp_path / "xacct.db", tmp_path / "restored.db")
    return f"sqlite:///{tmp_path / 'restored.db'}"


def held(lab: Lab) -> list[str]:
    with lab.database.read() as session:
        return [one.reason for one in holds.standing(session)]


def accept(lab: Lab) -> bool:
    with lab.database.write() as session:
        return restore.accept(session, by="ruth", at=lab.clock.now())


def said_in_the_session_end(lab: Lab) -> str:
    held = lab.owner.get_role_policy(RoleName=lab.role.name, PolicyName=session_end.NAME)
    return json.dumps(held["PolicyDocument"])


def test_a_restored_database_opens_nothing_and_goes_on_closing(lab: Lab, tmp_path: Path) -> None:
    kept = lab.lend("carol", minutes=30)
    url = backup(lab, tmp_path)
    lost = lab.lend("alice", minutes=120)
    session = lab.visit("carol").session
    with another_database(lab, url):
        drift(lab)
        assert kinds(lab) == ["own statement without a row", "restored"]
        assert lab.visit("alice").answer == "AccessDenied"

        asked = lab.ask("bob")
        lab.approve(asked, "dora")
        assert lab.row(asked).state is State.APPROVED
        assert lab.visit("bob").answer == "AccessDenied"
        lab.pass_time(minutes=31)
        assert lab.row(kept).state is State.ENDED
        assert not lab.works(session)
    assert lab.row(lost).state is State.ACTIVE  # so the lost database still says


def test_a_drift_notices_a_restored_database_before_anything_is_asked_for(
    lab: Lab, tmp_path: Path
) -> None:
    url = backup(lab, tmp_path)
    lab.lend("alice", minutes=120)
    with another_database(lab, url):
        at_once(lab, pay=False)

        assert len(held(lab)) == 1
        assert "xacct db accept-restore" in standing(lab)["restored"].sentence


def test_an_accepted_restore_opens_again_and_is_not_held_anew(lab: Lab, tmp_path: Path) -> None:
    lab.lend("carol", minutes=30)
    url = backup(lab, tmp_path)
    lab.lend("alice", minutes=120)
    with another_database(lab, url):
        drift(lab)

        assert accept(lab)
        assert not accept(lab)
        drift(lab)

        assert (held(lab), kinds(lab)) == ([], [])
        request = lab.ask("bob")
        lab.approve(request, "dora")
        lab.pass_time(seconds=60)
        assert lab.row(request).state is State.ACTIVE
        assert "hold lifted" in lab.everything_stored()
        assert "ruth" in lab.everything_stored()


def test_what_was_approved_before_the_backup_is_not_opened_by_accepting_it(
    lab: Lab, tmp_path: Path
) -> None:
    """It may have been revoked since, and this database would not know."""
    approved, pending = lab.ask("alice"), lab.ask("bob")
    lab.approve(approved, "dora", pay=False)
    url = backup(lab, tmp_path)
    lab.pay()
    lab.revoke(approved, "dora")
    with another_database(lab, url):
        drift(lab)
        assert len(held(lab)) == 1

        accept(lab)
        lab.pass_time(seconds=60)

        assert lab.row(approved).why is Why.WITHDRAWN
        assert lab.row(approved).state is State.ENDED
        assert lab.row(pending).state is State.CANCELLED
        assert lab.visit("alice").answer == "AccessDenied"


def test_a_session_whose_revoke_was_lost_with_the_backup_stays_dead_when_it_is_accepted(
    lab: Lab, tmp_path: Path
) -> None:
    """The database knows her name by an older grant, and nothing of the one that was revoked."""
    lab.lend("alice", minutes=30)
    lab.pass_time(minutes=31)
    lab.pass_time(hours=13)
    url = backup(lab, tmp_path)
    lost = lab.lend("alice", minutes=120)
    session = lab.visit("alice").session
    lab.revoke(lost, "bob")
    with another_database(lab, url):
        drift(lab)
        accept(lab)
        lab.approve(lab.ask("carol", minutes=30), "dora")
        assert not lab.works(session)
        assert "alice" in said_in_the_session_end(lab)

        lab.pass_time(hours=13)
        lab.approve(lab.ask("carol", minutes=30), "dora")
        assert "alice" not in said_in_the_session_end(lab)


def test_who_is_active_in_the_backup_and_was_revoked_since_is_not_let_in_again(
    lab: Lab, tmp_path: Path
) -> None:
    request = lab.lend("alice", minutes=120)
    session = lab.visit("alice").session
    lab.pass_time(minutes=2)
    url = backup(lab, tmp_path)
    lab.revoke(request, "bob")
    with another_database(lab, url):
        drift(lab)
        assert not lab.works(session)
        accept(lab)
        lab.approve(lab.ask("carol", minutes=30), "dora")
        assert not lab.works(session)
        assert lab.visit("alice").answer == "AccessDenied"

        lab.pass_time(seconds=61)
        assert lab.row(request).why is Why.REMOVED
        lab.pass_time(seconds=8)
        lab.approve(lab.ask("alice", minutes=30), "bob")
        assert not lab.works(session)
        assert lab.works(lab.visit("alice").session)


def test_a_new_grant_does_not_revive_the_session_of_one_that_the_database_does_not_know(
    lab: Lab, tmp_path: Path
) -> None:
    url = backup(lab, tmp_path)
    lost = lab.lend("alice", minutes=120)
    session = lab.visit("alice").session
    lab.revoke(lost, "bob")
    with another_database(lab, url):
        drift(lab)
        accept(lab)
        lab.approve(lab.ask("alice", minutes=120), "bob")

        assert not lab.works(session)
        assert lab.works(lab.visit("alice").session)


def test_a_second_restore_is_held_although_the_first_was_accepted(lab: Lab, tmp_path: Path) -> None:
    lab.lend("carol", minutes=30)
    url = backup(lab, tmp_path)
    lab.lend("alice", minutes=120)
    with another_database(lab, url):
        drift(lab)
        accept(lab)
        lab.pass_time(minutes=5)
        lab.approve(lab.ask("bob", minutes=20), "dora")
        assert held(lab) == []
    shutil.copy(tmp_path / "xacct.db", tmp_path / "first.db")  # not the restored one: another
    with another_database(lab, f"sqlite:///{tmp_path / 'first.db'}"):
        drift(lab)
        assert len(held(lab)) == 1


def test_the_terminal_tells_of_a_restore_and_of_what_is_held(lab: Lab, tmp_path: Path) -> None:
    url = backup(lab, tmp_path)
    lab.lend("alice", minutes=120)
    with another_database(lab, url):
        lab.clock.move(timedelta(seconds=61))

        found = report(lab.world)

        assert "restored" in {one.kind for one in found.found}
        assert held(lab) == []  # reading changes nothing
        with lab.database.read() as session:
            assert alerts.standing(session) == []
        drift(lab)
        assert len(report(lab.world).holds) == 1
