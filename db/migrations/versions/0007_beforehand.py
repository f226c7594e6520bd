"""Decisions that nobody clicked: by a rule of the catalog.

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


def downgrade() -> None:
    with op.batch_alter_table("decisions") as decisions:
        decisions.alter_column("by", existing_type=sa.String(64), type_=sa.String(24))
