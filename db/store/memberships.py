"""Whom a place in a governed group belonged to before us: decided once, shared by all requests."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from db.models import Membership


def noted(session: Session, account_id: str, user_id: str) -> dict[str, bool]:
    """Group name → whether the user was in it before us, for every group we have a hand in."""
    rows = session.scalars(
        select(Membership).where(Membership.account_id == account_id, Membership.user_id == user_id)
    )
    return {row.group_name: row.was_member for row in rows}


def note(
    session: Session,
    *,
    account_id: str,
    group_name: str,
    user_id: str,
    user_name: str,
    was_member: bool,
    at: datetime,
) -> None:
    """Fixes whom the place belongs to. Must be committed before the place is first changed."""
    session.add(
        Membership(
            account_id=account_id,
            group_name=group_name,
            user_id=user_id,
            user_name=user_name,
            was_member=was_member,
            noted_at=at,
        )
    )
    session.flush()


def forget(session: Session, *, account_id: str, group_name: str, user_id: str) -> None:
    """Ends our hand in a place, after it was read back as it was before us."""
    session.execute(
        delete(Membership).where(
            Membership.account_id == account_id,
            Membership.group_name == group_name,
            Membership.user_id == user_id,
        )
    )
