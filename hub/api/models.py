"""The shapes the HTTP API answers with. Times are milliseconds UTC since 1970, as on the wire."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

DeviceState = Literal["ok", "fault", "unknown"]
TicketState = Literal["open", "resolved"]


class Answer(BaseModel):
    """Filled from the hub's records by field name."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class CoverAnswer(Answer):
    """A maintenance window or silence, and its time now, or its next."""

    id: int
    kind: Literal["maintenance", "silence"]
    site: str = Field(description="Empty for every site")
    device: str = Field(description="And what hangs below it; empty for every device")
    rule: str = Field(description="Empty for every rule")
    author: str
    reason: str
    recurrence: str = Field(description="RFC 5545 RRULE; empty where it does not recur")
    start: int
    end: int
    current: bool = Field(description="It covers now; false for one that begins within a day")


class TicketAnswer(Answer):
    """A root cause somebody should look at, its texts in the language asked for."""

    id: int
    site: str
    device: str
    device_name: str = Field(description="Empty where nobody named the device")
    kind: str | None = Field(description="Kind of the device; null where it is gone")
    room: str | None
    rule: str
    severity: str = Field(description="critical, warning or info")
    state: TicketState
    since: int = Field(description="When the condition began")
    opened: int = Field(description="When its hold time had passed and the ticket was opened")
    resolved: int | None = Field(description="When telemetry showed that it was over; null while open")
    clearing: int | None = Field(
        description="Since when the condition has been gone, while its clear time runs; of what happens rather than "
        "lasts (a forced door) when it last did"
    )
    detail: dict[str, Any] = Field(description="The numbers behind the summary")
    consequences: int = Field(description="How many other findings this one explains")
    flaps: int = Field(description="How often the fault came back soon after it was over")
    cover: CoverAnswer | None = Field(description="What covers it now, though it has a ticket; null for nothing")
    title: str
    summary: str
    meaning: str
    why: str = Field(description="Why it matters")
    first_step: str


class TicketsAnswer(Answer):
    """One page of tickets, newest first."""

    tickets: list[TicketAnswer]
    next: int | None = Field(description="Ask with before= this for the following page; null at the end")


class TimelineAnswer(Answer):
    """One thing that happened to a ticket."""

    at: int
    what: str = Field(
        description="opened, promoted, reopened, moved, explained, consequence, clearing, relapsed, resolved"
    )
    data: dict[str, Any]


class ConsequenceAnswer(Answer):
    """A finding that the ticket's finding explains."""

    site: str
    device: str
    device_name: str
    kind: str | None
    rule: str
    state: str = Field(description="pending, open or closed")
    room: str | None
    parent: str | None = Field(description="The device it hangs on")
    parent_name: str
    agent: str | None = Field(description="The agent that watches it; null where the device is gone")
    agent_name: str
    since: int
    closed: int | None


class EvidenceSeriesAnswer(Answer):
    """One series to chart."""

    kind: str
    device: str
    metric: str
    href: str = Field(description="Where this API has it, over the time to chart")


class EvidenceAnswer(Answer):
    """What shows the fault: from some time before it to some time after."""

    since: int
    until: int
    fault_since: int
    fault_until: int = Field(description="Now while it lasts")
    series: list[EvidenceSeriesAnswer]


class HistoryAnswer(Answer):
    """Earlier tickets of the same rule on the same device."""

    count: int
    lasted: int = Field(description="All of them together, ms")
    tickets: list[int] = Field(description="The newest of them")


class TicketDetailAnswer(TicketAnswer):
    """A ticket with its history."""

    evidence: EvidenceAnswer
    history: HistoryAnswer
    timeline: list[TimelineAnswer]
    explained: list[ConsequenceAnswer] = Field(description="The findings counted in `consequences`, newest first")


class AgentCountsAnswer(Answer):
    """Agents by how they are heard."""

    online: int
    silent: int = Field(description="A finding says that they are not heard")
    never: int = Field(description="Heard, but no report of theirs has been evaluated")


class SilentAgentAnswer(Answer):
    """An agent that is not heard."""

    site: str
    agent: str
    name: str = Field(description="Empty where nobody named it")
    last_heard: int = Field(description="On the hub's clock")
    unknown: int = Field(description="Its devices of which nobody can say whether they work")


class KindAnswer(Answer):
    """Devices of one kind by state."""

    kind: str
    ok: int
    fault: int
    unknown: int = Field(description="Nobody can say: silent agent, hidden by another fault, or no data. Not ok.")
    total: int


class BlindnessAnswer(Answer):
    """A time in which the hub could hear nobody."""

    start: int
    end: int | None = Field(description="null while it lasts")
    reason: str = Field(description="hub or broker")


class RejectedAnswer(Answer):
    """Messages of one sender that could not be taken."""

    site: str
    agent: str
    reason: str
    count: int
    last: int


class SiteAnswer(Answer):
    """A site and how much is wrong there."""

    site: str
    agents: int
    devices: int
    unknown: int = Field(description="Devices of which nobody can say whether they work")
    open_tickets: int
    worst: str | None = Field(description="Gravest severity of an open ticket")


