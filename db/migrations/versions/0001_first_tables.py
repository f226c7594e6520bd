"""First tables.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=255), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_actor", "audit", ["actor", "number"])
    op.create_index("ix_audit_request", "audit", ["request_id"])

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "inbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("user", sa.String(length=24), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("response_url", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("key", name=op.f("uq_inbox_key")),
    )
    op.create_index("ix_inbox_due", "inbox", ["try_at"])

    op.create_table(
        "memberships",
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("group_name", sa.String(length=128), nullable=False),
        sa.Column("user_id", sa.String(length=64), nullable=False),
        sa.Column("user_name", sa.String(length=64), nullable=False),
        sa.Column("was_member", sa.Boolean(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "group_name", "user_id", name=op.f("pk_memberships")),
    )
    op.create_table(
        "people",
        sa.Column("user", sa.String(length=24), nullable=False),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("email_confirmed", sa.Boolean(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("bot", sa.Boolean(), nullable=False),
        sa.Column("stranger", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_people")),
    )
    op.create_table(
        "targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("role", "member", name="targetkind", native_enum=False, length=24),
            nullable=False,
        ),
        sa.Column("arn", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("manager_arn", sa.String(length=255), nullable=False),
        sa.Column("external_id", sa.String(length=1224), nullable=True),
        sa.Column("settle_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease", sa.String(length=64), nullable=True),
        sa.Column("lease_run", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("watch_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_targets")),
        sa.UniqueConstraint("arn", name=op.f("uq_targets_arn")),
    )
    op.create_index("ix_targets_due", "targets", ["settle_at"])

    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending",
                "approved",
                "active",
                "ending",
                "ended",
                "denied",
                "cancelled",
                "lapsed",
                name="state",
                native_enum=False,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "why",
            sa.Enum(
                "time",
                "revoked",
                "given back",
                "withdrawn",
                "not opened in time",
                "failed",
                "changed since approval",
                "removed in AWS",
                name="why",
                native_enum=False,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("role_target_id", sa.Integer(), nullable=False),
        sa.Column("member_target_id", sa.Integer(), nullable=True),
        sa.Column("team", sa.String(length=24), nullable=False),
        sa.Column("requester", sa.String(length=24), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("account_id", sa.String(length=12), nullable=False),
        sa.Column("account_name", sa.String(length=64), nullable=False),
        sa.Column("partition", sa.String(length=16), nullable=False),
        sa.Column("role_name", sa.String(length=64), nullable=False),
        sa.Column("role_arn", sa.String(length=255), nullable=False),
        sa.Column("mechanism", sa.String(length=24), nullable=False),
        sa.Column("group_name", sa.String(length=128), nullable=True),
        sa.Column("delivery", sa.String(length=24), nullable=False),
        sa.Column("session_end", sa.Boolean(), nullable=False),
        sa.Column("grantee_kind", sa.String(length=24), nullable=False),
        sa.Column("grantee_name", sa.String(length=128), nullable=False),
        sa.Column("grantee_arn", sa.String(length=255), nullable=False),
        sa.Column("session_name", sa.String(length=64), nullable=False),
        sa.Column("vendor_arn", sa.String(length=255), nullable=True),
        sa.Column("approvals_needed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("terms", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("look_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("open_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grantee_id", sa.String(length=64), nullable=True),
        sa.Column("role_id", sa.String(length=64), nullable=True),
        sa.Column("vendor_id", sa.String(length=64), nullable=True),
        sa.Column("boundary_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("unbroken_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("role_open_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trust_closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("role_closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("member_closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("draw_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draw_attempts", sa.Integer(), nullable=False),
        sa.Column("card_channel", sa.String(length=24), nullable=True),
        sa.Column("card_ts", sa.String(length=32), nullable=True),
        sa.Column("told", sa.String(length=24), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending','approved','active','ending','ended','denied','cancelled',"
            "'lapsed')",
            name=op.f("ck_requests_state"),
        ),
        sa.CheckConstraint(
            "noted_at IS NULL OR ends_at IS NOT NULL", name=op.f("ck_requests_noted_has_end")
        ),
        sa.ForeignKeyConstraint(
            ["member_target_id"], ["targets.id"], name=op.f("fk_requests_member_target_id")
        ),
        sa.ForeignKeyConstraint(
            ["role_target_id"], ["targets.id"], name=op.f("fk_requests_role_target_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    op.create_index("ix_requests_draw", "requests", ["draw_at"])
    op.create_index("ix_requests_look", "requests", ["look_at"])
    op.create_index("ix_requests_member_state", "requests", ["member_target_id", "state"])
    op.create_index("ix_requests_requester_state", "requests", ["requester", "state"])
    op.create_index("ix_requests_role_state", "requests", ["role_target_id", "state", "ended_at"])

    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=24), nullable=False),
        sa.Column("approves", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_decisions_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
        sa.UniqueConstraint("request_id", "by", name=op.f("uq_decisions_request_id_by")),
    )
    op.execute("INSERT INTO audit_head (id, number, hash) VALUES (1, 0, '" + "0" * 64 + "')")


def downgrade() -> None:
    op.drop_table("decisions")
    op.drop_index("ix_requests_role_state", "requests")
    op.drop_index("ix_requests_requester_state", "requests")
    op.drop_index("ix_requests_member_state", "requests")
    op.drop_index("ix_requests_look", "requests")
    op.drop_index("ix_requests_draw", "requests")

    op.drop_table("requests")
    op.drop_index("ix_targets_due", "targets")

    op.drop_table("targets")
    op.drop_table("people")
    op.drop_table("memberships")
    op.drop_index("ix_inbox_due", "inbox")

    op.drop_table("inbox")
    op.drop_table("audit_head")
    op.drop_index("ix_audit_request", "audit")
    op.drop_index("ix_audit_actor", "audit")

    op.drop_table("audit")
