"""What availability looks for is found by site and the time it was closed, however much history there is."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """An index more."""
    op.create_index("ix_finding_site_closed", "finding", ["site", "closed"])