class OverviewAnswer(Answer):
    """What is broken now, and the fleet."""

    now: int
    open_tickets: int
    tickets: list[TicketAnswer] = Field(description="The gravest and oldest of the open tickets, at most 50")
    agents: AgentCountsAnswer
    silent: list[SilentAgentAnswer]
    kinds: list[KindAnswer]
    sites: list[SiteAnswer]
    blindness: list[BlindnessAnswer] = Field(description="Now or within the last 24 hours, newest first")
    rejected: list[RejectedAnswer] = Field(description="Within the last 24 hours")
    series_away: bool = Field(description="The time-series database did not answer; states come from findings only")


class AgentAnswer(Answer):
    """An agent ever heard."""

    site: str
    agent: str
    state: Literal["online", "silent", "never"]
    version: str
    first_heard: int
    last_heard: int = Field(description="On the hub's clock")
    evaluated_until: int = Field(description="Rules have seen its samples up to this time; 0 for none")
    oldest_unacknowledged: int | None
    offset_ms: int | None = Field(description="Reference time minus the agent's clock; null without a reference")
    offset_source: str


class DeviceAnswer(Answer):
    """A watched thing and its state."""

    site: str
    device: str
    kind: str
    name: str
    room: str | None
    parent: str | None
    parent_name: str = Field(description="Empty where nobody named it")
    agent: str
    agent_name: str
    state: DeviceState
    reason: str = Field(description="Why unknown: agent_silent, no_reports, hidden, blind or no_data; else empty")
    behind: str | None = Field(description="The device whose fault hides this one")


class FindingAnswer(Answer):
    """A judgement that is pending or open."""

    rule: str
    state: str
    severity: str
    since: int
    detail: dict[str, Any]
    cover: int | None = Field(description="The maintenance window or silence that keeps it from having a ticket")
    ticket: int | None = Field(description="Its ticket, or that of its cause")


class EventAnswer(Answer):
    """Something that happened at a device."""

    at: int
    type: str
    data: dict[str, Any]


class ConfigurationAnswer(Answer):
    """What an agent shall run and what it says it runs, as revisions."""

    site: str
    agent: str
    state: Literal["none", "agreed", "waiting", "refused", "foreign"] = Field(
        description="none: nothing desired, nothing run; agreed: it runs what is desired; waiting: it has not said so; "
        "refused: it will not, for the reason given; foreign: it runs one that nobody desired here"
    )
    desired: str | None = Field(description="null where nothing is desired")
    running: str | None = Field(description="null where its own file alone counts, or it has not said")
    refused: str | None
    reason: str = Field(description="The agent's own words")
    since: int | None = Field(description="When this state began")
    told: bool = Field(description="The agent has ever said what it runs")


class CollectorAnswer(Answer):
    """How one collector of an agent fares."""

    name: str
    state: Literal["well", "failing", "unavailable", "unknown"] = Field(
        description="unavailable: it lacks a tool, a permission or a device; unknown: nobody hears the agent"
    )
    reason: str = Field(description="Of an unavailable one: what to install or allow, in the agent's own words")
    at: int | None = Field(description="End of its last run")
    seconds: float | None = Field(description="How long that took")


class DeviceDetailAnswer(Answer):
    """A device and what surrounds it."""

    device: DeviceAnswer
    facts: dict[str, Any]
    retired: int | None = Field(description="When it vanished from its agent's inventory")
    parent: DeviceAnswer | None
    children: list[DeviceAnswer]
    agent: AgentAnswer | None
    findings: list[FindingAnswer]
    history: list[TicketAnswer]
    events: list[EventAnswer]
    covers: list[CoverAnswer] = Field(description="Maintenance windows and silences of now and of the next day")
    configuration: ConfigurationAnswer | None = Field(description="Of an agent")
    collectors: list[CollectorAnswer] | None = Field(
        description="Of an agent; null also while the time-series database does not answer"
    )


class BucketAnswer(Answer):
    """One step of a chart; steps without data are left out."""

    at: int
    mean: float
    low: float
    high: float


class SeriesAnswer(Answer):
    """One metric of a device over time."""

    metric: str
    unit: str
    help: str
    since: int
    until: int
    step: int
    buckets: list[BucketAnswer]


class FiguresAnswer(Answer):
    """ms of each; they add up to the time asked for, times the devices."""

    up: int
    down: int
    planned: int = Field(description="Within maintenance windows: expected, whatever was so")
    unknown: int = Field(description="Nobody can say: the hub heard nobody, or something it hangs on was down. Not up.")
    ratio: float | None = Field(description="up / (up + down); null where it was neither")


class DeviceAvailabilityAnswer(Answer):
    """The availability of one device."""

    device: str
    kind: str
    name: str
    figures: FiguresAnswer


class AvailabilityAnswer(Answer):
    """Availability over a time. Down: a finding of a rule that means an outage was open."""

    site: str
    since: int
    until: int
    figures: FiguresAnswer = Field(description="All devices together")
    devices: list[DeviceAvailabilityAnswer]


class HealthAnswer(Answer):
    """Whether the hub is alive, or can work."""

    ok: bool
    reason: str = Field(description="The parts that are not well, and what ails them; empty where all are")
    parts: dict[str, str] = Field(description="Every part that was looked at; empty where it is well")
    role: Literal["holder", "standby"] = Field(description="standby: another hub on the same database works")
    name: str = Field(description="This hub's")
    holder: str = Field(description="The name of the hub that works; empty while none is known to")
