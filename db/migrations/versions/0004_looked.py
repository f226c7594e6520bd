"""The permissions boundary that a role had when it was looked at.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.add_column(sa.Column("permissions_boundary", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.drop_column("permissions_boundary")
