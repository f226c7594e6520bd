"""Users to whom a target's name does not lead any more: they were renamed, or deleted.

A rename keeps the unique id and the groups (IAM User Guide, "Renaming an IAM user"), so only the id
says that somebody is gone; whom it still leads to is put out under the name he has now.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request
from db.store import memberships, requests, standing, targets
from workflows import observe, rows
from workflows.aws.errors import AwsGone
from workflows.documents import groups
from workflows.errors import Trouble
from workflows.plan.member import MemberPlan
from workflows.seen import MemberSeen
from workflows.settle import apply
from workflows.settle.alarm import SPREADING
from workflows.settle.apply import Applied
from workflows.settle.lease import (
    MISSING_FOR,
    Held,
    close_if_done,
    earliest,
    fail,
    hand_back,
    try_again,
    wait,
)
from workflows.world import World

Ids = Collection[str]


@dataclass(frozen=True)
class Away:
    """What is left to be done about them: when to look again, and what went wrong."""

    looks: tuple[datetime, ...] = ()
    trouble: str | None = None


NOBODY: Final = Away()


def settle(world: World, held: Held, gone: AwsGone) -> None:
    """Goes on where AWS knows no user of the target's name, or no group that was asked for."""
    try:
        user_is_there = observe.is_there(held.fenced.iam, held.target.name)
    except Trouble as trouble:
        try_again(world, held, str(trouble))
        return
    if user_is_there:
        _group_is_gone(world, held, str(gone))
        return
    with world.database.read() as session:
        found = requests.of_member(session, held.target.id)
    away = close(world, held, {row.grantee_id for row in found if row.grantee_id is not None})
    retry = world.clock.now() + wait(held.target.attempts) if away.trouble else None
    with world.database.write() as session:
        targets.hold(session, held.lease)
        again_at = earliest([retry, *away.looks])
        hand_back(session, world, held, again_at=again_at, trouble=away.trouble)


def close(world: World, held: Held, ids: Ids) -> Away:
    """Ends and closes what users of these ids have by the target.

    Nobody of an id: a second read, MISSING_FOR later, has to say so as well.
    """
    try:
        names = held.fenced.iam.user_names(ids)
    except Trouble as trouble:
        return Away(trouble=str(trouble))
    if held.target.name.casefold() in {one.casefold() for one in names.values()}:
        return Away(trouble=SPREADING)  # he is there by his id: the read by his name was old
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        away = [row for row in found if row.grantee_id in ids]
        looks = [_look(session, held, row, names, now) for row in away]
    troubles = [_put_out(world, held, user_id, name) for user_id, name in sorted(names.items())]
    first = next((one for one in troubles if one is not None), None)
    return Away(tuple(one for one in looks if one is not None), first)


def _look(
    session: Session, held: Held, row: Request, names: Mapping[str, str], now: datetime
) -> datetime | None:
    """What a row may say of a user who is gone, or has another name; when to look again.

    A place without a note was never changed by us: there is nothing to be sure of.
    """
    user_id = row.grantee_id or ""
    renamed = names.get(user_id)
    is_ours = row.group_name in memberships.noted(session, held.target.account_id, user_id)
    if row.state is State.APPROVED:
        what = f"is called {renamed} now" if renamed else "is gone"
        fail(session, row, f"The IAM user {row.grantee_name} {what}. Ask again.", now)
    if renamed is None and is_ours:
        row.missing_since = row.missing_since or now
        if now < row.missing_since + MISSING_FOR:
            return row.missing_since + MISSING_FOR
    if row.state is State.ACTIVE:
        requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.REMOVED)
    if renamed is None and row.member_closed_at is None:
        requests.note(session, row, at=now, member_closed_at=now)
        close_if_done(session, row, now)
    return None


# --- under another name


