"""Maintenance windows and silences, and which findings they keep from having a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """A table more, and a column that is null everywhere."""
    big_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "cover",
        sa.Column("id", big_key, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("recurrence", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("author", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("added", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cover")),
        comment="maintenance windows and silences: what opens meanwhile has no ticket",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cover_until", "cover", ["until"])
    op.add_column("finding", sa.Column("cover", sa.BigInteger(), nullable=True))
