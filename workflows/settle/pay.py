"""Which way of settling fits a target."""

from db.models import TargetKind
from db.store import targets
from db.store.targets import LostLease
from workflows.settle import member, role
from workflows.settle.lease import log
from workflows.world import World


def settle(world: World, target_id: int) -> None:
    """Makes one target in AWS equal to what the rows say, or leaves the debt standing."""
    with world.database.read() as session:
        target = targets.get(session, target_id)
    try:
        with world.settling.during(target_id):
            (role if target.kind is TargetKind.ROLE else member).settle(world, target)
    except LostLease as lost:
        log.warning("another worker goes on with %s", lost)
