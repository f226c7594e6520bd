"""Anchors: what the head of the audit log was, and where else than here it is written down.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "anchors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("draw_at", moment, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(24), nullable=True),
        sa.Column("ts", sa.String(32), nullable=True),
        sa.Column("stored", sa.String(1100), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anchors")),
        sa.UniqueConstraint("key", name=op.f("uq_anchors_key")),
    )
    op.create_index("ix_anchors_draw", "anchors", ["draw_at"])


def downgrade() -> None:
    op.drop_index("ix_anchors_draw", "anchors")
    op.drop_table("anchors")
