"""Rows as the plans take them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from db.lifecycle import State
from db.models import Request
from workflows.catalog.model import Catalog, GranteeKind, Mechanism
from workflows.documents.admits import Visitor
from workflows.durations import whole_minute
from workflows.plan.grant import Grant
from workflows.plan.member import MemberPlan, Place, plan
from workflows.plan.phase import Phase
from workflows.seen import MemberSeen, RoleDetail

STALE: Final = timedelta(seconds=60)

KEPT: Final = timedelta(hours=12, minutes=15)
"""How long a session end stays after its end: 43,200 s is the longest session AWS allows."""


def kept_since(seen: RoleDetail, now: datetime) -> datetime:
    """Removing a Deny is opening: a clock of ours that jumped ahead forgets nothing too early."""
    return min(now, seen.role.at) - KEPT


def phase(row: Request, fit: Collection[int]) -> Phase:
    """What a row may still do. An approved one that was not asked about again opens nothing."""
    if row.state is State.APPROVED:
        return Phase.OPENING if row.id in fit else Phase.OPEN
    return Phase.OPEN if row.state is State.ACTIVE else Phase.OVER


def grants(rows: Sequence[Request], fit: Collection[int], *, at: datetime) -> list[Grant]:
    """What the noted rows want of a role that was read at `at`, AWS's time.

    A row without a note has no right to anything yet.
    """
    return [
        _grant(row, phase(row, fit), row.ends_at, at)
        for row in rows
        if row.noted_at is not None and row.ends_at is not None  # as the database holds it
    ]


def coming(rows: Sequence[Request], *, at: datetime) -> list[Grant]:
    """What the approved rows without a note want: they have the room that they will take. Each is
    taken to be opened at `at`, AWS's time.
    """
    return [
        _grant(row, Phase.OPENING, end_if_opened(row, rows, at=at), at)
        for row in rows
        if row.state is State.APPROVED and row.noted_at is None
    ]


def end_if_opened(row: Request, rows: Sequence[Request], *, at: datetime) -> datetime:
    """When a request would end, were it opened at `at`, AWS's time. An extension goes on from the
    end of what it extends, if that is among `rows`.
    """
    extended = next((one.ends_at for one in rows if one.id == row.extends), None)
    return whole_minute((extended or at) + row.length)


def is_fresh(row: Request, at: datetime) -> bool:
    """Whether a read at `at` may be older than the opening: IAM is eventually consistent, within
    about a minute (IAM User Guide, "Changes that I make are not always immediately visible").
    """
    return row.role_open_at is not None and at < row.role_open_at + STALE


def visitor(row: Request) -> Visitor:
    """The grantee of a noted request as AWS sees him after its end."""
    assert row.ends_at is not None  # the database holds it: noted_has_end
    return _visitor(row, row.ends_at)


def _visitor(row: Request, ends_at: datetime) -> Visitor:
    return Visitor(
        kind=GranteeKind(row.grantee_kind),
        partition=row.partition,
        account_id=row.grantee_arn.split(":")[4],
        arn=row.grantee_arn,
        name=row.grantee_name,
        unique_id=row.grantee_id or "",
        after=ends_at,
    )


def _grant(row: Request, stands: Phase, ends_at: datetime, at: datetime) -> Grant:
    account_id = row.grantee_arn.split(":")[4]
    return Grant(
        request=row.id,
        phase=stands,
        visitor=_visitor(row, ends_at),
        session_name=row.session_name,
        role_id=row.role_id or "",
        session_end=row.session_end,
        boundary=row.boundary_at,
        vendor=None if row.vendor_id is None else (account_id, row.vendor_id),
        fresh=is_fresh(row, at),
        mfa=row.mfa,
        kept_until=(row.ended_at or max(ends_at, at)) + KEPT,
    )


def places(
    rows: Sequence[Request], fit: Collection[int], opened: Collection[int] = (), *, at: datetime
) -> list[Place]:
    """What rows want of a user's groups: a role that is not open yet wants nothing opened.

    `opened` are those whose role was read back open just now, before it is written down; `at` is
    AWS's time.
    """
    return [
        Place(
            request=row.id,
            phase=phase(row, fit if row.role_open_at is not None or row.id in opened else ()),
            group=row.group_name,
            inside=row.mechanism == Mechanism.ALLOW_GROUP,
            was_open=row.state is State.ACTIVE,
            trusted=_is_trusted(row, at),
        )
        for row in rows
        if row.group_name is not None and (row.noted_at is not None or row.id in opened)
    ]


def _is_trusted(row: Request, at: datetime) -> bool:
    """Whether the role of a request that is over may still let its grantee in."""
    over = row.state is State.ENDING and row.role_closed_at is None
    return over and row.ends_at is not None and at < row.ends_at


def noted_pair(rows: Sequence[Request], row: Request) -> list[Request]:
    """The other rows of the same grantee that were, or are to be, written to AWS."""
    return [
        one
        for one in rows
        if one.id != row.id
        and one.noted_at is not None
        and (one.grantee_kind, one.grantee_name) == (row.grantee_kind, row.grantee_name)
    ]


def member_plan(
    found: Sequence[Request],
    seen: MemberSeen,
    fit: Collection[int],
    noted: Mapping[str, bool],
    *,
    catalog: Catalog,
    reread: bool,
    opened: Collection[int] = (),
) -> MemberPlan:
    """The plan for a user's places. Those of another user who had the name before are nobody's
    any more: left out. `opened` as in `places`.
    """
    denying = {
        role.group.name
        for role in catalog.roles
        if role.group is not None and role.mechanism is Mechanism.DENY_GROUP
    }
    mine = [row for row in found if row.grantee_id == seen.user.unique_id]
    return plan(
        seen, places(mine, fit, opened, at=seen.user.at), noted, reread=reread, denying=denying
    )
