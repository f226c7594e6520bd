"""People as Slack last described them."""

from sqlalchemy.orm import Session

from db.models import Person


def get(session: Session, user: str) -> Person | None:
    """What Slack last said of this person, however long ago (`seen_at`)."""
    return session.get(Person, user)


def put(session: Session, person: Person) -> None:
    """Replaces what was known of this person."""
    session.merge(person)