def _put_out(world: World, held: Held, user_id: str, name: str) -> str | None:
    """Gives back the places of a user who has another name now; returns what went wrong."""
    try:
        seen = observe.member_to_close(held.fenced, name)
        if seen.user.unique_id != user_id:
            return SPREADING
        planned = _planned(world, held, seen)
        applied = apply.member(held.fenced, name, planned, clock=world.clock)
        after = observe.member_again(held.fenced, seen) if applied.tried else seen
    except Trouble as trouble:
        return str(trouble)
    return _record(world, held, after, applied)


def _planned(world: World, held: Held, seen: MemberSeen) -> MemberPlan:
    with world.database.read() as session:
        return _plan(world, session, held, seen, reread=False)


def _plan(
    world: World, session: Session, held: Held, seen: MemberSeen, *, reread: bool
) -> MemberPlan:
    """Of all that he has by any of his names: what another one of these wants stays."""
    user_id = seen.user.unique_id
    noted = memberships.noted(session, held.target.account_id, user_id)
    found = standing.of_user(session, user_id)
    return rows.member_plan(found, seen, (), noted, catalog=world.catalog, reread=reread)


def _record(world: World, held: Held, after: MemberSeen, applied: Applied) -> str | None:
    now, user_id = world.clock.now(), after.user.unique_id
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        if _plan(world, session, held, after, reread=True).steps:
            return str(applied.refused or applied.unsettled or SPREADING)
        theirs = standing.of_user(session, user_id)
        kept = {row.group_name for row in theirs if row.state in (State.APPROVED, State.ACTIVE)}
        for row in (one for one in found if one.grantee_id == user_id):
            if row.state is State.ENDING and row.member_closed_at is None:
                requests.note(session, row, at=now, member_closed_at=now)
                _say(session, row, after, applied, now)
                close_if_done(session, row, now)
        account_id = held.target.account_id
        for group in memberships.noted(session, account_id, user_id).keys() - kept:
            memberships.forget(session, account_id=account_id, group_name=group, user_id=user_id)
    return None


def _say(
    session: Session, row: Request, after: MemberSeen, applied: Applied, now: datetime
) -> None:
    audit.say(
        session,
        "membership closed",
        actor="xacct",
        at=now,
        request=row,
        changes=applied.tried,
        user=after.user.name,
    )


# --- groups


def _group_is_gone(world: World, held: Held, sentence: str) -> None:
    """Nothing can be opened through a group that is not there; what is to be closed stays owed."""
    now = world.clock.now()
    with world.database.write() as session:
        found = requests.of_member(session, held.target.id, lock=True)
        targets.hold(session, held.lease)
        for row in (one for one in found if _is_openable(one)):
            fail(session, row, sentence, now)
    try_again(world, held, sentence)


def still_in(world: World, held: Held, after: MemberSeen) -> str | None:
    """Why a user may still be in a group that is not there by its name: a renamed group keeps its
    members. None: no group of his lets into a role that is to be closed.
    """
    with world.database.read() as session:
        found = requests.of_member(session, held.target.id)
    closing = {row.role_arn for row in found if row.state is State.ENDING}
    others = after.groups - {row.group_name for row in found}
    try:
        seen = observe.member_to_settle(world, held.fenced, after.user.name, others)
    except Trouble as trouble:
        return str(trouble)
    lets_in = [name for name, held in seen.contents.items() if groups.covers(held) & closing]
    if seen.unread is None and not lets_in:
        return None
    return (
        f"A group that was lent to {after.user.name} is gone or renamed, and he is in "
        f"{', '.join(sorted(lets_in or others))}: that one may be it. Take him out by hand, "
        "or give the group its name back."
    )


def _is_openable(row: Request) -> bool:
    return row.state is State.APPROVED and row.role_open_at is not None


def others(found: Sequence[Request], seen: MemberSeen) -> frozenset[str]:
    """The ids of users who had the name before, and whose places are not closed yet."""
    return frozenset(
        row.grantee_id
        for row in found
        if row.grantee_id not in (None, seen.user.unique_id)
        and row.state in (State.ACTIVE, State.ENDING)
        and row.member_closed_at is None
        and row.grantee_id is not None
    )
