"""Extensions, MFA, verification; which targets close; alerts; what holds every opening.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.add_column(sa.Column("extends", sa.Integer(), nullable=True))
        requests.add_column(
            sa.Column("mfa", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        requests.add_column(sa.Column("longest_session", sa.Integer(), nullable=True))
        requests.add_column(sa.Column("open_since", sa.DateTime(timezone=True), nullable=True))
        requests.add_column(sa.Column("verified", sa.Boolean(), nullable=True))
        requests.create_foreign_key(op.f("fk_requests_extends"), "requests", ["extends"], ["id"])
        requests.create_index("ix_requests_extends", ["extends"])
    with op.batch_alter_table("targets") as targets:
        targets.add_column(
            sa.Column("closing", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        targets.add_column(
            sa.Column("settles", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        targets.add_column(sa.Column("trust", sa.JSON(), nullable=True))
        targets.add_column(sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True))
        targets.add_column(sa.Column("reread_at", sa.DateTime(timezone=True), nullable=True))
        targets.add_column(sa.Column("written_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("drawn", sa.Integer(), nullable=False),
        sa.Column("draw_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("draw_attempts", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=True),
        sa.Column("ts", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("key", name=op.f("uq_alerts_key")),
    )
    op.create_index("ix_alerts_draw", "alerts", ["draw_at"])
    op.create_table(
        "holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=255), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holds")),
    )
    op.create_index("ix_holds_lifted", "holds", ["lifted_at"])


def downgrade() -> None:
    op.drop_table("holds")
    op.drop_table("alerts")
    with op.batch_alter_table("targets") as targets:
        for name in ("written_at", "reread_at", "seen_at", "trust", "settles", "closing"):
            targets.drop_column(name)
    with op.batch_alter_table("requests") as requests:
        requests.drop_index("ix_requests_extends")
        requests.drop_constraint(op.f("fk_requests_extends"), type_="foreignkey")
        for name in ("verified", "open_since", "longest_session", "mfa", "extends"):
            requests.drop_column(name)
