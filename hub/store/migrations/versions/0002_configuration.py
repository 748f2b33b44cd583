"""What each agent shall run, and what it says it runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Three tables more; nothing that is there changes."""
    op.create_table(
        "desired_counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desired_counter")),
        comment="counts changes of desired configurations; its row makes those who change them take turns",
    )
    op.create_table(
        "desired_config",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=True),
        sa.Column("settings", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "agent", name=op.f("pk_desired_config")),
        comment="what each agent shall run; written by the command line alone",
    )
    op.create_index(op.f("ix_desired_config_generation"), "desired_config", ["generation"], unique=False)
    op.create_table(
        "applied_config",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.String(length=64), nullable=True),
        sa.Column("refused", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=200), server_default="", nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["site", "agent"], ["agent.site", "agent.agent"], name=op.f("fk_applied_config_site_agent")
        ),
        sa.PrimaryKeyConstraint("site", "agent", name=op.f("pk_applied_config")),
        comment="what each agent says it runs; written by the hub alone",
    )
