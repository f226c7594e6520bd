"""The one place that knows every part, and puts them together."""

import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from apscheduler.schedulers.background import BackgroundScheduler
from slack_bolt import App
from slack_sdk import WebClient

from bot import jobs, listeners, rosters
from bot.alerts import Alerts
from bot.anchors import Anchors
from bot.cards import Drawing
from bot.channels import Channels
from bot.desk import Desk, turn_away
from bot.doubles import Doubles
from bot.draw import Draw
from bot.exports import Exports
from bot.forms.opener import Opener
from bot.inbox import Means, Payer
from bot.inbox_writer import Writer
from bot.posting import Posting
from bot.recount import Recount
from bot.remind import Remind
from bot.reviews import Reviews
from bot.settings import Settings
from bot.showing import Showing
from bot.slack import Clients, ask_person, clients
from bot.sockets import Socket
from bot.telling import Reader, tell
from bot.told import Mistakes
from db.session import Database
from workflows.aws.fence import Managers
from workflows.aws.objects import Objects
from workflows.aws.sessions import aws_session
from workflows.aws.trail import Trail
from workflows.aws.vendor import Vendor
from workflows.catalog.duty import Roster
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.directory import Directory
from workflows.drift.run import Drift
from workflows.errors import Refused
from workflows.person import Person
from workflows.sweep import Debt, Due, Sweep, looks, settles
from workflows.world import World

LISTENERS: Final = 16
"""Envelopes that are served at the same time: each mostly waits for the shared commit."""

SOCKETS: Final = 2
"""Slack closes each connection now and then; the other one listens on meanwhile
(docs.slack.dev/apis/events-api/using-socket-mode, "Using multiple connections").
"""

_ASKING: Final = 16
_ASIDES: Final = 8


@dataclass(frozen=True)
class Parts:
    """All of a running xacct that is there before Slack is."""

    world: World
    slack: Clients
    sweep: Sweep
    drift: Drift
    channels: Channels
    writer: Writer
    desk: Desk
    scheduler: BackgroundScheduler
    asides: ThreadPoolExecutor
    workers: ThreadPoolExecutor


def world(settings: Settings, told: Catalog, remembered: Database, clock: Clock) -> World:
    """The database, AWS, people and time, for the workflows. Raises Mistakes."""
    run = uuid.uuid4().hex[:12]
    slack = clients(settings)
    if (line := without_pagerduty(settings, told)) is not None:
        raise Mistakes("xacct cannot start with these settings:", [line])
    return World(
        database=remembered,
        managers=Managers(aws_session(), clock=clock, run=run),
        directory=Directory(remembered, partial(ask_person, slack.steady, told.team)),
        duties=rosters.duties(settings, partial(rosters.slack_group, slack.steady)),
        catalog=told,
        clock=clock,
        asking=ThreadPoolExecutor(_ASKING, thread_name_prefix="ask"),
        run=run,
        looked=threading.Event(),
    )


def without_pagerduty(settings: Settings, told: Catalog) -> str | None:
    """What the settings lack although a schedule of PagerDuty decides on a role; or None."""
    scheduled = (
        one for one in told.roles if one.duty is not None and one.duty.roster is Roster.PAGERDUTY
    )
    role = next(scheduled, None)
    if role is None or settings.pagerduty_token:
        return None
    return f"XACCT_PAGERDUTY_TOKEN is missing: a schedule of PagerDuty decides on {role.key}"


def terminal_world(told: Catalog, remembered: Database, clock: Clock) -> World:
    """The database and AWS, for who works in the terminal: nobody is asked about in Slack."""

    def nobody(_user: str) -> Person:
        raise Refused("There is no Slack here.")

    run = f"terminal-{uuid.uuid4().hex[:8]}"
    return World(
        database=remembered,
        managers=Managers(aws_session(), clock=clock, run=run),
        directory=Directory(remembered, nobody),
        catalog=told,
        clock=clock,
        asking=ThreadPoolExecutor(1),
        run=run,
    )


