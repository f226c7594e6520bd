"""What a decision will need, asked for while Slack is still saying who decides.

It only makes an opening faster: nothing is decided here, and nothing depends on it.
"""

from functools import partial

from db.lifecycle import State
from db.models import Target
from db.store import requests, targets
from workflows import observe
from workflows.aws.fence import Fenced
from workflows.errors import Refused
from workflows.world import World


def of_decision(world: World, request_id: int) -> None:
    """Begins to look up the requester, and to read the role. Returns at once, and never raises."""
    world.asking.submit(_begin, world, request_id)


def _begin(world: World, request_id: int) -> None:
    with world.database.read() as session:
        row = requests.get(session, request_id)
        if row is None or row.state is not State.PENDING:
            return
        target = targets.get(session, row.role_target_id)
        member = targets.get(session, row.member_target_id) if row.member_target_id else None
    if target.lease is None:
        world.managers.beside(target.manager_arn, target.external_id, partial(_read, world, target))
    if member is not None:
        world.managers.beside(member.manager_arn, member.external_id, lambda _fenced: None)
    try:
        world.directory.person(row.requester, now=world.clock.now())
    except Refused:
        return  # the verb asks again, and says so


def _read(world: World, target: Target, fenced: Fenced) -> None:
    answer = observe.asking_role(world, fenced, target.name)
    world.settling.read_ahead(target.id, target.settles, answer)
