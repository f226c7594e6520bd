"""What was asked for, what is owed for it, and what AWS is kept equal to."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.lifecycle import State, Why
from db.models.base import Table, TargetKind


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
    closing: Mapped[bool] = mapped_column(default=False)  # somebody is to be put out: goes first
    settles: Mapped[int] = mapped_column(default=0)  # how often it was leased

    # a role's trust policy as it was last read, AWS's time of its last write, and all the times in
    # which an edit of somebody else can have been lost: see `db.store.windows`
    trust: Mapped[dict[str, Any] | None]
    seen_at: Mapped[datetime | None]
    written_at: Mapped[datetime | None]
    windows: Mapped[list[str]] = mapped_column(default=list)


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
        Index("ix_requests_remind", "remind_at"),
        Index("ix_requests_activity", "activity_at"),
        Index("ix_requests_role_state", "role_target_id", "state", "ended_at"),
        Index("ix_requests_member_state", "member_target_id", "state"),
        Index("ix_requests_requester_state", "requester", "state"),
        Index("ix_requests_extends", "extends"),
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
    mfa: Mapped[bool] = mapped_column(default=False)
    grantee_kind: Mapped[str] = mapped_column(String(24))
    grantee_name: Mapped[str] = mapped_column(String(128))
    grantee_arn: Mapped[str] = mapped_column(String(255))
    session_name: Mapped[str] = mapped_column(String(64))
    vendor_arn: Mapped[str | None] = mapped_column(String(255))
    approvals_needed: Mapped[int]
    seconds: Mapped[int]
    lent_seconds: Mapped[int | None]  # the least that an approver gave, where it is less
    extends: Mapped[int | None] = mapped_column(ForeignKey("requests.id"))
    reason: Mapped[str] = mapped_column(Text)
    break_glass: Mapped[bool] = mapped_column(default=False)  # opened without an approver
    channel: Mapped[str] = mapped_column(String(24))
    findings: Mapped[list[str]] = mapped_column(default=list)
    terms: Mapped[str | None] = mapped_column(String(64))
    asked_of: Mapped[list[str]] = mapped_column(default=list)  # who may decide, as last looked up
    asked_because: Mapped[str] = mapped_column(Text, default="")  # why it is they

    # moments
    asked_at: Mapped[datetime]
    lapses_at: Mapped[datetime]
    look_at: Mapped[datetime | None]
    escalate_at: Mapped[datetime | None]  # from then on more may decide
    approved_at: Mapped[datetime | None]
    open_by: Mapped[datetime | None]
    noted_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    closing_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    # what the look and the note fixed, and what AWS was read to say
    grantee_id: Mapped[str | None] = mapped_column(String(64))
    role_id: Mapped[str | None] = mapped_column(String(64))
    permissions_boundary: Mapped[str | None] = mapped_column(Text)  # its ARN; None: it had none
    vendor_id: Mapped[str | None] = mapped_column(String(64))
    longest_session: Mapped[int | None]  # seconds: the role's MaxSessionDuration
    boundary_at: Mapped[datetime | None]
    unbroken_since: Mapped[datetime | None]
    role_open_at: Mapped[datetime | None]
    trust_closed_at: Mapped[datetime | None]
    role_closed_at: Mapped[datetime | None]
    member_closed_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    open_since: Mapped[datetime | None]  # AWS's time of the read that showed all of it open
    verified: Mapped[bool | None]  # AWS's simulation allowed it; False: it could not be asked
    trouble: Mapped[str | None] = mapped_column(Text)

    # what Slack is owed
    changed: Mapped[int] = mapped_column(default=1)
    drawn: Mapped[int] = mapped_column(default=0)
    draw_at: Mapped[datetime | None]
    draw_attempts: Mapped[int] = mapped_column(default=0)
    card_channel: Mapped[str | None] = mapped_column(String(24))
    card_ts: Mapped[str | None] = mapped_column(String(32))
    # where no channel took it: who is asked → the channel and `ts` of the card in his messages
    copies: Mapped[dict[str, Any]] = mapped_column(default=dict)
    told: Mapped[str | None] = mapped_column(String(24))
    told_channel: Mapped[str | None] = mapped_column(String(24))  # where, in his messages
    told_ts: Mapped[str | None] = mapped_column(String(32))
    warned_ts: Mapped[str | None] = mapped_column(String(32))
    history_told: Mapped[int] = mapped_column(default=0)  # lines in the card's thread
    remind_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(default=0)
    escalated_at: Mapped[datetime | None]  # when they were asked
    activity_at: Mapped[datetime | None]  # its thread is to hear what was done with it
    activity_attempts: Mapped[int] = mapped_column(default=0)

    # asked for with the queries of those who need them: most have no use for them
    decisions: Mapped[list["Decision"]] = relationship(order_by="Decision.id")

    @property
    def role(self) -> str:
        """`prod-payments/admin`: how people name the role."""
        return f"{self.account_name}/{self.role_name}"

    @property
    def length(self) -> timedelta:
        """For how long it is lent: what was asked for, or the least that an approver gave."""
        return timedelta(seconds=self.lent_seconds or self.seconds)


class Decision(Table):
    """One approver's word on one request; or that of a rule of the catalog, `rule:<name>`, or of
    nobody, `break-glass`.
    """

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("request_id", "by"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id"))
    by: Mapped[str] = mapped_column(String(64))
    approves: Mapped[bool]
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(Text)
    seconds: Mapped[int | None]  # for less time than was asked for

    @property
    def is_persons(self) -> bool:
        """Whether a person gave it: a Slack id is letters and digits."""
        return self.by.isalnum()


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
