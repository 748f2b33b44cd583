"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create everything."""
    op.create_table(
        "agent",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=200), server_default="", nullable=False),
        sa.Column("state", sa.String(length=10), server_default="unknown", nullable=False),
        sa.Column("session", sa.String(length=32), nullable=True),
        sa.Column("first_heard", sa.BigInteger(), nullable=False),
        sa.Column("last_heard", sa.BigInteger(), nullable=False),
        sa.Column("evaluated_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("oldest_unacknowledged", sa.BigInteger(), nullable=True),
        sa.Column("inventory_hash", sa.String(length=64), nullable=True),
        sa.Column("offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("offset_source", sa.String(length=200), server_default="none", nullable=False),
        sa.PrimaryKeyConstraint("site", "agent", name=op.f("pk_agent")),
        comment="every agent ever heard",
    )
    op.create_table(
        "blindness",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blindness")),
        comment="when nothing could be heard: absence counts only outside these",
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("report_id", sa.String(length=48), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=140), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint(
            "site", "agent", "report_id", "position", name=op.f("uq_event_site_agent_report_id_position")
        ),
        comment="what happened, once however often it was delivered",
    )
    op.create_index("ix_event_site_device_at", "event", ["site", "device", "at"], unique=False)
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=True),
        sa.Column("clearing", sa.BigInteger(), nullable=True),
        sa.Column("closed", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("cause", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["cause"], ["finding.id"], name=op.f("fk_finding_cause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
        comment="a rule's judgement of a device over time; pending ones have no ticket",
    )
    op.create_index("ix_finding_cause", "finding", ["cause"], unique=False)
    op.create_index("ix_finding_state", "finding", ["state"], unique=False)
    op.create_index(
        "uq_finding_live",
        "finding",
        ["site", "device", "rule"],
        unique=True,
        sqlite_where=sa.text("state <> 'closed'"),
        postgresql_where=sa.text("state <> 'closed'"),
    )
    op.create_table(
        "heartbeat",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_heartbeat")),
        comment="the hub's last sign of life: what blindness after a crash is reckoned from",
    )
    op.create_table(
        "rejected",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("example", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("site", "agent", "reason", name=op.f("pk_rejected")),
        comment="what could not be taken, counted by sender",
    )
    op.create_table(
        "device",
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), server_default="", nullable=False),
        sa.Column("parent", sa.String(length=40), nullable=True),
        sa.Column("room", sa.String(length=40), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("retired", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["site", "agent"], ["agent.site", "agent.agent"], name=op.f("fk_device_site_agent")),
        sa.PrimaryKeyConstraint("site", "device", name=op.f("pk_device")),
        comment="the inventory",
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.String(length=40), nullable=False),
        sa.Column("device", sa.String(length=40), nullable=False),
        sa.Column("finding", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.Column("resolved", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["finding"], ["finding.id"], name=op.f("fk_ticket_finding")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
        sa.UniqueConstraint("finding", name=op.f("uq_ticket_finding")),
        comment="a root cause somebody should look at",
    )
    op.create_index("ix_ticket_site_device", "ticket", ["site", "device"], unique=False)
    op.create_index("ix_ticket_state_opened", "ticket", ["state", "opened"], unique=False)
    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ticket", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=30), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["ticket.id"], name=op.f("fk_timeline_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
        comment="what happened to a ticket, in order",
    )
    op.create_index(op.f("ix_timeline_ticket"), "timeline", ["ticket"], unique=False)
