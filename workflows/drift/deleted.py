"""Grantees of active grants who come by the trust policy alone: a human who deletes one stops him,
and his sessions must not live on until the end.
"""

from collections.abc import Mapping
from datetime import datetime

from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import requests, standing
from workflows.drift.seen import AccountSeen
from workflows.settle.lease import MISSING_FOR
from workflows.world import World


def check(
    world: World, seen: AccountSeen, before: Mapping[int, datetime]
) -> Mapping[int, datetime]:
    """Ends the grants of those who are gone, when a second read MISSING_FOR later says so, too.

    `before` says since when which requests' grantees were not found by the last pass; what comes
    back says it of this one, without those that were ended.
    """
    now, missing = world.clock.now(), {}
    with world.database.write() as session:
        gone = [one.id for one in standing.by_trust(session) if _is_gone(one, seen)]
        for number in gone:
            since = before.get(number, now)
            row = requests.lock(session, number)
            if now - since < MISSING_FOR:
                missing[number] = since
            elif row is not None and row.state is State.ACTIVE:
                requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.REMOVED)
    return missing


def _is_gone(row: Request, seen: AccountSeen) -> bool:
    if row.grantee_arn not in seen.comers:
        return False  # not read
    found = seen.comers[row.grantee_arn]
    return found is None or found.unique_id != row.grantee_id
