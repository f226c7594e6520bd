"""When the thread of a grant that is over is to hear what was done with it.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    attempts = sa.Column("activity_attempts", sa.Integer(), nullable=False, server_default="0")
    with op.batch_alter_table("requests") as table:
        table.add_column(sa.Column("activity_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(attempts)
        table.create_index("ix_requests_activity", ["activity_at"])


def downgrade() -> None:
    with op.batch_alter_table("requests") as table:
        table.drop_index("ix_requests_activity")
        table.drop_column("activity_attempts")
        table.drop_column("activity_at")
