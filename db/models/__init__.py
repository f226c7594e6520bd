"""The tables. What is owed stands in their due columns: inbox.try_at, targets.settle_at,
requests.look_at, .remind_at and .activity_at, reviews.say_at, exports.make_at and the draw_at of
requests, alerts and anchors; nothing else remembers work.
"""

from db.models.base import Table, TargetKind, Utc
from db.models.log import Alert, Anchor, Audit, AuditHead, Export, Hold, Person, Told
from db.models.review import Review
from db.models.work import Decision, Inbox, Membership, Request, Target

__all__ = [
    "Alert",
    "Anchor",
    "Audit",
    "AuditHead",
    "Decision",
    "Export",
    "Hold",
    "Inbox",
    "Membership",
    "Person",
    "Request",
    "Review",
    "Table",
    "Target",
    "TargetKind",
    "Told",
    "Utc",
]
