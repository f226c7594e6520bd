"""Reviews: break-glass uses, what their channel is owed, and who signed them."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from db.lifecycle import FINAL, State
from db.models import Person, Request, Review
from db.store.concerning import on_roles

CLAIM: Final = timedelta(seconds=60)
"""How long one worker has what a channel is owed to itself."""

Use = tuple[Request, Review]


def opened(session: Session, request: Request, *, channel: str, at: datetime) -> None:
    """A use was filed: its review is open, and its channel is owed a word now."""
    session.add(Review(request_id=request.id, channel=channel, say_at=at))
    session.flush()


def owe(session: Session, request_id: int, at: datetime) -> None:
    """Its channel is owed a word: the use is over, or was signed."""
    session.execute(
        update(Review)
        .where(Review.request_id == request_id)
        .values(say_at=at, attempts=0, changed=Review.changed + 1)
    )


def of_request(session: Session, request_id: int, *, lock: bool = False) -> Review | None:
    """The review of a request; None: it was no break-glass use."""
    query = select(Review).where(Review.request_id == request_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def one_at_a_time(session: Session, user: str, email: str | None) -> None:
    """Until this transaction ends nobody else files a use of this person, under whichever id."""
    session.scalars(
        select(Person).where(_is(Person.user, Person.email, user, email)).with_for_update()
    ).all()


def of_person(session: Session, user: str, email: str | None) -> Sequence[Use]:
    """The uses of one person, under whichever Slack id with that address, that opened something or
    still may; the newest first.
    """
    may_open = Request.state.in_((State.PENDING, State.APPROVED))
    found = session.execute(
        select(Request, Review)
        .join(Review, Review.request_id == Request.id)
        .where(
            _is(Request.requester, Request.email, user, email),
            or_(Request.noted_at.is_not(None), may_open),
        )
        .order_by(Request.id.desc())
    )
    return [(request, review) for request, review in found]


def _is(column: Any, address: Any, user: str, email: str | None) -> ColumnElement[bool]:
    his = column == user
    return or_(his, func.lower(address) == email.lower()) if email else his


def uses(session: Session, *, since: datetime | None = None) -> Sequence[Use]:
    """All uses, the newest first; those before `since` only while they are unsigned."""
    query = select(Request, Review).join(Review, Review.request_id == Request.id)
    if since is not None:
        query = query.where(or_(Request.asked_at >= since, Review.signed_at.is_(None)))
    found = session.execute(query.order_by(Request.id.desc()))
    return [(request, review) for request, review in found]


def unsigned(
    session: Session, role_arns: Collection[str] | None, *, asked: str | None = None
) -> Sequence[Request]:
    """Uses that are over and wait for a signature, on these roles (None: on all), or that this
    person was `asked` to look into; the oldest first.
    """
    query = (
        select(Request)
        .join(Review, Review.request_id == Request.id)
        .where(Review.signed_at.is_(None), Request.state.in_(FINAL))
        .order_by(Request.id)
    )
    if role_arns is not None:
        query = query.where(on_roles(role_arns, asked))
    return session.scalars(query).all()


# --- what the channel is owed


_DUE: Final = (  # asked many times a second: made once
    select(Review.request_id)
    .where(Review.say_at <= bindparam("now"))
    .order_by(Review.say_at)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 20) -> Sequence[int]:
    """Requests whose review's channel is owed a word."""
    return session.scalars(_DUE, {"now": now, "limit": limit}).all()


def claim(session: Session, request_id: int, now: datetime) -> Review | None:
    """Takes what is owed for CLAIM; None when another has it."""
    hit = session.scalars(
        update(Review)
        .where(Review.request_id == request_id, Review.say_at <= now)
        .values(say_at=now + CLAIM)
        .returning(Review.request_id)
    ).one_or_none()
    return None if hit is None else session.get(Review, hit, populate_existing=True)


def remember(session: Session, request_id: int, **columns: Any) -> None:
    """Writes down what was posted, so that it is not again."""
    session.execute(update(Review).where(Review.request_id == request_id).values(**columns))


def paid(session: Session, claimed: Review, *, next_at: datetime | None, attempts: int = 0) -> None:
    """It was said, or was put off; what happened since it was claimed stays owed."""
    session.execute(
        update(Review)
        .where(Review.request_id == claimed.request_id, Review.changed == claimed.changed)
        .values(say_at=next_at, attempts=attempts)
    )
