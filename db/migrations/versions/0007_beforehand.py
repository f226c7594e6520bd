"""Decisions that nobody clicked: by a rule of the catalog, or by break-glass, with its review.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("decisions") as decisions:
        decisions.alter_column("by", existing_type=sa.String(24), type_=sa.String(64))
    with op.batch_alter_table("requests") as requests:
        requests.add_column(
            sa.Column("break_glass", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "reviews",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(24), nullable=False),
        sa.Column("say_at", moment, nullable=True),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("said_ts", sa.String(32), nullable=True),
        sa.Column("card_channel", sa.String(24), nullable=True),
        sa.Column("card_ts", sa.String(32), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("signed_by", sa.String(24), nullable=True),
        sa.Column("signed_at", moment, nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["requests.id"], name=op.f("fk_reviews_request_id")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_reviews")),
    )
    op.create_index("ix_reviews_say", "reviews", ["say_at"])


def downgrade() -> None:
    op.drop_table("reviews")
    with op.batch_alter_table("requests") as requests:
        requests.drop_column("break_glass")
    with op.batch_alter_table("decisions") as decisions:
        decisions.alter_column("by", existing_type=sa.String(64), type_=sa.String(24))
