"""A database that was restored from a backup knows less than AWS: then xacct only closes.

Every session end that xacct writes carries how far the audit log had come (`session_end.Anchor`).
A database without that row is an older one, or another one.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import audit
from db.lifecycle import Event, State, Why
from db.models import Audit
from db.session import Database
from db.store import alerts, holds, requests, standing
from workflows.documents import session_end
from workflows.documents.text import Document

ALERT: Final = "hold:restore"


def is_known(session: Session, document: Document | None) -> bool:
    """Whether the database holds the row of the audit log that this session end was written on."""
    anchor = session_end.anchor(document)
    return anchor is None or audit.holds(session, anchor.number, anchor.short)


def is_taken(session: Session, document: Document | None, *, role: str) -> bool:
    """The same, or an administrator has accepted that it does not. Writes nothing."""
    anchor = session_end.anchor(document)
    if anchor is None or is_known(session, document):
        return True
    held = holds.said(session, holds.RESTORE, _reason(role, anchor))
    return held is not None and held.lifted_at is not None


def _reason(role: str, anchor: session_end.Anchor) -> str:
    return (
        f"{role} was last written when the audit log had row {anchor.number} ({anchor.short}…), "
        "and this database has no such row."
    )


def check(session: Session, document: Document | None, *, role: str, at: datetime) -> bool:
    """Whether the database knows what this session end was written on; if not, all openings are
    held, and alerted, until an administrator accepts the restore.

    What he accepted once is not held again: session ends keep their anchor until they are written.
    """
    anchor = session_end.anchor(document)
    if anchor is None or audit.holds(session, anchor.number, anchor.short):
        return True
    reason = _reason(role, anchor)
    if not holds.put(session, holds.RESTORE, reason=reason, at=at):
        return True
    if not alerts.standing(session, ALERT):
        alerts.found(session, _finding(session, reason), at=at)
    return False


def _finding(session: Session, reason: str) -> alerts.Finding:
    newest, _ = audit.head(session)
    return alerts.Finding(
        key=ALERT,
        kind="restored",
        sentence=(
            f"This database knows less than AWS: {reason} It ends at row {newest}, so it was "
            "restored from a backup, or it is another one. xacct opens nothing and goes on "
            "closing. Whoever had access that the database does not know of has lost it, or loses "
            "it at the end that AWS knows. To open again, run `xacct db accept-restore`."
        ),
        facts={},
    )


def accept(session: Session, *, by: str, at: datetime) -> bool:
    """An administrator takes the database as it is: xacct opens again. False: nothing was held.

    What waits, or was approved and is not open, may have been denied or revoked since the backup:
    it is withdrawn, and has to be asked anew.
    """
    lifted = holds.lift(session, holds.RESTORE, by=by, at=at, after=_had(session))
    alerts.over(session, ALERT, at=at)
    if lifted:
        for row in standing.undecided_or_open(session):
            if row.state in (State.PENDING, State.APPROVED):
                requests.move(
                    session,
                    row,
                    Event.END,
                    actor=by,
                    at=at,
                    why=Why.WITHDRAWN,
                    trouble="The database was restored from a backup. Ask again.",
                )
    return lifted


def _had(session: Session) -> int:
    """The last row that the restored database had: that before the start that found it so. What
    anchors know behind it is lost, and anything else is not forgiven.
    """
    since = min(
        (one.since for one in holds.standing(session) if one.kind == holds.RESTORE), default=None
    )
    started = select(func.max(Audit.number)).where(Audit.event == "started")
    found = session.scalar(started.where(Audit.at <= since)) if since is not None else None
    return found - 1 if found else 0


def anchor(database: Database, noted: Session) -> session_end.Anchor:
    """What a session end carries that is written after `noted`, which is committed."""
    sealed = audit.sealed(noted)
    if sealed is None:
        with database.read() as session:
            sealed = audit.head(session)
    number, signed = sealed
    return session_end.Anchor(number, signed[:8])
