"""The few things that happen by themselves. What is owed stands in the database, never here."""

from typing import Final

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from db.store import inbox
from workflows.sweep import Sweep
from workflows.world import World

_TIMELY: Final = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
"""A job that comes late runs late, once (apscheduler drops it after a second by default)."""


def scheduler(world: World, sweep: Sweep) -> BackgroundScheduler:
    """The jobs, not yet started."""

    def clear() -> None:
        with world.database.write() as session:
            inbox.clear(session, world.clock.now())

    jobs = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(2)}, job_defaults=_TIMELY, timezone="UTC"
    )
    jobs.add_job(sweep.wake, "interval", seconds=1, id="sweep")
    jobs.add_job(clear, "interval", minutes=1, id="clear the inbox")
    return jobs
