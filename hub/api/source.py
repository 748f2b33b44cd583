"""What the API and the pages both show: the SQL records and the series, joined. No SQL and no thresholds in here."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy

from hub.api import collectors, covered
from hub.api.availability import OfDevice, of_site
from hub.api.collectors import CollectorState
from hub.api.covered import Covered
from hub.api.evidence import Evidence as Weighed
from hub.evidence import Concerned, Evidence, evidence
from hub.recurrence import Span
from hub.rule import Rule
from hub.series.store import Bucket, SeriesReads, Value
from hub.store import desired, reads
from wire.topics import Address

MAX_BUCKETS = 2_000
"""The most steps one chart may have."""
RECENT_MS = 60_000
"""Where a newest value is looked for first."""


@dataclass(frozen=True)
class KindCount:
    """How many devices of one kind are in which state."""

    kind: str
    ok: int
    fault: int
    unknown: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.ok + self.fault + self.unknown


@dataclass(frozen=True)
class AgentCounts:
    """How many agents are heard, fallen silent, or have never sent a report."""

    online: int
    silent: int
    never: int


@dataclass(frozen=True)
class SilentAgent:
    """An agent that is not heard, and how many of its devices nobody knows about therefore."""

    site: str
    agent: str
    name: str
    last_heard: int
    unknown: int


@dataclass(frozen=True)
class SiteState:
    """A site, how much is wrong there (`worst`: gravest severity of an open ticket), and how much nobody knows."""

    site: str
    agents: int
    devices: int
    unknown: int
    open_tickets: int
    worst: str | None


@dataclass(frozen=True)
class Fleet:
    """The first page. `series_away` tells that states could not be checked against the series store."""

    now: int
    open_tickets: int
    tickets: Sequence[reads.Ticket]
    agents: AgentCounts
    silent: Sequence[SilentAgent]
    kinds: Sequence[KindCount]
    sites: Sequence[SiteState]
    blindness: Sequence[reads.Blindness]
    rejected: Sequence[reads.Rejected]
    series_away: bool


@dataclass(frozen=True)
class SitePage:
    """One site: its agents (with how each stands to its configuration), devices and open tickets."""

    site: str
    agents: Sequence[reads.Agent]
    configurations: Mapping[str, desired.Standing]
    silent: Sequence[SilentAgent]
    devices: Sequence[reads.Device]
    tickets: Sequence[reads.Ticket]
    rejected: Sequence[reads.Rejected]
    series_away: bool


class Source:
    """Reads for one request at a time or many: it holds no state but a short memory of who has data."""

    def __init__(
        self,
        engine: sqlalchemy.Engine,
        series: SeriesReads,
        rules: Mapping[str, Rule],
        clock: Callable[[], int],
        evidence_ms: int,
        own_site: str = "",
    ) -> None:
        """`own_site` is where hubs report on themselves: devices, but no agents."""
        self._own_site = own_site
        self.rules = rules
        self.clock = clock
        self.evidence_ms = evidence_ms
        self._engine = engine
        self._series = series
        self._evidence = Weighed(series, evidence_ms)
        self._hiding = frozenset({name for name, rule in rules.items() if rule.darkens} | {reads.SILENT})

    def fleet(self) -> Fleet:
        """What is broken now and how the fleet is."""
        now = self.clock()
        seen = reads.overview(self._engine, now, self._hiding)
        devices, weighed = self._evidence.weigh_or_keep(seen.devices, now)
        heard = Counter(agent.state for agent in self._true(seen.agents))
        return Fleet(
            now=now,
            open_tickets=seen.open_tickets,
            tickets=seen.tickets,
            agents=AgentCounts(heard["online"], heard["silent"], heard["never"]),
            silent=silent_agents(seen.agents, devices),
            kinds=count_kinds(devices),
            sites=self._sites(devices),
            blindness=seen.blindness,
            rejected=seen.rejected,
            series_away=not weighed,
        )

    def sites(self) -> list[SiteState]:
        """Every site."""
        now = self.clock()
        found = reads.devices(self._engine, now, None, self._hiding)
        return self._sites(self._evidence.weigh_or_keep(found, now)[0])

    def _sites(self, devices: Sequence[reads.Device]) -> list[SiteState]:
        unknown = Counter(device.site for device in devices if device.state == "unknown")
        found = [SiteState(unknown=unknown[s.site], **vars(s)) for s in reads.sites(self._engine)]
        return [replace(one, agents=0) if one.site == self._own_site else one for one in found]

    def _true(self, agents: Sequence[reads.Agent]) -> list[reads.Agent]:
        """Hubs stand among the agents where it is about who was heard."""
        return [agent for agent in agents if agent.site != self._own_site]

    def agents(self, site: str | None = None) -> list[reads.Agent]:
        """Every agent ever heard, of one site or all."""
        return self._true(reads.agents(self._engine, site))

    def site(self, site: str) -> SitePage | None:
        """One site, or None where no agent of it was ever heard."""
        now = self.clock()
        agents = reads.agents(self._engine, site)
        if not agents:
            return None
        found = reads.devices(self._engine, now, site, self._hiding)
        devices, weighed = self._evidence.weigh_or_keep(found, now)
        tickets = reads.open_tickets(self._engine, site, limit=reads.MAX_TICKETS)
        rejected = reads.rejections(self._engine, site, now - reads.DAY)
        standing = {one.agent: one for one in self.configurations(site)}
        silent = silent_agents(agents, devices)
        return SitePage(site, self._true(agents), standing, silent, devices, tickets, rejected, not weighed)

    def device(self, site: str, device: str) -> reads.DeviceDetail | None:
        """One device with what surrounds it, or None."""
        now = self.clock()
        detail = reads.device_detail(self._engine, now, site, device, self._hiding)
        if detail is None:
            return None
        around = [detail.device, *([detail.parent] if detail.parent else []), *detail.children]
        weighed, _ = self._evidence.weigh_or_keep(around, now)
        children = weighed[len(weighed) - len(detail.children) :]
        return replace(detail, device=weighed[0], parent=weighed[1] if detail.parent else None, children=children)

    def configurations(self, site: str | None = None) -> list[desired.Standing]:
        """How every agent stands to what is desired of it, of one site or all."""
        with self._engine.connect() as connection:
            return desired.standings(connection, site)

    def configuration(self, site: str, agent: str) -> desired.Standing:
        """The same of one agent."""
        with self._engine.connect() as connection:
            return desired.standing(connection, Address(site, agent))

    def collectors(self, detail: reads.DeviceDetail) -> list[CollectorState]:
        """How the collectors of an agent fare. Raises SeriesUnavailable."""
        here, now = detail.device, self.clock()
        # A clock may be somewhat ahead of ours.
        latest = self._series.latest(here.site, here.kind, now + self.evidence_ms, now - collectors.LOOKBACK_MS)
        heard = detail.agent is not None and detail.agent.state == "online"
        return collectors.states(latest.get(here.device, {}), detail.facts, heard)

    def tickets(self, state: reads.TicketState | None, before: int | None, limit: int) -> reads.TicketPage:
        """A page of tickets, newest first."""
        return reads.tickets(self._engine, state, before, limit)

    def ticket(self, ticket: int) -> reads.TicketDetail | None:
        """One ticket, or None."""
        return reads.ticket_detail(self._engine, ticket)

    def covered(self, tickets: Sequence[reads.Ticket]) -> dict[int, Covered]:
        """Ticket → the maintenance window or silence that covers it now."""
        return covered.of_tickets(self._engine, self.rules, tickets, self.clock())

    def covers(self, site: str | None, device: str = "") -> list[Covered]:
        """The maintenance windows and silences of now and of the next day: of a device, a site or all."""
        now = self.clock()
        if site is not None and device:
            return covered.of_device(self._engine, site, device, now)
        return covered.of_site(self._engine, site, now)

    def availability(self, site: str, span: Span, device: str = "") -> list[OfDevice]:
        """How much of a time the devices of a site, or one, were up."""
        return of_site(self._engine, self.rules, site, span, device)

    def evidence(self, found: reads.TicketDetail) -> Evidence:
        """Which series show what a ticket is about, and when."""
        ticket = found.ticket
        hidden = [Concerned(c.rule, c.kind or "", c.device) for c in found.consequences]
        here = Concerned(ticket.rule, ticket.kind or "", ticket.device)
        return evidence(here, hidden, self.rules, ticket.since, ticket.resolved, self.clock())

    def chart(self, device: reads.Device, metric: str, since: int, until: int, step: int) -> list[Bucket]:
        """One metric by steps. Raises SeriesUnavailable."""
        return self._series.chart(device.site, device.kind, device.device, metric, since, until, step)

    def newest(self, device: reads.Device, metric: str, since: int, until: int) -> Value | None:
        """The newest raw value in since < at ≤ until, or None. Raises SeriesUnavailable."""
        for start in sorted({max(since, until - RECENT_MS), since}, reverse=True):  # hours of seconds only if need be
            values = self._series.window(device.site, device.kind, device.device, metric, start, until)
            if values:
                return values[-1]
        return None


def silent_agents(agents: Sequence[reads.Agent], devices: Sequence[reads.Device]) -> list[SilentAgent]:
    """Those of the agents that are silent, the one with the most unknown devices first."""
    unknown = Counter((device.site, device.agent) for device in devices if device.state == "unknown")
    names = {(device.site, device.device): device.name for device in devices}
    found = [
        SilentAgent(a.site, a.agent, names.get((a.site, a.agent), ""), a.last_heard, unknown[a.site, a.agent])
        for a in agents
        if a.state == "silent"
    ]
    return sorted(found, key=lambda one: -one.unknown)


def count_kinds(devices: Sequence[reads.Device]) -> list[KindCount]:
    """Devices by kind and state, kinds by name."""
    counts = Counter((device.kind, device.state) for device in devices)
    kinds = sorted({device.kind for device in devices})
    return [KindCount(k, counts[k, "ok"], counts[k, "fault"], counts[k, "unknown"]) for k in kinds]
