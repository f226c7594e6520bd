"""What is known of people, what was recorded, and what needs an administrator."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Table, Terms


class Person(Table):
    """Who somebody in Slack is, as Slack said at `seen_at`."""

    __tablename__ = "people"

    user: Mapped[str] = mapped_column(String(24), primary_key=True)
    team: Mapped[str] = mapped_column(String(24))
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str | None] = mapped_column(String(255))
    email_confirmed: Mapped[bool]
    guest: Mapped[bool]
    bot: Mapped[bool]
    stranger: Mapped[bool]
    deleted: Mapped[bool]
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    seen_at: Mapped[datetime]


class Audit(Table):
    """One attempt or change. `text` is what is hashed; the other columns are its index, and `terms`
    have an inverted one (migration 0010).
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_request", "request_id"),
        Index("ix_audit_at", "at"),
        Index("ix_audit_event", "event"),
        Index("ix_audit_account", "account"),
        Index("ix_audit_role", "role"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(255))
    request_id: Mapped[int | None]
    role: Mapped[str | None] = mapped_column(String(255))
    account: Mapped[str | None] = mapped_column(String(64))
    terms: Mapped[list[str]] = mapped_column(Terms)
    text: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Table):
    """The newest number and hash: one row, locked last in a transaction, so order is total.

    Rows are in the order of their commits, not quite of their times: `latest` is the latest time of
    all rows, and none is dated more than `gap` seconds before one that stands in front of it.
    """

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    latest: Mapped[datetime | None]
    gap: Mapped[float] = mapped_column(default=0.0)


class Alert(Table):
    """Something that needs an administrator: one message, redrawn until it is over."""

    __tablename__ = "alerts"
    __table_args__ = (UniqueConstraint("key"), Index("ix_alerts_draw", "draw_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255))  # the same finding is the same row
    kind: Mapped[str] = mapped_column(String(32))
    sentence: Mapped[str] = mapped_column(Text)
    facts: Mapped[dict[str, Any]]
    since: Mapped[datetime]
    over_at: Mapped[datetime | None]
    changed: Mapped[int] = mapped_column(default=1)
    drawn: Mapped[int] = mapped_column(default=0)
    draw_at: Mapped[datetime | None]
    draw_attempts: Mapped[int] = mapped_column(default=0)
    channel: Mapped[str | None] = mapped_column(String(24))
    ts: Mapped[str | None] = mapped_column(String(32))
    copies: Mapped[dict[str, Any]] = mapped_column(default=dict)  # in administrators' messages


class Hold(Table):
    """While one stands, xacct opens nothing; closing goes on. An administrator lifts it."""

    __tablename__ = "holds"
    __table_args__ = (Index("ix_holds_lifted", "lifted_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]
    account_id: Mapped[str | None] = mapped_column(String(12))  # None: of all accounts
    user: Mapped[str | None] = mapped_column(String(24))  # None: of everybody
    by: Mapped[str | None] = mapped_column(String(255))
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[str | None] = mapped_column(String(255))


class Export(Table):
    """A file out of the audit log that somebody is owed: who asked, what, and as what."""

    __tablename__ = "exports"
    __table_args__ = (Index("ix_exports_make", "make_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user: Mapped[str] = mapped_column(String(24))
    question: Mapped[str] = mapped_column(Text)
    form: Mapped[str] = mapped_column(String(8))
    asked_at: Mapped[datetime]
    make_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)


class Told(Table):
    """What xacct was told at its last start, to say what is different at the next."""

    __tablename__ = "told"

    name: Mapped[str] = mapped_column(String(24), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Anchor(Table):
    """What the head of the audit log was at a moment, and where it was put outside the database."""

    __tablename__ = "anchors"
    __table_args__ = (UniqueConstraint("key"), Index("ix_anchors_draw", "draw_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32))  # of each day, and of each row asked at, one
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(255))  # `xacct`: it was time; else who asked for it
    draw_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    channel: Mapped[str | None] = mapped_column(String(24))
    ts: Mapped[str | None] = mapped_column(String(32))
    stored: Mapped[str | None] = mapped_column(String(1100))  # its address in S3
