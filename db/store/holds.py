"""Holds: while one stands xacct opens nothing, or nothing of one account or person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db import audit
from db.models import Hold

FREEZE = "freeze"
"""An administrator said so, for everything, an account or a person."""

RESTORE = "restore"
"""The database is behind what xacct wrote into AWS: it was restored from a backup."""


def standing(session: Session) -> Sequence[Hold]:
    """What holds openings now, the oldest first."""
    return session.scalars(select(Hold).where(Hold.lifted_at.is_(None)).order_by(Hold.id)).all()


def over(held: Sequence[Hold], *, account_id: str, user: str) -> Hold | None:
    """Which of these holds keeps this person out of this account, or None."""
    for one in held:
        if one.account_id in (None, account_id) and one.user in (None, user):
            return one
    return None


def freeze(
    session: Session,
    *,
    by: str,
    reason: str,
    at: datetime,
    account_id: str | None = None,
    user: str | None = None,
) -> Hold | None:
    """Holds openings of all accounts and people, of one account, or of one person, until somebody
    thaws it. None: it was frozen already.
    """
    if _frozen(session, account_id, user) is not None:
        return None
    made = Hold(kind=FREEZE, reason=reason, since=at, account_id=account_id, user=user, by=by)
    session.add(made)
    _say(session, "hold", made, actor=by, at=at)
    session.flush()
    return made


def thaw(
    session: Session,
    *,
    by: str,
    at: datetime,
    account_id: str | None = None,
    user: str | None = None,
) -> bool:
    """Lifts exactly that freeze; False when there is none."""
    found = _frozen(session, account_id, user)
    if found is None:
        return False
    found.lifted_at, found.lifted_by = at, by
    _say(session, "hold lifted", found, actor=by, at=at)
    session.flush()
    return True


def _say(session: Session, event: str, hold: Hold, *, actor: str, at: datetime) -> None:
    audit.say(
        session,
        event,
        actor=actor,
        at=at,
        kind=hold.kind,
        reason=hold.reason,
        account=hold.account_id,
        person=hold.user,
    )


def _frozen(session: Session, account_id: str | None, user: str | None) -> Hold | None:
    """The freeze of exactly that."""
    frozen = (one for one in standing(session) if one.kind == FREEZE)
    return next((one for one in frozen if (one.account_id, one.user) == (account_id, user)), None)


def stood(session: Session, kind: str, *, since: datetime) -> bool:
    """Whether a hold of this kind stands, or was lifted after that moment."""
    lately = or_(Hold.lifted_at.is_(None), Hold.lifted_at > since)
    query = select(Hold.id).where(Hold.kind == kind, lately).limit(1)
    return session.scalars(query).one_or_none() is not None


def said(session: Session, kind: str, reason: str) -> Hold | None:
    """The hold of this kind for this very reason, whether it stands or was lifted; or None."""
    query = select(Hold).where(Hold.kind == kind, Hold.reason == reason).order_by(Hold.id)
    return session.scalars(query.limit(1)).one_or_none()


def put(session: Session, kind: str, *, reason: str, at: datetime) -> bool:
    """Holds every opening from now on; a second hold for one reason is the first.

    False, and nothing is held, where an administrator lifted a hold for this very reason.
    """
    known = said(session, kind, reason)
    if known is not None:
        return known.lifted_at is None
    session.add(Hold(kind=kind, reason=reason, since=at))
    audit.say(session, "hold", actor="xacct", at=at, kind=kind, reason=reason)
    session.flush()
    return True


def lift(session: Session, kind: str, *, by: str, at: datetime, **facts: Any) -> bool:
    """Lets xacct open again; False when nothing of that kind stood. `facts` are recorded."""
    found = [one for one in standing(session) if one.kind == kind]
    for one in found:
        one.lifted_at, one.lifted_by = at, by
        audit.say(session, "hold lifted", actor=by, at=at, kind=kind, reason=one.reason, **facts)
    return bool(found)
