"""The settings of stores of recordings: where they are, how files are named, what channels are meant to record."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from agent.collector import Settings
from agent.recordings.layout import READY, Layout
from agent.recordings.local_time import Zone, machine_zone
from agent.recordings.plan import Plan, PlanKind, Window
from wire.ids import ShortText, SlugId

LayoutName = Literal[
    "frigate", "shinobi", "ffmpeg", "zoneminder-deep", "zoneminder-medium", "zoneminder-shallow", "custom"
]
Windows = Annotated[tuple[Window, ...], Field(max_length=32)]
ChannelName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^/\x00]+$")]
SegmentSeconds = Annotated[int, Field(ge=0, le=86_400)]
_NESTED = ConfigDict(extra="forbid", frozen=True)


class ChannelSettings(BaseModel):
    """One channel; what is left out is as its store has it."""

    model_config = _NESTED

    name: ChannelName
    """As it stands in the paths: a camera's name or number."""
    id: SlugId | None = None
    """Its device id; by default the host's and its name."""
    title: ShortText = ""
    """What people call it."""
    plan: PlanKind | None = None
    """When it is meant to record."""
    window: Windows = ()
    """The weekly times of a scheduled plan."""
    segment_seconds: SegmentSeconds = 0
    """How long its files are; 0 is learnt from their names."""


class StoreSettings(BaseModel):
    """One tree of recordings."""

    model_config = _NESTED

    path: Annotated[str, Field(pattern="^/", max_length=1000)]
    """The folder the layout's paths begin in."""
    layout: LayoutName
    """How its files are named: a known recorder's way, or `custom` with a `pattern`."""
    pattern: Annotated[str, Field(max_length=300)] = ""
    """Of a custom layout: %Y %y %m %d %F %H %M %S %s %f %% {channel} {any} {number} {ext}."""
    names_in: Annotated[str, Field(max_length=64)] = ""
    """The time zone of the names: UTC or an IANA name; by default the layout's, which is the site's but for Frigate."""
    recorder: SlugId | None = None
    """The device its channels hang on; by default the host."""
    plan: PlanKind = "continuous"
    """When its channels are meant to record: `continuous`, `scheduled` or `motion` (of which no gap can be told)."""
    window: Windows = ()
    """The weekly times of a scheduled plan, in the site's time."""
    segment_seconds: SegmentSeconds = 0
    """How long a file is; 0 is learnt from the names. ZoneMinder's sections, whose names do not tell it: 600."""
    must_be_mounted: bool = False
    """The recordings lie on another file system than the machine's own: else a disk that did not come up would show as
    recordings lost."""
    discover: bool = True
    """Watch every channel found in the paths; false: only those listed."""
    channel: Annotated[tuple[ChannelSettings, ...], Field(max_length=256)] = ()
    """Channels that have a name, a plan or an id of their own, or must be there."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.layout == "custom") != bool(self.pattern):
            raise ValueError('pattern goes with layout = "custom", and only with it')
        if self.names_in:
            Zone(self.names_in)
        layout = self.layout_in(Zone("UTC"))
        if not layout.has_channel and len(self.channel) != 1:
            raise ValueError("a pattern without {channel} is of one channel: list it in [[….channel]]")
        if len({one.name for one in self.channel}) < len(self.channel):
            raise ValueError("a channel is listed twice")
        for plan, windows in [(self.plan, self.window), *((one.plan, one.window) for one in self.channel)]:
            if plan == "scheduled" and not (windows or self.window):
                raise ValueError("a scheduled plan needs a [[….window]]")
        return self

    def layout_in(self, site: Zone) -> Layout:
        """How files are named; `site` is the zone of local times. Raises LayoutError."""
        if self.layout == "custom":
            zone_of_names = Zone(self.names_in) if self.names_in else site
            return Layout(self.pattern, zone_of_names, channel=self.channel[0].name if self.channel else "")
        ready = READY[self.layout]
        zone = self.names_in or ready.zone
        return Layout(ready.pattern, Zone(zone) if zone else site, events=ready.events)

    def listed(self, name: str) -> ChannelSettings | None:
        """A channel's own settings."""
        return next((one for one in self.channel if one.name == name), None)

    def plan_of(self, name: str, site: Zone) -> Plan:
        """When a channel is meant to record."""
        own = self.listed(name)
        kind = own.plan if own and own.plan else self.plan
        return Plan(kind, own.window if own and own.window else self.window, site)

    def segment_of(self, name: str) -> int:
        """How long its files are, 0 where that is to be learnt."""
        own = self.listed(name)
        sections = 600 if self.layout in {"zoneminder-medium", "zoneminder-shallow"} else 0
        return (own.segment_seconds if own else 0) or self.segment_seconds or sections


class RecordingsSettings(Settings):
    """`[[collectors.recordings.store]]`, one or more."""

    interval_seconds: float = Field(default=30.0, ge=1.0, le=3600.0)
    """From the start of one run to the start of the next; up to 45 a stalled writer is found in time."""
    timeout_seconds: float = Field(default=120.0, ge=1.0, le=3600.0)
    """A run that takes longer counts as failed, and is waited for."""
    time_zone: Annotated[str, Field(max_length=64)] = ""
    """The site's time zone (IANA): of plans, of days and of names in local time. By default the machine's."""
    gap_seconds: int = Field(default=300, ge=10, le=86_400)
    """From this length on a gap is counted and told."""
    entries_per_run: int = Field(default=20_000, ge=500, le=1_000_000)
    """How many names of folders that can wait are listed in one run: older ones at the first scan."""
    round_hours: float = Field(default=24.0, ge=0.5, le=720.0)
    """How long a round over all folders takes, in which changes of the past are found."""
    store: Annotated[tuple[StoreSettings, ...], Field(max_length=16)] = ()
    """The trees to watch."""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, name: str) -> str:
        if name:
            Zone(name)
        return name

    def site(self) -> Zone:
        """The site's time zone."""
        return Zone(self.time_zone or machine_zone())
