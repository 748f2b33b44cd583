"""Up to when rollups are done, and which of them have to be computed once more."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Two tables more; nothing that is there changes."""
    op.create_table(
        "rollup_progress",
        sa.Column("tier", sa.String(length=4), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tier", name=op.f("pk_rollup_progress")),
        comment="up to when every hour and day of every device is rolled up",
    )
    op.create_table(
        "rollup_mark",
        sa.Column("tier", sa.String(length=4), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("stamp", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tier", "at", "kind", "site", "device", name=op.f("pk_rollup_mark")),
        comment="hours and days whose values changed after they were rolled up",
    )
