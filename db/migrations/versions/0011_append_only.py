"""The audit log refuses to be changed: triggers, on both databases, whoever asks.

Revision ID: 0011
Revises: 0010
"""

from alembic import op

from db import guards

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    guards.put(op.get_bind())


def downgrade() -> None:
    guards.take_away(op.get_bind())
