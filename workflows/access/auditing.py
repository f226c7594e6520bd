"""The audit log and people: who acts, as it is recorded, and who may see which rows."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from db import audit
from db.audit.question import Viewer
from workflows.catalog.arns import user_arn
from workflows.catalog.model import Catalog
from workflows.person import Person

_READ: Final = "read the audit log"


def actor(catalog: Catalog, by: Person) -> audit.Actor:
    """Who somebody in Slack is at this moment: his address, and the identity in AWS that the
    catalog lists for him.
    """
    engineer = catalog.engineer(by.user)
    visitor = next((one for one in catalog.visitors if one.slack == by.user), None)
    if engineer is not None and engineer.iam_user:
        identity: str | None = user_arn(catalog, engineer.iam_user)
    else:
        identity = visitor.role_arn if visitor is not None else None
    return audit.Actor(by.user, by.email, identity)


def sight(catalog: Catalog, user: str) -> Viewer | None:
    """The rows that somebody may see: what he did, what is about his own requests, and all of the
    roles that he decides on. None: administrators and auditors see all.
    """
    if catalog.oversees(user):
        return None
    return Viewer(user, [role.key for role in catalog.roles_decided_by(user)])


def asked(session: Session, question: str, *, by: str, at: datetime) -> None:
    """That somebody asked the log is recorded in it."""
    audit.say(session, _READ, actor=by, at=at, question=question)
