"""What was recorded, asked for: the last entries of the audit log that somebody may see."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from db.models import Audit, Request

_ENDING: Final = ("end", "cancel")


@dataclass(frozen=True)
class Viewer:
    """Who looks, and the roles (`account/name`) whose every entry he may see; None: all."""

    user: str
    roles: Collection[str] | None


def latest(
    session: Session, viewer: Viewer | None = None, *, words: Sequence[str] = (), limit: int = 20
) -> Sequence[Audit]:
    """The newest entries that hold all `words`, newest first; for the terminal, everybody's.

    A word `#42` means the request of that number.
    """
    query = select(Audit)
    if viewer is not None and viewer.roles is not None:
        query = query.where(_visible(viewer.user, viewer.roles))
    for word in words:
        query = _holding(query, word)
    return session.scalars(query.order_by(Audit.number.desc()).limit(limit)).all()


def _visible(user: str, roles: Collection[str]) -> ColumnElement[bool]:
    asked = select(Request.id).where(Request.requester == user)
    return or_(Audit.actor == user, Audit.request_id.in_(asked), Audit.role.in_(roles))


def _holding(query: Select[Any], word: str) -> Select[Any]:
    number = word.removeprefix("#")
    if word.startswith("#") and number.isdecimal() and len(number) < 10:
        return query.where(Audit.request_id == int(number))
    return query.where(Audit.text.icontains(word.removeprefix("@"), autoescape=True))


def who_ended(session: Session, request_id: int) -> str | None:
    """Who ended the request: a Slack id, or `xacct`; None while nobody has."""
    return session.scalars(
        select(Audit.actor)
        .where(Audit.request_id == request_id, Audit.event.in_(_ENDING))
        .order_by(Audit.number.desc())
        .limit(1)
    ).one_or_none()
