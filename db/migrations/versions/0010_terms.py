"""Rows of the audit log are found by terms; the head says how far their times are out of order;
people have a time zone, exports of the log are owed, and what was told at the last start is kept.

Revision ID: 0010
Revises: 0009
"""

import json
from datetime import datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db.audit import terms

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# A token is what stands between spaces; SQLite's own words for it are few.
FTS = r"""
CREATE VIRTUAL TABLE audit_terms USING fts5(
  terms, content='audit', content_rowid='number', detail=none, columnsize=0,
  tokenize="ascii tokenchars '!#$%&()*+,-./:;<=>?@[\]^_`{|}~'"
)
"""


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    kind = sa.Text() if is_sqlite else postgresql.ARRAY(sa.Text())
    op.drop_index("ix_audit_actor", "audit")
    with op.batch_alter_table("audit") as table:
        table.add_column(sa.Column("account", sa.String(64), nullable=True))
        table.add_column(sa.Column("terms", kind, nullable=True))
    with op.batch_alter_table("audit_head") as table:
        table.add_column(sa.Column("latest", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("gap", sa.Float(), nullable=False, server_default="0"))
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("zone", sa.String(64), nullable=False, server_default="UTC"))
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(24), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("form", sa.String(8), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("make_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("ix_exports_make", "exports", ["make_at"])
    op.create_table(
        "told",
        sa.Column("name", sa.String(24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_told")),
    )
    _fill(is_sqlite=is_sqlite)
    with op.batch_alter_table("audit") as table:
        table.alter_column("terms", existing_type=kind, nullable=False)
    for column in ("at", "event", "account", "role"):
        op.create_index(f"ix_audit_{column}", "audit", [column])
    if is_sqlite:
        _index_sqlite()
    else:
        op.execute("CREATE INDEX ix_audit_terms ON audit USING gin (terms) WITH (fastupdate = off)")


def _index_sqlite() -> None:
    op.get_bind().exec_driver_sql(FTS)
    op.execute(
        "CREATE TRIGGER audit_terms_written AFTER INSERT ON audit BEGIN "
        "INSERT INTO audit_terms (rowid, terms) VALUES (new.number, new.terms); END"
    )
    op.execute("INSERT INTO audit_terms (rowid, terms) SELECT number, terms FROM audit")


def _fill(*, is_sqlite: bool) -> None:
    """The terms of rows that are there, and the head's idea of their times."""
    bind = op.get_bind()
    latest, gap = None, 0.0
    number = 0
    while rows := bind.execute(
        sa.text("SELECT number, text FROM audit WHERE number > :n ORDER BY number LIMIT 1000"),
        {"n": number},
    ).all():
        for number, text in rows:
            content = json.loads(text)
            at = datetime.fromisoformat(content["at"])
            gap = max(gap, (latest - at).total_seconds()) if latest else gap
            latest = max(latest, at) if latest else at
            found = terms.of(content)
            bind.execute(
                sa.text("UPDATE audit SET terms = :t WHERE number = :n"),
                {"t": " ".join(found) if is_sqlite else found, "n": number},
            )
    bind.execute(
        sa.update(_HEAD).values(latest=latest, gap=gap),
    )


_HEAD = sa.table(
    "audit_head", sa.column("latest", sa.DateTime(timezone=True)), sa.column("gap", sa.Float())
)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    if is_sqlite:
        op.execute("DROP TRIGGER audit_terms_written")
        op.execute("DROP TABLE audit_terms")
    else:
        op.drop_index("ix_audit_terms", "audit")
    op.drop_table("told")
    op.drop_index("ix_exports_make", "exports")
    op.drop_table("exports")
    for column in ("role", "account", "event", "at"):
        op.drop_index(f"ix_audit_{column}", "audit")
    with op.batch_alter_table("people") as table:
        table.drop_column("zone")
    with op.batch_alter_table("audit_head") as table:
        table.drop_column("gap")
        table.drop_column("latest")
    with op.batch_alter_table("audit") as table:
        table.drop_column("terms")
        table.drop_column("account")
    op.create_index("ix_audit_actor", "audit", ["actor", "number"])
