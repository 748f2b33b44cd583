"""The SQL tables: what is not a number over time. SQLite by default, PostgreSQL by URL.

Times are integers, milliseconds UTC. Every row carries its site: the site is the unit of partition.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_BigKey = BigInteger().with_variant(Integer, "sqlite")  # only INTEGER PRIMARY KEY counts up by itself in SQLite

agent = Table(
    "agent",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("agent", String(40), primary_key=True),
    Column("version", String(200), nullable=False, server_default=""),
    Column("state", String(10), nullable=False, server_default="unknown"),  # online, offline: the broker's hint
    Column("session", String(32)),
    Column("first_heard", BigInteger, nullable=False),
    Column("last_heard", BigInteger, nullable=False),  # hub time of the newest message: this decides silence
    Column("evaluated_until", BigInteger, nullable=False, server_default="0"),  # corrected time rules have seen
    Column("oldest_unacknowledged", BigInteger),
    Column("inventory_hash", String(64)),
    Column("offset_ms", BigInteger),
    Column("offset_source", String(200), nullable=False, server_default="none"),
    Column("revised", BigInteger, nullable=False, server_default="0"),  # another: what it told long ago has changed
    comment="every agent ever heard",
)

device = Table(
    "device",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("device", String(40), primary_key=True),
    Column("agent", String(40), nullable=False),  # the one that claimed it
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False, server_default=""),
    Column("parent", String(40)),
    Column("room", String(40)),
    Column("facts", JSON, nullable=False),
    Column("retired", BigInteger),  # when it vanished from its agent's inventory
    ForeignKeyConstraint(["site", "agent"], ["agent.site", "agent.agent"]),
    comment="the inventory",
)

event = Table(
    "event",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("site", String(40), nullable=False),
    Column("agent", String(40), nullable=False),
    Column("report_id", String(48), nullable=False),
    Column("position", Integer, nullable=False),  # index in the report
    Column("device", String(40), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("type", String(140), nullable=False),
    Column("data", JSON, nullable=False),
    UniqueConstraint("site", "agent", "report_id", "position"),
    Index("ix_event_site_device_at", "site", "device", "at"),
    comment="what happened, once however often it was delivered",
)

finding = Table(
    "finding",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("site", String(40), nullable=False),
    Column("device", String(40), nullable=False),
    Column("rule", String(60), nullable=False),
    Column("state", String(10), nullable=False),  # pending, open, closed
    Column("severity", String(10), nullable=False),
    Column("since", BigInteger, nullable=False),  # when the condition began
    Column("opened", BigInteger),  # when its hold time had passed
    Column("clearing", BigInteger),  # since when the condition has been gone, while its clear time runs
    Column("closed", BigInteger),
    Column("detail", JSON, nullable=False),  # numbers that fill in the rule's summary
    Column("cause", _BigKey, ForeignKey("finding.id")),  # the finding whose consequence this is
    Column("flaps", Integer, nullable=False, server_default="0"),  # how often it came back soon after it was closed
    Column("returned", BigInteger),  # when its condition began anew, the last time
    Column("cover", BigInteger),  # what keeps it from having a ticket, or kept it until it closed
    Index(
        "uq_finding_live",
        "site",
        "device",
        "rule",
        unique=True,
        sqlite_where=text("state <> 'closed'"),
        postgresql_where=text("state <> 'closed'"),
    ),
    Index("ix_finding_state", "state"),
    Index("ix_finding_cause", "cause"),
    Index("ix_finding_site_closed", "site", "closed"),
    comment="a rule's judgement of a device over time; pending ones have no ticket",
)

ticket = Table(
    "ticket",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("site", String(40), nullable=False),
    Column("device", String(40), nullable=False),
    Column("finding", _BigKey, ForeignKey("finding.id"), nullable=False, unique=True),  # one each, whatever is killed
    Column("state", String(12), nullable=False),  # open, resolved
    Column("opened", BigInteger, nullable=False),
    Column("resolved", BigInteger),
    Index("ix_ticket_state_opened", "state", "opened"),
    Index("ix_ticket_site_device", "site", "device"),
    sqlite_autoincrement=True,  # people speak of tickets by number: none is used twice, whatever is deleted
    comment="a root cause somebody should look at",
)

timeline = Table(
    "timeline",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("ticket", _BigKey, ForeignKey("ticket.id"), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("what", String(30), nullable=False),  # as hub.console.words.TIMELINE tells
    Column("data", JSON, nullable=False),
    comment="what happened to a ticket, in order",
)

cover = Table(
    "cover",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("kind", String(12), nullable=False),  # maintenance, silence
    Column("site", String(40), nullable=False),  # these three: empty for all
    Column("device", String(40), nullable=False),  # and what hangs below it
    Column("rule", String(60), nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),  # of the first occurrence, where it recurs
    Column("recurrence", String(200), nullable=False),  # RFC 5545 RRULE, counted on the clock of `zone`
    Column("zone", String(60), nullable=False),
    Column("author", String(80), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("ended", BigInteger),  # when somebody ended it before its time
    Column("until", BigInteger),  # when it is over for good; null: it recurs for ever
    Index("ix_cover_until", "until"),
    sqlite_autoincrement=True,  # findings and timelines name it by number
    comment="maintenance windows and silences: what opens meanwhile has no ticket",
)

desired_counter = Table(
    "desired_counter",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("value", BigInteger, nullable=False),
    comment="counts changes of desired configurations; its row makes those who change them take turns",
)

desired_config = Table(
    "desired_config",
    metadata,
    Column("site", String(40), primary_key=True),  # no key to agent: IT may write before the agent was ever heard
    Column("agent", String(40), primary_key=True),
    Column("revision", String(64)),  # null with settings null: nothing is desired any more
    Column("settings", JSON(none_as_null=True)),
    Column("changed", BigInteger, nullable=False),
    Column("generation", BigInteger, nullable=False, index=True),  # the counter's value: what is new since a look
    comment="what each agent shall run; written by the command line alone",
)

applied_config = Table(
    "applied_config",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("agent", String(40), primary_key=True),
    Column("revision", String(64)),  # what it runs; null: its own file alone
    Column("refused", String(64)),  # the newest revision, where it would not run that
    Column("reason", String(200), nullable=False, server_default=""),
    Column("since", BigInteger, nullable=False),  # hub time at which it first said so
    ForeignKeyConstraint(["site", "agent"], ["agent.site", "agent.agent"]),
    comment="what each agent says it runs; written by the hub alone",
)

blindness = Table(
    "blindness",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger),  # null while it lasts
    Column("reason", String(20), nullable=False),  # hub, broker
    comment="when nothing could be heard: absence counts only outside these",
)

heartbeat = Table(
    "heartbeat",
    metadata,
    Column("id", Integer, primary_key=True),  # always 1
    Column("at", BigInteger, nullable=False),
    Column("attempt", String(16), nullable=False),  # of the last commit: whether one whose answer was lost happened
    comment="the hub's last sign of life: what blindness after a crash is reckoned from",
)

lease = Table(
    "lease",
    metadata,
    Column("partition", String(40), primary_key=True),  # "all"; one day a group of sites
    Column("holder", String(40), nullable=False),  # the hub's name, for people
    Column("place", String(32), nullable=False),  # its state_dir's lock: whoever holds that knows this holder is dead
    Column("series", String(80), nullable=False),  # where it writes its numbers
    Column("token", String(16), nullable=False),  # minted at every take-over; empty: given back
    Column("fence", BigInteger, nullable=False),  # counts take-overs
    Column("renewals", BigInteger, nullable=False),  # stands still once the holder does
    Column("epoch", BigInteger, nullable=False, server_default="0"),  # raised by others: rebuild from what SQL says
    Column("seen_epoch", BigInteger, nullable=False, server_default="0"),  # the one the holder has rebuilt for
    Column("at", BigInteger, nullable=False),  # of the last renewal, by the holder's clock: shown, never judged by
    comment="which hub works: commits are conditional on it",
)

restoration = Table(
    "restoration",
    metadata,
    Column("id", _BigKey, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("went_back_to", BigInteger, nullable=False),  # the last sign of life in what was gone back to
    Column("tickets_from", BigInteger, nullable=False),  # no ticket after it has this number or a lower one
    comment="when the database went back in time, and to when: what was committed in between is gone",
)

rollup_progress = Table(
    "rollup_progress",
    metadata,
    Column("tier", String(4), primary_key=True),  # hour, day
    Column("until", BigInteger, nullable=False),
    comment="up to when every hour and day of every device is rolled up",
)

rollup_mark = Table(
    "rollup_mark",
    metadata,
    Column("tier", String(4), primary_key=True),
    Column("at", BigInteger, primary_key=True),  # the start of the hour or day: the oldest are done first
    Column("kind", String(20), primary_key=True),
    Column("site", String(40), primary_key=True),
    Column("device", String(40), primary_key=True),
    Column("stamp", BigInteger, nullable=False),  # of the commit that made it last
    Column("made", BigInteger, nullable=False),  # when that was
    comment="hours and days whose values changed after they were rolled up",
)

record_progress = Table(
    "record_progress",
    metadata,
    Column("name", String(20), primary_key=True),  # timeline, event: the last id; rates: a time, ms UTC
    Column("until", BigInteger, nullable=False),
    comment="how far what SQL holds is written into the series store as records",
)

rejected = Table(
    "rejected",
    metadata,
    Column("site", String(40), primary_key=True),
    Column("agent", String(40), primary_key=True),
    Column("reason", String(20), primary_key=True),  # undecodable, oversized, refused, absurd_time, unknown_metric, …
    Column("count", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("example", Text, nullable=False, server_default=""),
    comment="what could not be taken, counted by sender",
)
