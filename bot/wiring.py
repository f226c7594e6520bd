"""The one place that knows every part, and puts them together."""

import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import boto3
from slack_bolt import App

from bot import jobs, listeners
from bot.desk import Desk
from bot.draw import Draw
from bot.inbox import Counter, Inboxes
from bot.inbox_writer import Writer
from bot.settings import Mistakes, Settings, Store
from bot.slack import Clients, ask_person, clients, whisper
from bot.sockets import Socket
from db import audit
from db.session import Database
from workflows.aws.fence import Managers
from workflows.aws.vendor import Vendor
from workflows.catalog.load import load
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.directory import Directory
from workflows.sweep import Sweep, looks, settles
from workflows.world import World

WORKERS: Final = 24
"""Debts paid at the same time."""

LISTENERS: Final = 16
"""Envelopes served at the same time: each mostly waits for the shared commit."""

SOCKETS: Final = 2
"""Slack closes each connection now and then; another one keeps listening meanwhile
(docs.slack.dev/apis/events-api/using-socket-mode, "Using multiple connections").
"""

_READS: Final = 16
_ASIDES: Final = 8

log = logging.getLogger(__name__)


def database(store: Store, clock: Clock) -> Database:
    """The database, not yet connected to."""
    key = audit.Key(store.audit_key.reveal().encode())
    return Database(store.database_url.reveal(), key=key, now=clock.now)


def catalog(text: str) -> Catalog:
    """The catalog. Raises Mistakes that names all of them."""
    found = load(text)
    if isinstance(found, Catalog):
        return found
    lines = [f"line {one.line}: {one.place}: {one.sentence}" for one in found]
    raise Mistakes("The catalog has mistakes:", lines)


@dataclass(frozen=True)
class Parts:
    """Everything of a running xacct that must be started and stopped."""

    world: World
    sweep: Sweep
    writer: Writer
    asides: ThreadPoolExecutor
    workers: ThreadPoolExecutor
    slack: Clients
    desk: Desk
    scheduler: Any
    sockets: Callable[[App], list[Socket]]


def world(settings: Settings, told: Catalog, store: Database, clock: Clock, run: str) -> World:
    """AWS, people, time and memory, for the workflows."""
    slack = clients(settings).steady
    return World(
        database=store,
        managers=Managers(boto3.Session(), clock=clock, run=run),
        directory=Directory(store, partial(ask_person, slack, told.team)),
        catalog=told,
        clock=clock,
        reads=ThreadPoolExecutor(_READS, thread_name_prefix="read"),
        run=run,
    )


def new_run() -> str:
    """A name for this process's life."""
    return uuid.uuid4().hex[:12]
