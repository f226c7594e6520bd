"""What a decision will need, asked for while Slack is still saying who decides.

It only makes an opening faster: nothing is decided here, and nothing depends on it.
"""

from collections.abc import Callable
from typing import Any

from db.lifecycle import State
from db.models import Target
from db.store import requests, targets
from workflows import observe
from workflows.aws.fence import Fenced
from workflows.errors import Refused
from workflows.world import World


def of_decision(world: World, request_id: int) -> None:
    """Begins to look up the requester, and to read the role and his places in groups.

    Returns at once, and never raises.
    """
    world.asking.submit(_begin, world, request_id)


def _begin(world: World, request_id: int) -> None:
    with world.database.read() as session:
        row = requests.get(session, request_id)
        if row is None or row.state is not State.PENDING:
            return
        target = targets.get(session, row.role_target_id)
        member = targets.get(session, row.member_target_id) if row.member_target_id else None
    _reads(
        world,
        target,
        lambda fenced: observe.asking_to_open(world, fenced, target.name, target.arn),
    )
    if member is not None and row.group_name is not None:
        name, groups = member.name, {row.group_name}
        _reads(world, member, lambda fenced: observe.asking_member(world, fenced, name, groups))
    try:
        world.directory.person(row.requester, now=world.clock.now())
    except Refused:
        return  # the verb asks again, and says so


def _reads(world: World, target: Target, begin: Callable[[Fenced], Callable[[], Any]]) -> None:
    """Of a target that nobody settles now; else only its session is renewed, if it has to be."""

    def read(fenced: Fenced) -> None:
        if target.lease is None:
            world.settling.read_ahead(target.id, target.settles, begin(fenced))

    world.managers.beside(target.manager_arn, target.external_id, read)
