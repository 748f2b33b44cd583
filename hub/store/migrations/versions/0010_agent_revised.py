"""What an agent's devices told long ago may change: a hub that stands by sees by this that what it has read is old."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """A column more."""
    op.add_column("agent", sa.Column("revised", sa.BigInteger(), nullable=False, server_default="0"))
