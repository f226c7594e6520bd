"""`xacct run`: the bot as a process, from its settings until it is told to stop."""

import argparse
import gc
import logging
import os
import signal
import sys
import threading
from contextlib import closing
from dataclasses import replace
from queue import SimpleQueue
from typing import Final

from bot import started, told, wiring
from bot.running import Running
from bot.settings import Settings
from bot.terminal.database import require_schema, understood, unguarded
from bot.told import Mistakes, catalog_path
from db import migrate
from db.session import Database
from workflows.anchors import objects_of
from workflows.aws.activity import EventHistory
from workflows.aws.lookup import Lookup
from workflows.aws.sessions import aws_session
from workflows.aws.trail import Trail
from workflows.aws.vendor import Vendor
from workflows.catalog.model import Catalog
from workflows.clock import Clock

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


def run(_said: argparse.Namespace, clock: Clock) -> int:
    """The bot, until it is told to stop. Raises Mistakes before it has begun."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # Bolt sets the level of its loggers itself, and warns that SLACK_BOT_TOKEN is not used.
    logging.getLogger("slack_bolt.App").addFilter(lambda said: said.levelno >= logging.ERROR)
    settings, catalog, text = _told()
    with understood(), closing(settings.store.database(clock)) as database:
        lock = database.claim_file()
        try:
            _be_current(database)
            started.record(database, settings, text, at=clock.now())
            return _serve(settings, catalog, database, clock)
        finally:
            if lock is not None:
                lock.close()


def _told() -> tuple[Settings, Catalog, str]:
    """Settings, the catalog and its text. Raises Mistakes with all that is wrong in either."""
    try:
        settings = Settings.from_env(os.environ)
    except Mistakes as wrong:
        try:
            told.catalog(catalog_path(os.environ))
        except Mistakes as too:
            raise wrong.beside(too) from None
        raise
    text = told.catalog_text(settings.catalog)
    return settings, told.catalog_of(text, settings.catalog), text


def _be_current(database: Database) -> None:
    """SQLite is upgraded here; a PostgreSQL may serve others and is upgraded on purpose."""
    if database.is_sqlite:
        if lacking := migrate.upgrade(database):
            log.warning("%s", unguarded(lacking))
    else:
        require_schema(database)


def _serve(settings: Settings, catalog: Catalog, database: Database, clock: Clock) -> int:
    world = wiring.world(settings, catalog, database, clock)
    vendor = Vendor(aws_session(), run=world.run)
    lookup = Lookup(aws_session(), run=world.run)
    world = replace(world, activity=EventHistory(lookup))
    objects = objects_of(catalog)
    running = Running(settings, wiring.parts(settings, world, vendor, Trail(lookup), objects))
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
