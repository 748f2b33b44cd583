"""What the engine knows of every agent and device: the newest values, live findings and who hangs on whom."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from hub.cover import Cover
from hub.finding import Life
from hub.newest import NOTHING, Newest
from hub.plan import EMPTY, Plan
from hub.rule import Severity, Snapshot
from hub.window import Values, Window
from wire.messages import DeviceKind

MAX_DEPTH = 12
"""Levels of topology that are followed; deeper is a loop in somebody's inventory."""

SITE = "site"
"""The id of the device that stands for a site as a whole."""

NOBODY = "*"
"""Who watches it: no agent may be called so."""


class KnownValues(NamedTuple):
    """What rules have seen of a device: metric → newest value, windows, and what they have learned."""

    kind: DeviceKind
    latest: Newest
    windows: Mapping[Window, Values]
    learned: Mapping[str, Any]


@dataclass(eq=False)
class LiveFinding:
    """A finding that is pending or open. `id` is its SQL row's, None until it is written."""

    site: str
    device: str
    rule: str
    severity: Severity
    life: Life
    detail: Mapping[str, float | str | bool | list[str] | None]
    cause: "LiveFinding | None" = None
    """What explains it. A cause that is closed explains it no longer, it only has not stood for itself yet."""
    for_good: bool = False
    """Its cause explains it even when it is closed."""
    id: int | None = None
    pace: int = 0
    """ms between the last two looks at it; 0: not known, as after a start of the hub."""
    flaps: int = 0
    """How often it has come back soon after it was closed."""
    returned: int | None = None
    """When its condition began anew, the last time."""
    happened: int | None = None
    """Of what an event raised: when it happened again, the last time, ms UTC; None where it did not, as far as is
    known."""
    cover: Cover | None = None
    """What keeps it from having a ticket."""
    why: str = ""
    """Of one that was closed: `retired` for its device is gone, `unwatched` for no rule watches for it any more."""

    @property
    def began(self) -> int:
        """When its condition began, this time."""
        return self.life.since if self.returned is None else self.returned

    @property
    def root(self) -> "LiveFinding":
        """What explains it now, or itself."""
        return self.cause if self.cause is not None and (self.for_good or self.cause.life.state == "open") else self

    @property
    def explained(self) -> bool:
        """Whether something explains it now."""
        return self.root is not self


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
    windows: dict[Window, Values] = field(default_factory=dict)
    findings: dict[str, LiveFinding] = field(default_factory=dict)
    plan: Plan = EMPTY
    """What is judged here, compiled for this kind and these facts."""
    room: str = ""
    area: str = ""
    """The name of the area it is in, if any."""
    learned: Mapping[str, Any] = field(default_factory=lambda: NOTHING_LEARNED)
    """Rule → what a condition that learns knows of this device. Replaced, never changed in place."""

    def snapshot(self, windows: Mapping[str, Values], relatives: "Kin", unheard_seconds: float = 0.0) -> Snapshot:
        """What a rule may know of it, with the windows of that rule."""
        found = self.findings
        state = relatives.site.agents.get(self.device) if self.kind is DeviceKind.AGENT else None
        return Snapshot(
            self.device,
            self.kind,
            self.facts,
            self.latest,
            windows,
            heard=state.heard if state is not None else None,
            unheard_seconds=unheard_seconds,
            findings=frozenset(name for name in found if found[name].life.state == "open") if found else NONE,
            relatives=relatives,
            area=self.area,
        )


NOTHING_LEARNED: Mapping[str, Any] = MappingProxyType({})
NONE: frozenset[str] = frozenset()


