"""How far the records are written that Grafana reads."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """A table more, empty: a hub that had none begins at the beginning."""
    op.create_table(
        "record_progress",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_record_progress")),
        comment="how far what SQL holds is written into the series store as records",
    )
