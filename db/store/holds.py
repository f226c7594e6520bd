"""Holds: while one stands, xacct opens nothing."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db import audit
from db.models import Hold

RESTORE = "restore"
"""The database is behind what xacct wrote into AWS: it was restored from a backup."""


def standing(session: Session) -> Sequence[Hold]:
    """What holds every opening now, the oldest first."""
    return session.scalars(select(Hold).where(Hold.lifted_at.is_(None)).order_by(Hold.id)).all()


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


def lift(session: Session, kind: str, *, by: str, at: datetime) -> bool:
    """Lets xacct open again; False when nothing of that kind stood."""
    found = [one for one in standing(session) if one.kind == kind]
    for one in found:
        one.lifted_at, one.lifted_by = at, by
        audit.say(session, "hold lifted", actor=by, at=at, kind=kind, reason=one.reason)
    return bool(found)
