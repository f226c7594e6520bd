"""Alerts: what needs an administrator, from when it was found until it is over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
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
    alert = _locked(session, finding, at)
    if alert.changed and alert.over_at is None and _says(alert) == _said(finding):
        return False
    if alert.over_at is not None:
        alert.since = at
        if alert.drawn == alert.changed:  # its message says that it was over: it stays so
            alert.channel = alert.ts = None
            alert.copies = {}
    alert.kind, alert.sentence, alert.facts = finding.kind, finding.sentence, finding.facts
    _owe(alert, at)
    alert.over_at = None
    audit.say(
        session,
        "alert",
        actor="xacct",
        at=at,
        role=_role(finding),
        account=finding.facts.get("account"),
        **_said(finding),
    )
    session.flush()
    return True


def _locked(session: Session, finding: Finding, at: datetime) -> Alert:
    """The row of this finding, locked; a new one has not changed yet.

    Two workers may find the same for the first time: one makes the row, the other waits for it.
    """
    dialect = session.get_bind().dialect.name
    insert: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    row = {"key": finding.key, "since": at, "changed": 0, "drawn": 0, "draw_attempts": 0}
    session.execute(
        insert(Alert)
        .values({**row, **_said(finding)})
        .on_conflict_do_nothing(index_elements=["key"])
    )
    return session.scalars(
        select(Alert)
        .where(Alert.key == finding.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def _owe(alert: Alert, at: datetime) -> None:
    alert.changed += 1
    alert.draw_at, alert.draw_attempts = at, 0


def _said(finding: Finding) -> dict[str, Any]:
    return {"kind": finding.kind, "sentence": finding.sentence, "facts": finding.facts}


def _role(finding: Finding) -> str | None:
    """The role that it is about, where the facts name it as the log does."""
    role = finding.facts.get("role")
    return role if isinstance(role, str) and not role.startswith("arn:") else None


def _says(alert: Alert) -> dict[str, Any]:
    return {"kind": alert.kind, "sentence": alert.sentence, "facts": alert.facts}


def over(session: Session, key: str, *, at: datetime, by: str = "xacct", **also: Any) -> bool:
    """What was found is no more so: the message says that, if it was ever posted.

    `by` is who ended it, where a person left it as it is; `also` joins the facts. False: it was
    over already, or never found.
    """
    alert = session.scalars(
        select(Alert)
        .where(Alert.key == key, Alert.over_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if alert is None:
        return False
    alert.over_at = at
    alert.facts = {**alert.facts, **also}
    _owe(alert, at)
    audit.say(session, "alert over", actor=by, at=at, kind=alert.kind, sentence=alert.sentence)
    return True


def over_all_but(session: Session, prefix: str, kept: Collection[str], *, at: datetime) -> None:
    """Ends the alerts whose key begins with `prefix`, except those in `kept`."""
    for key in sorted({one.key for one in standing(session, prefix)} - set(kept)):
        over(session, key, at=at)


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


def named(session: Session, key: str) -> Alert | None:
    """The alert of this key, whether it stands or is over; None: it was never found."""
    return session.scalars(select(Alert).where(Alert.key == key)).one_or_none()


def remember(session: Session, key: str, **facts: Any) -> None:
    """Changes facts that the message does not show: nothing is said anew."""
    alert = session.scalars(
        select(Alert)
        .where(Alert.key == key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if alert is not None:
        alert.facts = {**alert.facts, **facts}


# --- drawing


_DUE: Final = (  # asked many times a second: made once
    select(Alert.id)
    .where(Alert.draw_at <= bindparam("now"))
    .order_by(Alert.draw_at)
    .limit(bindparam("limit"))
)


def due(session: Session, now: datetime, limit: int = 20) -> Sequence[int]:
    """Alerts whose message shows an older state."""
    return session.scalars(_DUE, {"now": now, "limit": limit}).all()


def claim(session: Session, alert_id: int, now: datetime) -> Alert | None:
    """Takes the drawing of one alert for CLAIM; None when another has it."""
    hit = session.scalars(
        update(Alert)
        .where(Alert.id == alert_id, Alert.draw_at <= now)
        .values(draw_at=now + CLAIM)
        .returning(Alert.id)
    ).one_or_none()
    return None if hit is None else session.get(Alert, hit, populate_existing=True)


def drew(session: Session, alert_id: int, version: int, *, at: datetime, **columns: Any) -> None:
    """Writes down that Slack shows `version`. A change meanwhile stays owed; it is owed anew, too,
    where somebody else had drawn it already: whoever froze in between has drawn over it.
    """
    is_newest = Alert.changed == version
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id)
        .values(
            drawn=version,
            draw_at=case((is_newest, None), else_=func.coalesce(Alert.draw_at, at)),
            draw_attempts=case((is_newest, 0), else_=Alert.draw_attempts),
            **columns,
        )
    )


def remember_drawing(session: Session, alert_id: int, **columns: Any) -> None:
    """Writes down what was posted (`channel`, `ts`), so that it is not again."""
    session.execute(update(Alert).where(Alert.id == alert_id).values(**columns))


def draw_later(session: Session, alert_id: int, when: datetime) -> None:
    """Puts a drawing off, because Slack did not take it."""
    session.execute(
        update(Alert)
        .where(Alert.id == alert_id)
        .values(draw_at=when, draw_attempts=Alert.draw_attempts + 1)
    )
