"""The permissions boundary that a role had when it was looked at.

Revision ID: 0003_looked
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003_looked"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.add_column(sa.Column("permissions_boundary", sa.Text(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("requests") as requests:
        requests.drop_column("permissions_boundary")