@dataclass(eq=False)
class AgentState:
    """What is known of one agent. Times are ms UTC on the hub's clock, but for those named otherwise."""

    site: str
    agent: str
    heard: int
    mark: int = 0
    """Corrected time up to which rules have seen its samples."""
    inventory_hash: str | None = None
    refused: set[str] = field(default_factory=set)
    """Devices of its inventory that were another agent's."""
    boot: str | None = None
    mono: int = 0
    sent: int = 0
    """Boot id, monotonic clock and corrected wall clock of its newest report."""
    spool: str = ""
    number: int = 0
    """Of its newest report, as in its id."""
    hole: int = 0
    """When the last report before one that is missing was sent, as yet."""
    offset_ms: int | None = None
    offset_source: str = "none"
    """What its newest report said of its own clock."""
    overlap: int = 0
    """How many ms the times of the report at hand may lie before older ones, for its clock's offset has fallen."""
    revised: int = 0
    """Another number whenever its past has changed: samples were taken in that came very late, its clock was set back,
    or it was forgotten and is known anew."""
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
    """Changed by `add` and `remove` alone."""
    agents: dict[str, AgentState] = field(default_factory=dict)
    _below: dict[str, list[Subject]] | None = None
    """Device → what hangs on it, until something changes."""

    def add(self, subject: Subject) -> None:
        """A device, or a device changed in what it hangs on."""
        self.devices[subject.device] = subject
        self._below = None

    def remove(self, device: str) -> Subject:
        """It is gone."""
        self._below = None
        return self.devices.pop(device)

    def above(self, subject: Subject) -> Subject | None:
        """What this device hangs on: by inventory, else the agent that watches it."""
        named = self.devices.get(subject.parent) if subject.parent else None
        found = named if named is not None else self.devices.get(subject.agent)
        return found if found is not subject else None

    @property
    def whole(self) -> Subject | None:
        """The device that stands for the site itself, where there is one."""
        found = self.devices.get(SITE)
        return found if found is not None and found.kind is DeviceKind.SITE else None

    def children(self, subject: Subject) -> Sequence[Subject]:
        """What hangs on this device; on the site its agents."""
        if subject is self.whole:
            return [self.devices[agent] for agent in self.agents if agent in self.devices]
        if self._below is None:
            self._below = {}
            for one in self.devices.values():
                above = self.above(one)
                if above is not None:
                    self._below.setdefault(above.device, []).append(one)
        return self._below.get(subject.device, ())

    def members(self, subject: Subject) -> Iterator[Subject]:
        """What may fail together because of this device: what hangs on it, and on a port of its own."""
        for child in self.children(subject):
            yield child
            if child.kind is DeviceKind.NETWORK:
                yield from self.children(child)

    def holders(self, subject: Subject) -> Iterator[Subject]:
        """Those whose members this device is among."""
        above = self.above(subject)
        if above is not None:
            yield above
            beyond = self.above(above) if above.kind is DeviceKind.NETWORK else None
            if beyond is not None:
                yield beyond

    def ancestors(self, subject: Subject) -> Iterator[Subject]:
        """What this device hangs on, nearest first, ending with the agent that watches it and with the site."""
        current: Subject | None = subject
        seen = {subject.device}
        for _ in range(MAX_DEPTH):
            current = self.devices.get(current.parent) if current and current.parent else None
            if current is None or current.device in seen:
                break
            seen.add(current.device)
            yield current
        for last in (self.devices.get(subject.agent), self.whole):
            if last is not None and last.device not in seen:
                seen.add(last.device)
                yield last

    def live(self) -> Iterator[LiveFinding]:
        """Every pending or open finding of the site."""
        for subject in self.devices.values():
            yield from subject.findings.values()


class Kin(NamedTuple):
    """The devices around one, as a rule may look at them (`hub.rule.Relatives`)."""

    site: Site
    subject: Subject

    def parent(self) -> Snapshot | None:
        """What it hangs on."""
        above = self.site.above(self.subject)
        if above is None and self.subject.kind is DeviceKind.AGENT:
            above = self.site.whole
        return above.snapshot({}, Kin(self.site, above)) if above is not None else None

    def children(self) -> Iterator[Snapshot]:
        """What hangs on it."""
        for child in self.site.children(self.subject):
            yield child.snapshot({}, Kin(self.site, child))

    def tells(self, device: str, rule: str) -> bool:
        """Whether a finding of this rule there gets a ticket, as far as that device goes."""
        other = self.site.devices.get(device)
        if other is None or rule not in other.plan.checks:
            return False
        finding = other.findings.get(rule)
        return finding is None or finding.cover is None or finding.cover.scope.device != device
