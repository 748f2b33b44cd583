"""Version 1 of what travels between agents and hub, one pydantic model a message.

Receivers ignore unknown fields: evolution is additive. Times are milliseconds UTC (`Millis`).
Nothing here is ever removed or given another meaning; the golden payloads in tests/contract hold it to that.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from wire.ids import Count, EventType, Finite, IdRange, MetricName, Millis, ReportId, Revision, ShortText, SlugId


class Message(BaseModel):
    """Immutable, unknown fields ignored, field names as on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)


class DeviceKind(StrEnum):
    """What a device is; also the measurement its metrics are stored under."""

    AGENT = "agent"
    HOST = "host"
    VOLUME = "volume"
    DISK = "disk"
    RECORDER = "recorder"
    CHANNEL = "channel"
    CAMERA = "camera"
    SWITCH = "switch"
    DOOR = "door"
    UPS = "ups"
    ROOM = "room"
    NETWORK = "network"
    HUB = "hub"
    """A hub itself, as it watches itself; no agent may claim one."""
    SITE = "site"
    """A whole site, which the hub alone speaks of; no agent may claim one."""


UnknownKind = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,19}$")]
"""A kind from a later version than ours: the device is counted and left out, the rest of the inventory is taken."""

Scalar = bool | Finite | Annotated[str, StringConstraints(max_length=1000)] | None
"""A fact's or an event detail's value."""

Facts = Annotated[dict[Annotated[str, StringConstraints(max_length=64)], Scalar], Field(max_length=64)]
"""Slow-changing properties of a device (model, firmware, serial), or details of an event."""


class Device(Message):
    """One thing an agent watches. Its id is unique within the site; `parent` is what it hangs on (switch, recorder)."""

    device: SlugId
    kind: Annotated[DeviceKind | UnknownKind, Field(union_mode="left_to_right")]
    name: ShortText = ""
    parent: SlugId | None = None
    room: SlugId | None = None
    facts: Facts = {}


class Inventory(Message):
    """The whole of what an agent watches; `hash` is `codec.inventory_hash(devices)`."""

    hash: Revision
    devices: Annotated[list[Device], Field(max_length=5000)]


class Status(Message):
    """Retained birth and last will. A hint only: the hub's receive time decides absence."""

    state: Literal["online", "offline"]
    version: ShortText = ""
    session: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,32}$")]
    """Minted per connection: an offline of another session than the current one is ignored."""
    inventory_hash: Revision | None = None
    oldest_unacknowledged: Millis | None = None
    """When the oldest report that the agent still keeps was made, corrected; None when it keeps none."""


class Offset(Message):
    """What the agent knew of its own clock: `ms` to add to its wall clock to get reference time.

    `ms` is None and `source` is "none" where no reference answered: the clock is then unknown, not accurate.
    """

    ms: Annotated[Finite, Field(ge=-1e13, le=1e13)] | None = None
    source: ShortText = "none"


class Sample(Message):
    """The values of one device at one moment of the agent's wall clock."""

    device: SlugId
    at: Millis
    values: Annotated[dict[MetricName, Finite], Field(min_length=1, max_length=256)]


class Event(Message):
    """Something that happened at a device, stored once however often it is delivered."""

    device: SlugId
    at: Millis
    type: EventType
    data: Facts = {}


class Lost(Message):
    """Samples thinned away at the spool's bound: `count` of them, of times `from`..`to` (both included)."""

    from_: Millis = Field(alias="from")
    to: Millis
    count: Annotated[Count, Field(ge=1)]


class Report(Message):
    """A batch of facts with an id. Kept by the agent until the hub says it is committed.

    `boot` is the kernel's boot id and `mono` its monotonic clock (ms) when the report was made, `sent` the wall clock
    at that same moment. Corrected time is `at + offset.ms`: a function of the report alone.
    """

    id: ReportId
    boot: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{1,36}$")]
    mono: Count
    sent: Millis
    offset: Offset = Offset()
    inventory_hash: Revision | None = None
    samples: Annotated[list[Sample], Field(max_length=4096)] = []
    events: Annotated[list[Event], Field(max_length=4096)] = []
    lost: Annotated[list[Lost], Field(max_length=4096)] = []


class Refusal(Message):
    """A report the hub will never commit, and why; the agent sets it aside and counts it."""

    id: ReportId
    reason: ShortText


class Ack(Message):
    """What the hub has committed to disk, and what it refuses for good."""

    committed: Annotated[list[IdRange], Field(max_length=4096)] = []
    refused: Annotated[list[Refusal], Field(max_length=4096)] = []


class Config(Message):
    """The whole desired configuration of one agent. `revision` is `codec.config_revision(settings)`.

    `settings` has the shape of the agent's own file: `name` and `collectors`, nothing else; secrets are references
    (`password_file`, `password_env`), never values. A receiver takes `revision` as a name and need not compute it.
    An empty payload means that nothing is desired.
    """

    revision: Revision
    settings: dict[str, object]


class ConfigApplied(Message):
    """Which revision runs; when the newest was refused, `refused` names it and `reason` says why."""

    revision: Revision | None = None
    refused: Revision | None = None
    reason: ShortText | None = None


class Action(StrEnum):
    """The closed set of what a hub may ask of an agent."""

    COLLECT_NOW = "collect_now"
    SEND_INVENTORY = "send_inventory"
    ROTATE_CERTIFICATE = "rotate_certificate"
    SNAPSHOT = "snapshot"


class Command(Message):
    """Never retained. `expires` is judged on the hub's time; the agent remembers ids past it and does each once."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    action: Action
    expires: Millis
    args: Facts = {}


class Result(Message):
    """How a command ended."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}$")]
    ok: bool
    detail: ShortText = ""
