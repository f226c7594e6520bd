"""What xacct was told at its last start."""

from sqlalchemy.orm import Session

from db.models import Told


def replace(session: Session, name: str, text: str) -> str | None:
    """Keeps the text under that name; returns the one before, None where there was none."""
    row = session.get(Told, name, with_for_update=True)
    if row is None:
        session.add(Told(name=name, text=text))
        session.flush()
        return None
    before, row.text = row.text, text
    return before
