"""What the engine knows of every agent and device: the newest values, live findings and who hangs on whom."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hub.check import Watch
from hub.finding import Life
from hub.newest import NOTHING, Newest
from hub.rule import Severity
from hub.series.store import Value
from wire.messages import DeviceKind

MAX_DEPTH = 12
"""Levels of topology that are followed; deeper is a loop in somebody's inventory."""


class KnownValues(NamedTuple):
    """What rules have seen of a device: metric → newest value, metric → window."""

    kind: DeviceKind
    latest: Newest
    windows: dict[str, deque[Value]]


@dataclass(eq=False)
class LiveFinding:
    """A finding that is pending or open. `id` is its SQL row's, None until it is written."""

    site: str
    device: str
    rule: str
    severity: Severity
    life: Life
    detail: Mapping[str, float | str | bool | None]
    cause: "LiveFinding | None" = None
    id: int | None = None


@dataclass(eq=False)
class Subject:
    """A device as the rules see it."""

    site: str
    device: str
    kind: DeviceKind
    agent: str
    parent: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    latest: Newest = field(default_factory=lambda: NOTHING)
    windows: dict[str, deque[Value]] = field(default_factory=dict)
    findings: dict[str, LiveFinding] = field(default_factory=dict)
    checks: Mapping[str, Watch] = field(default_factory=dict)
    """Metric → what it wakes, compiled by the engine for this kind and these facts."""
    occurrences: dict[str, Any] = field(default_factory=dict)
    """Type of event → what it wakes, likewise."""


@dataclass(eq=False)
class AgentState:
    """What is known of one agent. Times are ms UTC on the hub's clock, but for those named otherwise."""

    site: str
    agent: str
    heard: int
    mark: int = 0
    """Corrected time up to which rules have seen its samples."""
    inventory_hash: str | None = None
    boot: str | None = None
    mono: int = 0
    sent: int = 0
    """Boot id, monotonic clock and corrected wall clock of its newest report."""
    offset_ms: int | None = None
    offset_source: str = "none"
    """What its newest report said of its own clock."""
    floor: int = 0
    """After a start without earlier values: samples up to this time were judged before, as far as we can know."""
    asked: int = 0
    asked_for: str | None = None
    """When its inventory was last asked for, and because of which hash."""
    doubted: set[str | None] = field(default_factory=set)
    """Hashes that were asked for, upon which another came once."""
    outdated: set[str | None] = field(default_factory=set)
    """Those upon which another came twice: devices only they knew are gone for good."""
    due: bool = False
    """Whether a check of its silence is scheduled."""


@dataclass(eq=False)
class Site:
    """One site: the unit of partition. Nothing here looks at another site."""

    devices: dict[str, Subject] = field(default_factory=dict)
    agents: dict[str, AgentState] = field(default_factory=dict)

    def ancestors(self, subject: Subject) -> Iterator[Subject]:
        """What this device hangs on, nearest first, ending with the agent that watches it."""
        current: Subject | None = subject
        seen = {subject.device}
        for _ in range(MAX_DEPTH):
            current = self.devices.get(current.parent) if current and current.parent else None
            if current is None or current.device in seen:
                break
            seen.add(current.device)
            yield current
        owner = self.devices.get(subject.agent)
        if owner is not None and owner.device not in seen:
            yield owner

    def live(self) -> Iterator[LiveFinding]:
        """Every pending or open finding of the site."""
        for subject in self.devices.values():
            yield from subject.findings.values()
