"""Alerts: what needs an administrator, from when it was found until it is over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db import audit
from db.models import Alert

CLAIM: Final = timedelta(seconds=60)
"""How long one worker has the drawing of an alert to itself."""


@dataclass(frozen=True)
class Finding:
    """Something that needs an administrator. `key` is the same each time the same is found.

    `sentence` says what is so and what to do about it; `facts` is JSON without a secret.
    """

    key: str
    kind: str
    sentence: str
    facts: dict[str, Any]


def found(session: Session, finding: Finding, *, at: datetime) -> bool:
    """Opens the alert, or says it anew if what it says has changed; False: it stands already."""
    alert = session.scalars(
        select(Alert).where(Alert.key == finding.key).with_for_update()
    ).one_or_none()
    if alert is None:
        alert = Alert(key=finding.key, since=at, changed=0, **_said(finding))
        session.add(alert)
    elif alert.over_at is None and (alert.sentence, alert.facts) == (
        finding.sentence,
        finding.facts,
    ):
        return False
    alert.since = at if alert.over_at is not None else alert.since
    alert.kind, alert.sentence, alert.facts = finding.kind, finding.sentence, finding.facts
    alert.over_at, alert.draw_at, alert.draw_attempts = None, at, 0
    alert.changed += 1
    audit.say(
        session,
        "alert",
        actor="xacct",
        at=at,
        kind=finding.kind,
        sentence=finding.sentence,
        facts=finding.facts,
    )
    session.flush()
    return True


def _said(finding: Finding) -> dict[str, Any]:
    return {"kind": finding.kind, "sentence": finding.sentence, "facts": finding.facts}


def over(session: Session, key: str, *, at: datetime) -> None:
    """What was found is no more so: the message says that, if it was ever posted."""
    alert = session.scalars(
        select(Alert).where(Alert.key == key, Alert.over_at.is_(None)).with_for_update()
    ).one_or_none()
    if alert is not None:
        alert.over_at, alert.draw_at, alert.draw_attempts = at, at, 0
        alert.changed += 1
        audit.say(
            session, "alert over", actor="xacct", at=at, kind=alert.kind, sentence=alert.sentence
        )


def over_all_but(session: Session, prefix: str, kept: Collection[str], *, at: datetime) -> None:
    """Ends the alerts whose key begins with `prefix`, except those in `kept`."""
    for alert in standing(session, prefix):
        if alert.key not in kept:
            over(session, alert.key, at=at)


def standing(session: Session, prefix: str = "") -> Sequence[Alert]:
    """Alerts that are not over, the oldest first."""
    return session.scalars(
        select(Alert)
        .where(Alert.over_at.is_(None), Alert.key.startswith(prefix, autoescape=True))
        .order_by(Alert.id)
    ).all()


def get(session: Session, alert_id: int) -> Alert | None:
    """The alert, or None."""
    return session.get(Alert, alert_id)


# --- drawing


def due(session: Session, now: datetime, limit: int = 20) -> Sequence[int]:
    """Alerts whose message shows an older state."""
    return session.scalars(
        select(Alert.id).where(Alert.draw_at <= now).order_by(Alert.draw_at).limit(limit)
    ).all()


def claim(session: Session, alert_id: int, now: datetime) -> Alert | None:
    """Takes the drawing of one alert for CLAIM; None when another has it."""
    hit = session.scalars(
        update(Alert)
        .where(Alert.id == alert_id, Alert.draw_at <= now)
        .values(draw_at=now + CLAIM)
        .returning(Alert.id)
    ).one_or_none()
    return None if hit is None else session.get(Alert, hit, populate_existing=True)


def drew(session: Session, alert_id: int, version: int, **columns: Any) -> None:
    """Writes down that Slack shows `version`; a change meanwhile stays owed."""
    session.execute(update(Alert).where(Alert.id == alert_id).values(drawn=version, **columns))
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id, Alert.changed == version)
        .values(draw_at=None, draw_attempts=0)
    )


def draw_later(session: Session, alert_id: int, when: datetime) -> None:
    """Puts a drawing off, because Slack did not take it."""
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id)
        .values(draw_at=when, draw_attempts=Alert.draw_attempts + 1)
    )
