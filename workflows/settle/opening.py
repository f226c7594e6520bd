"""What is asked again when an approved request is about to be opened, and what the note fixes."""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Request, Target
from db.store import holds, requests
from workflows import access, rows, rules
from workflows.catalog.model import Catalog
from workflows.directory import Unreachable
from workflows.documents.session_end import Line
from workflows.durations import duration_text, whole_minute
from workflows.errors import Refused, Trouble
from workflows.person import Person
from workflows.plan import ending
from workflows.seen import RoleDetail
from workflows.world import World

People = dict[str, Person]

APART: Final = timedelta(seconds=6)
"""A grant of a grantee is opened so long after his last one was closed, at the earliest."""

SAYS_WITHIN: Final = 1.0
"""Seconds for which a settle waits for what Slack says of those who decided."""

CLOCKS_APART: Final = timedelta(seconds=30)
"""With more between our clock and AWS's nothing is opened."""


def everybody(world: World, row: Request) -> People:
    """Who the requester and each counted approver are right now. Raises Unreachable."""
    users = {row.requester, *(one.by for one in row.decisions if one.approves)}
    now = world.clock.now()
    return {user: world.directory.person(user, now=now) for user in users}


def still_stands(catalog: Catalog, row: Request, people: People) -> None:
    """Refuses what would not be approved today: persons, catalog and terms as they are now."""
    role = catalog.role(row.role)
    if role is None:
        raise Refused("The role left the catalog.")
    requester = people[row.requester]
    rules.identified(requester, catalog)
    if not access.may_still_ask(catalog, row, role):
        raise Refused(f"{row.grantee_name} is no longer the requester's to ask for.")
    counted = 0
    for decision in row.decisions:
        if decision.approves:
            approver = people[decision.by]
            rules.identified(approver, catalog)
            access.may_decide(catalog, row, approver, requester=requester)
            counted += 1
    if counted < max(row.approvals_needed, role.approvals):
        raise Refused(f"It needs {role.approvals} approvals and has {counted}.")
    if access.terms_of(row, role) != row.terms:
        raise Refused("The terms in the catalog are not the ones that were approved.")


@dataclass(frozen=True)
class Asked:
    """Approved requests that were asked about again: `fit` may be opened, `unfit` must not.

    Of the rest Slack, or AWS at the start, said nothing (`unsaid`), or nobody asked yet: they wait.
    """

    fit: frozenset[int]
    unfit: Mapping[int, str]
    unsaid: frozenset[int]

    @classmethod
    def nobody(cls) -> "Asked":
        """Nobody was asked: what closes goes first, and all of them are missed."""
        return cls(frozenset(), {}, frozenset())

    def without(self, frozen: Iterable[int]) -> "Asked":
        """These wait, however fit they are."""
        waiting = self.fit & frozenset(frozen)
        return Asked(self.fit - waiting, self.unfit, self.unsaid | waiting)

    def held_up(self) -> "Asked":
        """Those that are fit wait, too."""
        return Asked(frozenset(), self.unfit, self.unsaid | self.fit)

    def missed(self, row: Request) -> bool:
        """Whether the row came to be opened only after these were asked about."""
        known = self.fit | self.unsaid | self.unfit.keys()
        return row.state is State.APPROVED and row.id not in known


def ask_again(world: World, rows: Iterable[Request]) -> Asked:
    """Asks the rules anew about every approved request among `rows`."""
    fit: set[int] = set()
    unfit: dict[int, str] = {}
    unsaid: set[int] = set()
    for row in (one for one in rows if one.state is State.APPROVED):
        if not world.looked.is_set():
            unsaid.add(row.id)
            continue
        try:
            still_stands(world.catalog, row, everybody(world, row))
            fit.add(row.id)
        except Unreachable:
            unsaid.add(row.id)
        except Refused as refusal:
            unfit[row.id] = str(refusal)
    return Asked(frozenset(fit), unfit, frozenset(unsaid))


def answer(world: World, target: Target, asking: Future[Asked]) -> Asked:
    """What comes of asking again, waited for at most SAYS_WITHIN: somebody may be put out
    meanwhile. Whom Slack has not described by then waits for the next round.
    """
    try:
        return asking.result(SAYS_WITHIN)
    except TimeoutError:
        asking.cancel()  # where it waits for others that hang
        with world.database.read() as session:
            live = requests.live(session, target)
        waiting = (row.id for row in live if row.state is State.APPROVED)
        return Asked(frozenset(), {}, frozenset(waiting))


def nothing_opens(session: Session, *, off: timedelta, unread: Trouble | None = None) -> str | None:
    """Why nothing at all may be opened now, or None. `off` is AWS's time minus ours; `unread` what
    AWS did not say of the room that an opening needs.
    """
    held = holds.over_everything(session)
    if held is not None:
        return f"Nothing is opened while xacct is on hold ({held.kind}): {held.reason}"
    if abs(off) > CLOCKS_APART:
        return (
            f"xacct's clock differs from AWS's by {abs(off).total_seconds():.0f} s, so nothing is "
            "opened until it is set right."
        )
    if unread is not None:
        return f"Nothing is opened while AWS does not say what room there is: {unread}"
    return None


def frozen(session: Session, rows: Iterable[Request]) -> list[int]:
    """Those whose account, or who asked for them, an administrator has frozen."""
    held = holds.standing(session)
    return [
        row.id
        for row in rows
        if holds.over(held, account_id=row.account_id, user=row.requester) is not None
    ]


