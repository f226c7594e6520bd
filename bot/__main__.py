"""`python -m bot`, and the console script `xacct`."""

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from queue import SimpleQueue
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot import cli, drift_cli, reach_cli, report_cli, rules_cli, wiring
from bot.doctor import cli as doctor_cli
from bot.running import Running
from bot.settings import Mistakes, Settings, catalog_path
from bot.setup import cli as setup_cli
from db import migrate
from db.session import Database, InUse
from workflows.aws.sessions import aws_session
from workflows.aws.trail import Trail
from workflows.aws.vendor import Vendor
from workflows.catalog.model import Catalog
from workflows.clock import Clock, SystemClock

WRONG: Final = 2
"""The exit code for what a person has to mend before xacct can run."""

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C, as shells have it: 128 and the number of the signal."""

_QUIET: Final = ("slack_sdk", "slack_bolt", "apscheduler", "botocore", "alembic")
"""Libraries of which only warnings are logged: at DEBUG some of them log whole payloads."""

_HEARTBEAT: Final = 1.0
"""Seconds: a signal that comes right before a wait without an end is not heard in it."""

_COLLECTIONS: Final = (10_000, 20, 100)
"""Thresholds of the garbage collector (Python's are 700, 10, 10): fewer pauses, a little memory."""

_SWITCH: Final = 0.001
"""Seconds after which a thread lets another one go on (Python's are 0.005): what waits for AWS's
answer goes on at once although others compute.
"""

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None, *, clock: Clock | None = None) -> int:
    """Runs one verb; returns the exit code. `clock` is the machine's unless one is given."""
    said = cli.parser().parse_args(argv)
    try:
        return _verb(said, clock or SystemClock())
    except (Mistakes, InUse) as mistakes:
        sys.stderr.write(f"{mistakes}\n")
    except SQLAlchemyError as error:
        words = error.orig if isinstance(error, DBAPIError) else error
        sys.stderr.write(f"The database does not work: {words}\n")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted: what was not said is not known.\n")
        return INTERRUPTED
    return WRONG


def _verb(said: argparse.Namespace, clock: Clock) -> int:
    if said.verb == "setup":
        return setup_cli.setup(said, clock)
    verbs: dict[tuple[str, str | None], Callable[[], int]] = {
        ("run", None): lambda: run(clock),
        ("catalog", "check"): lambda: cli.check_catalog(said.file),
        ("catalog", "schema"): cli.catalog_schema,
        ("rules", "explain"): lambda: rules_cli.explained(
            said.person, said.account, said.role, as_json=said.json
        ),
        ("audit-access", None): lambda: reach_cli.audit_access(said, clock),
        ("doctor", None): lambda: doctor_cli.doctor(said, clock),
        ("drift", None): lambda: drift_cli.drift(clock, as_json=said.json),
        ("report", None): lambda: report_cli.report(clock, since=said.since, as_json=said.json),
        ("db", "upgrade"): lambda: cli.upgrade(clock),
        ("db", "accept-restore"): lambda: drift_cli.accept_restore(clock, yes=said.yes),
        ("audit", None): lambda: cli.show_audit(clock, said.last),
        ("audit", "verify"): lambda: cli.verify_audit(clock),
    }
    return verbs[said.verb, getattr(said, "what", None)]()


def run(clock: Clock) -> int:
    """The bot, until it is told to stop. Raises Mistakes or InUse before it has begun."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Bolt sets the level of its loggers itself, and warns that SLACK_BOT_TOKEN is not used.
    logging.getLogger("slack_bolt.App").addFilter(lambda said: said.levelno >= logging.ERROR)
    settings, told = _told()
    with closing(wiring.database(settings.store, clock)) as database:
        lock = database.claim_file()
        try:
            _be_current(database)
            return _serve(settings, told, database, clock)
        finally:
            if lock is not None:
                lock.close()


def _told() -> tuple[Settings, Catalog]:
    """Settings and catalog. Raises Mistakes with all that is wrong in either."""
    try:
        settings = Settings.from_env(os.environ)
    except Mistakes as wrong:
        try:
            wiring.catalog(catalog_path(os.environ))
        except Mistakes as too:
            raise wrong.beside(too) from None
        raise
    return settings, wiring.catalog(settings.catalog)


def _be_current(database: Database) -> None:
    """SQLite is upgraded here; a PostgreSQL may serve others and is upgraded on purpose."""
    if database.is_sqlite:
        migrate.upgrade(database)
    else:
        cli.require_schema(database)


def _serve(settings: Settings, told: Catalog, database: Database, clock: Clock) -> int:
    world = wiring.world(settings, told, database, clock)
    vendor = Vendor(aws_session(), run=world.run)
    trail = Trail(aws_session(), run=world.run)
    running = Running(settings, wiring.parts(settings, world, vendor, trail))
    stopping = _until_told()
    _collect_seldom()
    sys.setswitchinterval(_SWITCH)
    try:
        running.start(stopping)
        while not stopping.wait(_HEARTBEAT):
            pass
    finally:
        log.info("stopping")
        running.stop()
    log.info("stopped")
    return 0


def _collect_seldom() -> None:
    """What was made at the start stays: looking through it again stops all threads for a moment."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECTIONS)


def _until_told() -> threading.Event:
    """Is set by SIGTERM or SIGINT.

    A signal's handler interrupts the main thread anywhere, in the middle of the event's own lock
    too, where setting it would wait for ever. A SimpleQueue may be put into from a handler.
    """
    stopping = threading.Event()
    told: SimpleQueue[int] = SimpleQueue()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: told.put(number))

    def listen() -> None:
        told.get()
        stopping.set()

    threading.Thread(target=listen, name="signals", daemon=True).start()
    return stopping


if __name__ == "__main__":
    sys.exit(main())
