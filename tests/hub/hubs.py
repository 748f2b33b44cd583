"""A committer without a broker, for tests: real database, real series store, acknowledgements kept in a list."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.committer import Committer
from hub.config import HubConfig
from hub.foreknowledge import Foreknowledge
from hub.intake import BatchSize, Intake
from hub.lease import Lease
from hub.measures import Measures
from hub.own import Own, of_buffer
from hub.rollup.marks import Marks
from hub.rule import Rule, Settings, discover
from hub.series.buffer import Backoff, BufferedSeries
from hub.series.embedded import EmbeddedSeries
from hub.series.store import SeriesStore
from hub.store import schema
from hub.store.database import connect
from hub.store.lease import Claim
from tests.databases import prepare
from tests.hub.fleets import DEVICES, SITE, T0, settings_of
from wire.codec import encode, inventory_hash, unpack_ids
from wire.messages import Ack, Command, Device, Event, Inventory, Message, Report, Sample
from wire.topics import Address, Topics, Verb

_numbers = count(1)
"""Of reports, over restarts of the hub: the agent does not restart with it."""

OWN = Address("hub", "hub")
GATEWAY = Address(SITE, "gateway")


@dataclass
class Mailbox:
    """Takes what the hub sends."""

    sent: list[tuple[Address, Verb, Message]] = field(default_factory=list)

    def send(self, address: Address, verb: Verb, message: Message) -> None:
        self.sent.append((address, verb, message))

    def acknowledge(self, committed: Iterable[tuple[Address, list[str]]]) -> None:
        for address, ids in committed:
            self.send(address, Verb.ACK, Ack(committed=ids))

    def committed(self) -> list[str]:
        return [i for _, _, m in self.sent if isinstance(m, Ack) for i in unpack_ids(m.committed)]

    def refused(self) -> dict[str, str]:
        return {r.id: r.reason for _, _, m in self.sent if isinstance(m, Ack) for r in m.refused}

    def commands(self) -> list[Command]:
        return [m for _, _, m in self.sent if isinstance(m, Command)]


class Hub:
    """One hub on virtual time. `now` is ms UTC; `step` runs one round."""

    def __init__(
        self,
        folder: Path,
        url: str = "",
        series: Callable[[], SeriesStore] | None = None,
        max_buffer_bytes: int = 1 << 30,
        batch_limit: int = 500,
        rules: Mapping[str, Mapping[str, object]] | None = None,
        own: bool = False,
        name: str = "",
        config: HubConfig | None = None,
    ) -> None:
        """`config`: rules and their settings come from there.
        `own`: it reports on itself, too. With a `name` it is one of several on its database, and looks at the lease
        as time passes."""
        self.now = T0
        self.mail = Mailbox()
        self.answered: list[Address] = []
        """Whose configuration is to be looked at again, as the committer says."""
        self.topics = Topics()
        self.database = connect(url or f"sqlite:///{folder / 'hub.db'}")
        prepare(self.database)
        store = series() if series else EmbeddedSeries(folder / "series.db")
        self.marks = Marks(self.database, lambda: self.now)
        self.series = BufferedSeries(
            store, folder / "buffer.db", max_buffer_bytes, lambda: self.now, Backoff(0.05, 0.2), self.marks.landed
        )
        self.intake = Intake(self.topics, lambda: self.now, own_site=OWN.site)
        self.measures = Measures()
        self.measures.watch(lambda: of_buffer(self.series.stats(), self.now))
        claim = Claim(name, name, "influx")
        self.lease = Lease(self.database, claim, lambda: self.now, lambda: self.now / 1000, taken=self._taken)
        self.shares = bool(name)
        known = discover() if config is None else config.known
        rules_settings = settings_of(known, rules) if config is None else config.rules
        self.foreknowledge = self._ahead(store, known, rules_settings) if name else None
        self.committer = Committer(
            self.database,
            self.series,
            self.intake,
            self.mail,
            known,
            rules_settings,
            lambda: self.now,
            self.answered.append,
            size=BatchSize(batch_limit),
            marks=self.marks,
            measures=self.measures,
            own=Own(OWN, self.measures, lambda: self.now / 1000, lambda: {"process_cpu_ratio": 0.25}) if own else None,
            fence=self.lease if name else None,
            foreknowledge=self.foreknowledge,
        )

    def _ahead(
        self, store: SeriesStore, rules: Mapping[str, Rule], rules_settings: Mapping[str, Settings]
    ) -> Foreknowledge:
        return Foreknowledge(
            self.database,
            store,
            rules,
            rules_settings,
            lambda: self.now,
            working=lambda: self.lease.held,
            quiet=lambda: self.lease.quiet,
            monotonic=lambda: self.now / 1000,
        )

    def close(self) -> None:
        self.series.close()
        self.database.dispose()

    def _taken(self) -> None:
        """The broker is there at once."""
        self.committer.vigil.take_over()
        self.committer.vigil.broker_back()

    def step(self) -> bool:
        if self.shares:
            self.lease.step()
            if not self.lease.held:
                self.committer.stand_by()
                return False
        return self.committer.step(wait=0)

    def hear(self, verb: Verb, message: Message, address: Address = GATEWAY, retained: bool = False) -> None:
        self.intake.take(self.topics.topic(address, verb), encode(message), retained)

    def tell(self, *events: Event, address: Address = GATEWAY) -> Report:
        """A report of these events, heard and committed."""
        report = self.report(events=list(events), address=address)
        self.hear(Verb.REPORT, report, address)
        self.step()
        return report

    def pass_time(self, seconds: float) -> None:
        """Nothing comes, time passes, the hub goes on."""
        end = self.now + round(seconds * 1000)
        while self.now < end:
            self.now = min(self.now + (500 if self.shares else 5000), end)
            self.step()

    def announce(self, devices: list[Device] = DEVICES, address: Address = GATEWAY) -> str:
        revision = inventory_hash(devices)
        self.hear(Verb.INVENTORY, Inventory(hash=revision, devices=devices), address)
        return revision

    def report(self, *samples: Sample, events: list[Event] | None = None, address: Address = GATEWAY) -> Report:
        """A report of this agent, numbered on, not yet heard."""
        seq = next(_numbers)
        return Report(
            id=f"abcdef:{seq}",
            boot="b0",
            mono=seq,
            sent=max([self.now, *(sample.at for sample in samples)]),
            inventory_hash=inventory_hash(DEVICES),
            samples=list(samples),
            events=events or [],
        )

    def tickets(self) -> list[tuple[str, str, str]]:
        """(device, rule, state) of every ticket, oldest first."""
        ticket, finding = schema.ticket, schema.finding
        query = (
            sa.select(ticket.c.device, finding.c.rule, ticket.c.state).join_from(ticket, finding).order_by(ticket.c.id)
        )
        with self.database.connect() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def rows(self, table: sa.Table) -> list[sa.Row[Any]]:
        with self.database.connect() as connection:
            return list(connection.execute(sa.select(table)))

    def rejected(self) -> dict[tuple[str, str], int]:
        """(agent, reason) → count."""
        return {
            (row.agent, row.reason): row._mapping["count"] for row in self.rows(schema.rejected)
        }  # .count is a method
