"""A database that was restored from a backup knows less than AWS: then xacct only closes.

Every session end that xacct writes carries how far the audit log had come (`session_end.Anchor`).
A database without that row is an older one, or another one.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from db import audit
from db.store import holds
from workflows.documents import session_end
from workflows.documents.text import Document


def check(session: Session, document: Document | None, *, role: str, at: datetime) -> bool:
    """Whether the database knows what this session end was written on; if not, all openings are
    held until an administrator accepts the restore.
    """
    anchor = session_end.anchor(document)
    if anchor is None or audit.holds(session, anchor.number, anchor.short):
        return True
    newest, _ = audit.head(session)
    holds.put(
        session,
        holds.RESTORE,
        reason=(
            f"{role} was last written when the audit log had row {anchor.number} "
            f"({anchor.short}…); this database ends at row {newest}, or holds another row there. "
            "It was restored from a backup, or is another database."
        ),
        at=at,
    )
    return False


def anchor(session: Session) -> session_end.Anchor:
    """What a session end that is written now carries."""
    number, signed = audit.head(session)
    return session_end.Anchor(number, signed[:8])
