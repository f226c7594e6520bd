"""What the work needs of its surroundings, built once in the wiring and passed down."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from db.session import Database
from workflows.aws.fence import Managers
from workflows.aws.quotas import Quotas
from workflows.catalog.model import Catalog
from workflows.clock import Clock
from workflows.directory import Directory


@dataclass(frozen=True)
class World:
    """The database, AWS, Slack's people, the catalog and the clock.

    `reads` runs AWS reads beside each other; `run` names this process's life in leases.
    """

    database: Database
    managers: Managers
    directory: Directory
    catalog: Catalog
    clock: Clock
    reads: ThreadPoolExecutor
    run: str
    quotas: Quotas = field(default_factory=Quotas)