def end_unfit(session: Session, row: Request, sentence: str, now: datetime) -> None:
    """Ends an approved request whose approval would not be given today."""
    requests.move(session, row, Event.END, actor="xacct", at=now, why=Why.CHANGED, trouble=sentence)


def too_soon(row: Request, seen: RoleDetail, *, pair: Sequence[Request]) -> bool:
    """Whether an earlier grant of the same grantee closed so lately that its sessions could not be
    told from new ones: AWS dates sessions by whole seconds, and its clocks differ a little.
    """
    at = seen.role.at
    if row.noted_at is not None or _still_open(pair, seen):
        return False
    closed = [one.role_closed_at for one in pair]
    stands = _stands(row, seen)
    if stands is not None and stands.end is not None and stands.end <= at:
        closed.append(stands.end)
    return any(one is None or at < one + APART for one in closed)


def too_long(
    row: Request,
    seen: RoleDetail,
    *,
    pair: Sequence[Request],
    extended: Request | None,
    longest: timedelta,
) -> str | None:
    """Why it may not follow on the grantee's open grants without a break, or None: overlapping
    grants together never last longer than the role is lent for.
    """
    since = _unbroken_since(pair, seen)
    if row.noted_at is not None or _end(row, seen, extended) <= whole_minute(since + longest):
        return None
    return (
        f"With what is open already it would last longer than {duration_text(longest)}, and this "
        "role is lent for no longer. Ask again when the open grant is over, or for less."
    )


def not_extendable(row: Request, seen: RoleDetail, extended: Request | None) -> str | None:
    """Why an approved extension has nothing to extend, or None."""
    if row.extends is None or row.noted_at is not None:
        return None
    if extended is None or extended.ends_at is None or extended.why not in (None, Why.TIME):
        return f"#{row.extends}, which it was to extend, did not stay open. Ask anew."
    if _end(row, seen, extended) <= seen.role.at:
        return f"It came too late: #{row.extends} and the time that was asked for are over."
    return None


def _end(row: Request, seen: RoleDetail, extended: Request | None) -> datetime:
    """An extension goes on from the end of what it extends, whenever it is opened."""
    begins = seen.role.at
    if extended is not None and extended.ends_at is not None:
        begins = extended.ends_at
    return whole_minute(begins + row.length)


def _unbroken_since(pair: Sequence[Request], seen: RoleDetail) -> datetime:
    at = seen.role.at
    return min((one.unbroken_since or at for one in _still_open(pair, seen)), default=at)


def note(
    session: Session,
    row: Request,
    seen: RoleDetail,
    *,
    pair: Sequence[Request],
    extended: Request | None,
) -> None:
    """Fixes, before the first write to AWS, the end, the role's id and the boundary; once.

    The end is AWS's time plus the duration, rounded up to the whole minute; of an extension, the
    end of what it extends plus the duration. `pair` are the other noted requests of the grantee
    for this role: an open one hands its boundary on, since its sessions are rightful; with none
    open, sessions of those that ended stay dead, whether the rows know of them or AWS does.
    """
    if row.noted_at is not None:
        return
    requests.note(
        session,
        row,
        at=seen.role.at,
        noted_at=seen.role.at,
        ends_at=_end(row, seen, extended),
        unbroken_since=_unbroken_since(pair, seen),
        role_id=seen.role.role_id,
        boundary_at=_boundary(row, pair, seen),
    )
    assert row.ends_at is not None
    audit.say(
        session,
        "noted",
        actor="xacct",
        at=seen.role.at,
        request=row,
        ends_at=row.ends_at.isoformat(),
        role_id=seen.role.role_id,
        grantee_id=row.grantee_id,
        session_name=row.session_name,
    )


def _boundary(row: Request, pair: Sequence[Request], seen: RoleDetail) -> datetime | None:
    """AWS's time of this read, less what its clocks may differ by; nobody's sessions, no boundary.

    It is not the time at which the last known grant closed: a name that stands in the session end
    may have had a later one, of which a database from a backup knows nothing.
    """
    standing = _still_open(pair, seen)
    if standing:
        return max((one.boundary_at for one in standing if one.boundary_at), default=None)
    if not pair and _stands(row, seen) is None:
        return None
    return seen.role.at - APART / 2


def _stands(row: Request, seen: RoleDetail) -> Line | None:
    """What AWS's session end says of the name that the row's grantee will have."""
    user_id = f"{seen.role.role_id}:{row.session_name}"
    return ending.held(seen.session_end).get(user_id.casefold())


def _still_open(pair: Sequence[Request], seen: RoleDetail) -> list[Request]:
    """Those whose sessions AWS still lets live; our clock may not have noticed an end yet."""
    live = (one for one in pair if one.state in (State.APPROVED, State.ACTIVE))
    return [
        one
        for one in live
        if one.ends_at is not None and one.ends_at > seen.role.at and not _is_cut(one, seen)
    ]


def _is_cut(row: Request, seen: RoleDetail) -> bool:
    """Whether AWS ended the sessions of an active grant, of which its row knows nothing."""
    if row.state is not State.ACTIVE or rows.is_fresh(row, seen.role.at):
        return False
    stands = _stands(row, seen)
    return stands is not None and (stands.end is None or stands.end <= seen.role.at)
