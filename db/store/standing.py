"""What the rows say stands: asked for when AWS, the catalog or Slack is compared with them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from db.lifecycle import OPEN, UNDECIDED_OR_OPEN, State
from db.models import Membership, Person, Request, Target


def target(session: Session, arn: str) -> Target | None:
    """The target of this ARN, if a request or a drift ever made one."""
    return session.scalars(select(Target).where(Target.arn == arn)).one_or_none()


def ids(session: Session, arns: Collection[str]) -> frozenset[int]:
    """The numbers of those targets that these ARNs have."""
    return frozenset(session.scalars(select(Target.id).where(Target.arn.in_(arns))))


def free(session: Session, target_id: int) -> bool:
    """Whether nobody settles the target now, and nobody begins to before this transaction ends."""
    found = session.scalars(
        select(Target)
        .where(Target.id == target_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    return found.lease is None


def notes(session: Session, account_id: str) -> Sequence[Membership]:
    """Every place in a group that we have a hand in."""
    return session.scalars(select(Membership).where(Membership.account_id == account_id)).all()


def by_group(session: Session, *, closed_since: datetime) -> Sequence[Request]:
    """Requests that come by a group and are open, or whose place was given back after that."""
    lately = or_(Request.ended_at > closed_since, Request.member_closed_at > closed_since)
    return session.scalars(
        select(Request).where(Request.group_name.is_not(None), or_(Request.state.in_(OPEN), lately))
    ).all()


def by_trust(session: Session) -> Sequence[Request]:
    """Active grants that no group is part of; the oldest first."""
    return session.scalars(
        select(Request)
        .where(Request.state == State.ACTIVE, Request.group_name.is_(None))
        .order_by(Request.id)
    ).all()


def of_user(session: Session, user_id: str) -> Sequence[Request]:
    """What the user of this unique id comes by a group with, by whatever name, and is open."""
    return session.scalars(
        select(Request)
        .where(
            Request.grantee_id == user_id,
            Request.group_name.is_not(None),
            Request.state.in_(OPEN),
        )
        .order_by(Request.id)
    ).all()


def undecided_or_open(session: Session) -> Sequence[Request]:
    """Every request that waits, is to be opened, or is open; the oldest first."""
    return session.scalars(
        select(Request).where(Request.state.in_(UNDECIDED_OR_OPEN)).order_by(Request.id)
    ).all()


def people(session: Session, users: Collection[str]) -> Mapping[str, Person]:
    """What Slack last said of these people."""
    found = session.scalars(select(Person).where(Person.user.in_(users)))
    return {one.user: one for one in found}


def written(session: Session, arns: Collection[str]) -> Sequence[Target]:
    """Those of these roles whose trust policy may have been written."""
    found = session.scalars(select(Target).where(Target.arn.in_(arns)).order_by(Target.id))
    return [one for one in found if one.windows]


def follow(session: Session, account_id: str, *, manager_arn: str, external_id: str | None) -> None:
    """Everything in this account is reached in this way from now on."""
    other = or_(
        Target.manager_arn != manager_arn,
        Target.external_id.is_distinct_from(external_id),
    )
    session.execute(
        update(Target)
        .where(and_(Target.account_id == account_id, other))
        .values(manager_arn=manager_arn, external_id=external_id)
    )


def known_names(session: Session, target_id: int) -> frozenset[str]:
    """`<role id>:<session name>`, in small letters, of every grant this role ever had noted."""
    rows = session.execute(
        select(Request.role_id, Request.session_name)
        .where(Request.role_target_id == target_id, Request.noted_at.is_not(None))
        .distinct()
    )
    return frozenset(f"{role_id}:{name}".casefold() for role_id, name in rows)
