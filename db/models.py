"""The tables. What is owed stands in four columns: inbox.try_at, targets.settle_at,
requests.look_at and requests.draw_at; nothing else remembers work.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from db.lifecycle import State, Why


class Utc(TypeDecorator[datetime]):
    """Aware datetimes in UTC; a naive one is refused before it reaches the database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class TargetKind(StrEnum):
    """What xacct keeps equal to its rows: a role of an owner account, or an IAM user's places."""

    ROLE = "role"
    MEMBER = "member"


def _word(kind: type[StrEnum]) -> Enum:
    return Enum(kind, native_enum=False, length=24, values_callable=lambda e: [m.value for m in e])


class Table(DeclarativeBase):
    """The root of all tables: how constraints are named, which types become which columns."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: Utc,
        State: _word(State),
        Why: _word(Why),
        TargetKind: _word(TargetKind),
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


class Inbox(Table):
    """What a person typed or clicked, durable before it is acknowledged. Paid by the verb."""

    __tablename__ = "inbox"
    __table_args__ = (UniqueConstraint("key"), Index("ix_inbox_due", "try_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(255))  # replays and double deliveries fall away here
    kind: Mapped[str] = mapped_column(String(24))
    team: Mapped[str] = mapped_column(String(24))
    user: Mapped[str] = mapped_column(String(24))
    said: Mapped[dict[str, Any]]
    response_url: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[datetime]
    try_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)


class Target(Table):
    """A thing in AWS kept equal to the rows, with all that reaching it takes: no catalog."""

    __tablename__ = "targets"
    __table_args__ = (UniqueConstraint("arn"), Index("ix_targets_due", "settle_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[TargetKind]
    arn: Mapped[str] = mapped_column(String(255))
    account_id: Mapped[str] = mapped_column(String(12))
    name: Mapped[str] = mapped_column(String(64))
    manager_arn: Mapped[str] = mapped_column(String(255))
    external_id: Mapped[str | None] = mapped_column(String(1224))
    settle_at: Mapped[datetime | None]
    lease: Mapped[str | None] = mapped_column(String(64))
    lease_run: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]
    watch_until: Mapped[datetime | None]  # a late write of a lost worker may arrive until then
    attempts: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str | None] = mapped_column(Text)


class Request(Table):
    """One ask of one grantee for one role, from asked to ended."""

    __tablename__ = "requests"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending','approved','active','ending','ended','denied','cancelled',"
            "'lapsed')",
            name="state",
        ),
        CheckConstraint("noted_at IS NULL OR ends_at IS NOT NULL", name="noted_has_end"),
        Index("ix_requests_look", "look_at"),
        Index("ix_requests_draw", "draw_at"),
        Index("ix_requests_role_state", "role_target_id", "state", "ended_at"),
        Index("ix_requests_member_state", "member_target_id", "state"),
        Index("ix_requests_requester_state", "requester", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[State] = mapped_column(default=State.PENDING)
    why: Mapped[Why | None]
    role_target_id: Mapped[int] = mapped_column(ForeignKey("targets.id"))
    member_target_id: Mapped[int | None] = mapped_column(ForeignKey("targets.id"))

    # who asks, and the terms an approver decides on
    team: Mapped[str] = mapped_column(String(24))
    requester: Mapped[str] = mapped_column(String(24))
    email: Mapped[str | None] = mapped_column(String(255))
    account_id: Mapped[str] = mapped_column(String(12))
    account_name: Mapped[str] = mapped_column(String(64))
    partition: Mapped[str] = mapped_column(String(16))
    role_name: Mapped[str] = mapped_column(String(64))
    role_arn: Mapped[str] = mapped_column(String(255))
    mechanism: Mapped[str] = mapped_column(String(24))
    group_name: Mapped[str | None] = mapped_column(String(128))
    delivery: Mapped[str] = mapped_column(String(24))
    session_end: Mapped[bool]
    grantee_kind: Mapped[str] = mapped_column(String(24))
    grantee_name: Mapped[str] = mapped_column(String(128))
    grantee_arn: Mapped[str] = mapped_column(String(255))
    session_name: Mapped[str] = mapped_column(String(64))
    vendor_arn: Mapped[str | None] = mapped_column(String(255))
    approvals_needed: Mapped[int]
    seconds: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    channel: Mapped[str] = mapped_column(String(24))
    findings: Mapped[list[str]] = mapped_column(default=list)
    terms: Mapped[str | None] = mapped_column(String(64))

    # moments
    asked_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    look_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    open_by: Mapped[datetime | None]
    noted_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    # what the note fixed, and what AWS was read to say
    grantee_id: Mapped[str | None] = mapped_column(String(64))
    role_id: Mapped[str | None] = mapped_column(String(64))
    vendor_id: Mapped[str | None] = mapped_column(String(64))
    boundary_at: Mapped[datetime | None]
    unbroken_since: Mapped[datetime | None]
    role_open_at: Mapped[datetime | None]
    trust_closed_at: Mapped[datetime | None]
    role_closed_at: Mapped[datetime | None]
    member_closed_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    trouble: Mapped[str | None] = mapped_column(Text)

    # what Slack is owed
    changed: Mapped[int] = mapped_column(default=1)
    drawn: Mapped[int] = mapped_column(default=0)
    draw_at: Mapped[datetime | None]
    draw_attempts: Mapped[int] = mapped_column(default=0)
    card_channel: Mapped[str | None] = mapped_column(String(24))
    card_ts: Mapped[str | None] = mapped_column(String(32))
    told: Mapped[str | None] = mapped_column(String(24))

    decisions: Mapped[list["Decision"]] = relationship(order_by="Decision.id", lazy="selectin")

    @property
    def role(self) -> str:
        """`prod-payments/admin`: how people name the role."""
        return f"{self.account_name}/{self.role_name}"


class Decision(Table):
    """One approver's word on one request."""

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("request_id", "by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"))
    by: Mapped[str] = mapped_column(String(24))
    approves: Mapped[bool]
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text)


class Membership(Table):
    """Whom a place in a governed group belonged to before us: decided once, before the first write.

    Shared by every request of that user on every role behind the group. Gone when given back.
    """

    __tablename__ = "memberships"

    account_id: Mapped[str] = mapped_column(String(12), primary_key=True)
    group_name: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_name: Mapped[str] = mapped_column(String(64))
    was_member: Mapped[bool]
    noted_at: Mapped[datetime]


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
    seen_at: Mapped[datetime]


class Audit(Table):
    """One attempt or change. `text` is what is hashed; the other columns are its index."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_request", "request_id"),
        Index("ix_audit_actor", "actor", "number"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(32))
    actor: Mapped[str] = mapped_column(String(255))
    request_id: Mapped[int | None]
    role: Mapped[str | None] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    key_id: Mapped[str] = mapped_column(String(16))
    before: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditHead(Table):
    """The newest number and hash: one row, locked last in a transaction, so order is total."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
