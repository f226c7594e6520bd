"""The few things that happen by themselves. What is owed stands in the database, never here."""

from datetime import UTC, datetime, timedelta
from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from bot.channels import Channels
from db.store import inbox
from workflows import anchors
from workflows.drift.run import Drift
from workflows.leave import Leave
from workflows.sweep import Sweep
from workflows.world import World

DRIFT: Final = timedelta(minutes=15)
AGAIN: Final = timedelta(seconds=90)
"""After a drift that found something new the next one is so near: what it closed is soon over."""

_TIMELY: Final = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
"""A job that comes late runs late, once (apscheduler drops it after a second by default)."""

_AT_ONCE: Final = 7
"""As many as there are jobs: the sweep never waits for a drift, which may take minutes."""


def scheduler(world: World, sweep: Sweep, drift: Drift, channels: Channels) -> BackgroundScheduler:
    """The jobs, not yet started. The first drift is not among them: the start waits for it."""
    leave, at_once = Leave(world), {"next_run_time": datetime.now(UTC)}
    jobs = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(_AT_ONCE)}, job_defaults=_TIMELY, timezone="UTC"
    )

    def clear() -> None:
        with world.database.write() as session:
            inbox.clear(session, world.clock.now())

    def look() -> None:
        if drift.run().news and jobs.running:
            jobs.modify_job("drift", next_run_time=datetime.now(UTC) + AGAIN)
        sweep.wake()

    def part() -> None:
        if leave.run():
            sweep.wake()

    def ask(*, everywhere: bool) -> None:
        channels.look(everywhere=everywhere)
        sweep.wake("alert")

    jobs.add_job(sweep.wake, "interval", seconds=1, id="sweep")
    jobs.add_job(clear, "interval", minutes=1, id="clear the inbox")
    jobs.add_job(part, "interval", minutes=1, id="leave", **at_once)
    jobs.add_job(anchor, "interval", minutes=1, id="anchor", args=(world, sweep), **at_once)
    jobs.add_job(
        ask, "interval", minutes=1, id="channels that are wrong", kwargs={"everywhere": False}
    )
    jobs.add_job(ask, "interval", minutes=15, id="channels", kwargs={"everywhere": True}, **at_once)
    jobs.add_job(look, "interval", seconds=DRIFT.total_seconds(), id="drift")
    return jobs


def anchor(world: World, sweep: Sweep) -> None:
    """Writes the head of the audit log down, where the day has no anchor yet."""
    if anchors.daily(world.database, world.catalog, world.clock.now()):
        sweep.wake("anchor")
