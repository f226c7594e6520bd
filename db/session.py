"""Connections and transactions: SQLite for one process, PostgreSQL for any number."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.orm import Session

from db import audit
from db.turns import Turns

STANDS_STILL: Final = 10
"""Seconds. Nothing waits for anything but the database inside a transaction."""

_WRITES = "xacct_writes"


class InUse(Exception):  # noqa: N818  the sentence shown when a second process starts
    """Another process runs on this SQLite file."""


class Database:
    """Where xacct remembers. Each `write` is one transaction, sealed into the audit chain.

    `now` is this process's clock: leases on SQLite are told by it, leases on PostgreSQL by the
    server's own, so that replicas agree.
    """

    def __init__(self, url: str, *, key: audit.Key, now: Callable[[], datetime]) -> None:
        self.url = make_url(url)
        self.key = key
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._now = now
        self._turns = Turns()
        self.engine = _engine(url, is_sqlite=self.is_sqlite)
        self._writer = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def write(self, *, first: bool = False) -> Iterator[Session]:
        """One transaction: everything in the block, its audit rows last, or nothing.

        On SQLite, writers of this process take turns; `first` goes before the others.
        """
        with (
            self._turns.take(first=first) if self.is_sqlite else nullcontext(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            try:
                yield session
                audit.seal(session, self.key)
            finally:
                audit.forget(session)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A view of the rows; nothing done in the block is kept."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def now(self, session: Session) -> datetime:
        """The moment by which leases are judged."""
        if self.is_sqlite:
            return self._now()
        moment: datetime = session.scalars(select(func.clock_timestamp())).one()
        return moment

    def claim_file(self) -> IO[Any] | None:
        """Makes this the one process on an SQLite file for as long as the returned file is open.

        Raises InUse when another process has it. PostgreSQL needs no claim: returns None.
        """
        if not self.is_sqlite or not self.url.database:
            return None
        lock = Path(f"{self.url.database}.lock").open("w")  # noqa: SIM115  held while running
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise InUse(
                f"Another xacct already runs on {self.url.database}. SQLite serves one process; "
                "stop the other one, or use PostgreSQL for several."
            ) from None
        return lock

    def close(self) -> None:
        """Gives the connections back."""
        self.engine.dispose()


def _engine(url: str, *, is_sqlite: bool) -> Engine:
    if not is_sqlite:
        engine = create_engine(
            url, pool_size=20, max_overflow=20, pool_pre_ping=True, hide_parameters=True
        )
        event.listen(engine, "connect", _postgres_connect)
        return engine
    engine = create_engine(
        url, pool_size=40, max_overflow=0, connect_args={"timeout": 30}, hide_parameters=True
    )
    event.listen(engine, "connect", _sqlite_connect)
    event.listen(engine, "begin", _sqlite_begin)
    return engine


def _postgres_connect(connection: Any, record: Any) -> None:
    """A process that stands still inside a transaction holds its rows no longer than STANDS_STILL:
    the server then ends it, and nothing of it happened (PostgreSQL, "Statement Behavior").
    """
    del record
    connection.execute(f"SET idle_in_transaction_session_timeout = '{STANDS_STILL}s'")
    connection.commit()


def _sqlite_connect(connection: Any, record: Any) -> None:
    """Durable and concurrent: WAL, and a commit waits for the disk."""
    del record
    connection.isolation_level = None  # we say BEGIN ourselves, see _sqlite_begin
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(connection: Connection) -> None:
    """A writer takes the lock at once: a read that later turns into a write would fail instead."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
