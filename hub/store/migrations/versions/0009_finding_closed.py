"""What availability looks for is found by site and the time it was closed, however much history there is."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """An index more."""
    op.create_index("ix_finding_site_closed", "finding", ["site", "closed"])
