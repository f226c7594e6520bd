"""What the work needs of its surroundings, built once in the wiring and passed down."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from db.session import Database
from workflows.activity.events import Source
from workflows.aws.fence import Managers
from workflows.aws.quotas import Quotas
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.directory import Directory
from workflows.duties import Duties
from workflows.settling import Settling


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass(frozen=True)
class World:
    """The database, AWS, Slack's people, the catalog and the clock.

    `asking` asks Slack beside AWS; `run` names this process's life in leases; `names` remembers
    which policies a role or group had when they were last listed; `activity` tells what was done
    with a grant, where there is somebody to tell it. Nothing is opened until `looked` is set: AWS
    was compared with the rows at the start, or could not be in time.
    """

    database: Database
    managers: Managers
    directory: Directory
    catalog: Catalog
    clock: Clock
    asking: ThreadPoolExecutor
    run: str
    duties: Duties = field(default_factory=lambda: Duties({}))
    quotas: Quotas = field(default_factory=Quotas)
    looked: threading.Event = field(default_factory=_set)
    names: dict[tuple[str, str, str], tuple[str, ...]] = field(default_factory=dict)
    settling: Settling = field(default_factory=Settling)
    activity: Source | None = None
