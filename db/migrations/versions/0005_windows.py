"""Every time in which an edit of a trust policy can have been lost, until CloudTrail was asked.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("targets") as targets:
        targets.add_column(
            sa.Column("windows", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
        targets.drop_column("reread_at")


def downgrade() -> None:
    with op.batch_alter_table("targets") as targets:
        targets.add_column(sa.Column("reread_at", sa.DateTime(timezone=True), nullable=True))
        targets.drop_column("windows")
