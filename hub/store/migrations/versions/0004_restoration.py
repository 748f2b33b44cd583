"""When the database went back in time; and SQLite never uses a ticket's number twice."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """A table more. SQLite's `ticket` is made anew, all that it holds with it."""
    op.create_table(
        "restoration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("went_back_to", sa.BigInteger(), nullable=False),
        sa.Column("tickets_from", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restoration")),
        comment="when the database went back in time, and to when: what was committed in between is gone",
    )
    if op.get_bind().dialect.name != "sqlite":
        return
    # A table that others refer to can't be dropped: its timeline steps aside meanwhile.
    op.execute("CREATE TEMPORARY TABLE timeline_aside AS SELECT * FROM timeline")
    op.execute("DELETE FROM timeline")
    with op.batch_alter_table("ticket", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    op.execute("INSERT INTO timeline SELECT * FROM timeline_aside")
    op.execute("DROP TABLE timeline_aside")
