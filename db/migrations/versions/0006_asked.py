"""Whom a request is asked of, and when more are asked.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    with op.batch_alter_table("requests") as requests:
        requests.add_column(
            sa.Column("asked_of", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
        requests.add_column(
            sa.Column("asked_because", sa.Text(), nullable=False, server_default=sa.text("''"))
        )
        requests.add_column(sa.Column("escalate_at", moment, nullable=True))
        requests.add_column(sa.Column("escalated_at", moment, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        for name in ("escalated_at", "escalate_at", "asked_because", "asked_of"):
            requests.drop_column(name)
