"""How often a finding came back soon after it was closed."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Two columns more; nothing that is there changes."""
    op.add_column("finding", sa.Column("flaps", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("finding", sa.Column("returned", sa.BigInteger(), nullable=True))
