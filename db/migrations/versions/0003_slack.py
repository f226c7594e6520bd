"""Approvals for less time; what was told where; reminders; freezes of an account or a person.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TELLING = (
    *("told_channel", "told_ts", "warned_ts", "history_told", "reminded", "remind_at"),
    "lent_seconds",
)


def upgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.add_column(sa.Column("lent_seconds", sa.Integer(), nullable=True))
        requests.add_column(sa.Column("told_channel", sa.String(length=24), nullable=True))
        requests.add_column(sa.Column("told_ts", sa.String(length=32), nullable=True))
        requests.add_column(sa.Column("warned_ts", sa.String(length=32), nullable=True))
        for name in ("history_told", "reminded"):
            requests.add_column(
                sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("0"))
            )
        requests.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        requests.create_index("ix_requests_remind", ["remind_at"])
    with op.batch_alter_table("decisions") as decisions:
        decisions.add_column(sa.Column("seconds", sa.Integer(), nullable=True))
    with op.batch_alter_table("holds") as holds:
        holds.add_column(sa.Column("account_id", sa.String(length=12), nullable=True))
        holds.add_column(sa.Column("user", sa.String(length=24), nullable=True))
        holds.add_column(sa.Column("by", sa.String(length=255), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("holds") as holds:
        for name in ("by", "user", "account_id"):
            holds.drop_column(name)
    with op.batch_alter_table("decisions") as decisions:
        decisions.drop_column("seconds")
    with op.batch_alter_table("requests") as requests:
        requests.drop_index("ix_requests_remind")
        for name in _TELLING:
            requests.drop_column(name)