def closings_until(debt: Debt, looked: threading.Event) -> Debt:
    """The debt, of which only what closes is due until `looked` is set: others would open nothing
    (see `World.looked`), and be put off.
    """

    def due(now: datetime) -> Sequence[Due]:
        return [one for one in debt.due(now) if one.first or looked.is_set()]

    return replace(debt, due=due)


def _debts(
    surroundings: World,
    payer: Payer,
    posting: Posting,
    channels: Channels,
    steady: WebClient,
    objects: Objects | None,
) -> list[Debt]:
    """All that can be owed: what somebody waits for stands first."""
    showing = Showing(surroundings, posting, channels)
    return [
        closings_until(settles(surroundings), surroundings.looked),
        payer.debt(),
        looks(surroundings),
        Draw(surroundings, posting, showing).debt(),
        Alerts(surroundings, posting, channels).debt(),
        Remind(surroundings, posting, showing).debt(),
        Reviews(surroundings, posting, channels).debt(),
        Exports(surroundings, steady).debt(),
        *_recounts(surroundings, showing),
        Anchors(surroundings, posting, channels, objects).debt(),
    ]


def _recounts(surroundings: World, showing: Showing) -> list[Debt]:
    """What was done with grants that are over, where there is somebody to tell it."""
    source = surroundings.activity
    return [] if source is None else [Recount(surroundings, source, showing).debt()]


def _sweep(surroundings: World, debts: Sequence[Debt]) -> Sweep:
    """Pays them; a settle that another one waits for is woken."""
    sweep = Sweep(debts, clock=surroundings.clock)
    surroundings.settling.wakes(lambda: sweep.wake("settle"))
    return sweep


def parts(
    settings: Settings,
    surroundings: World,
    vendor: Vendor,
    trail: Trail | None = None,
    objects: Objects | None = None,
) -> Parts:
    """Everything that works on the database; nothing has begun but the writer."""
    slack = clients(settings)
    asides = ThreadPoolExecutor(_ASIDES, thread_name_prefix="aside")

    def aside(reader: Reader, words: str | Drawing) -> None:
        asides.submit(tell, slack.posting, reader, words)

    payer = Payer(Means(surroundings, vendor, slack.steady, aside, asides.submit))
    posting = Posting(slack.posting, surroundings.clock)
    channels = Channels(surroundings, slack.steady)
    debts = _debts(surroundings, payer, posting, channels, slack.steady, objects)
    sweep = _sweep(surroundings, debts)
    writer = Writer(surroundings.database, written=lambda: sweep.wake("inbox"))
    drift = Drift(surroundings, trail)
    return Parts(
        world=surroundings,
        slack=slack,
        sweep=sweep,
        drift=drift,
        channels=channels,
        writer=writer,
        desk=Desk(
            put=writer.put,
            aside=aside,
            clock=surroundings.clock,
            catalog=surroundings.catalog,
            forms=Opener(surroundings, slack.windows, asides),
            doubles=Doubles(surroundings, posting, asides),
        ),
        scheduler=jobs.scheduler(surroundings, sweep, drift, channels),
        asides=asides,
        workers=ThreadPoolExecutor(LISTENERS, thread_name_prefix="listener"),
    )


def app(made: Parts) -> App:
    """The Bolt app with all its listeners. Asks Slack once whether the token is good.

    A listener only writes a row and acknowledges, so it runs where its envelope is served: an
    acknowledgement cannot be lost to an exception that follows it, and no second pool can run dry.
    """
    bolt = App(
        name="xacct",  # else Bolt looks it up, in the source of all who called it
        client=made.slack.steady,
        process_before_response=True,
        request_verification_enabled=False,  # a socket is authenticated when it opens
        ssl_check_enabled=False,
        url_verification_enabled=False,
        attaching_function_token_enabled=False,
    )
    listeners.register(bolt, made.desk)
    return bolt


def sockets(settings: Settings, made: Parts, bolt: App) -> list[Socket]:
    """Slack's sockets, not yet open."""
    return [
        Socket(
            bolt,
            app_token=settings.slack_app_token.reveal(),
            web_client=made.slack.posting,
            workers=made.workers,
            turned_away=partial(turn_away, made.desk.aside),
        )
        for _ in range(SOCKETS)
    ]
