"""What a site is made of: its agents and the devices each watches, as a script names them."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from simulator.parts import Part, Ratio, Span, parse_size
from wire.ids import ShortText, SlugId
from wire.messages import DeviceKind


class Series(Part):
    """Several like devices: `{count: 16, prefix: cam}` stands for cam-01 … cam-16."""

    count: int = Field(ge=0, le=512)
    prefix: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,34}$")] = "cam"

    def ids(self) -> list[str]:
        """Their ids, numbered with at least two digits."""
        return [f"{self.prefix}-{number:02}" for number in range(1, self.count + 1)]


def _number(value: object) -> object:
    """A bare number of cameras stands for a series of them."""
    return {"count": value} if isinstance(value, int) else value


def _form(value: object) -> str:
    return "ids" if isinstance(value, list) else "series"


Cameras = Annotated[
    Annotated[Series, Tag("series")] | Annotated[list[SlugId], Tag("ids")],
    Discriminator(_form),
    BeforeValidator(_number),
]
"""A number, a series, or a list of ids."""


class Recorder(Part):
    """A closed recorder with its cameras hidden behind it: channel n is the device `{id}-ch{n}`."""

    id: SlugId
    speaks: Literal["onvif", "isapi", "dahua"] = "onvif"
    channels: int = Field(default=8, ge=1, le=64)
    retention: Annotated[float, Field(gt=0, le=365)] = 31.0
    """Generated: days its recordings reach back."""
    motion: list[Annotated[int, Field(ge=1, le=64)]] = Field(default=[], max_length=64)
    """Generated: numbers of channels that are recorded on motion only."""
    young: dict[Annotated[int, Field(ge=1, le=64)], Annotated[float, Field(ge=0, le=365)]] = Field(default={})
    """Generated: numbers of channels that are new, and for how many days they had been recorded at the first moment."""
    weekly_restart: Span = 0.0
    """Generated: for how long it is away each Sunday at three in the morning, as many are set to."""

    def channel_ids(self) -> list[str]:
        """The device ids of its channels, in their order."""
        return [f"{self.id}-ch{number}" for number in range(1, self.channels + 1)]

    def token(self, number: int) -> str:
        """What the recorder itself calls a channel, counted from 1."""
        return f"ch{number}" if self.speaks == "onvif" else str(number)


class DoorController(Part):
    """A door controller and the doors on it."""

    id: SlugId
    doors: list[SlugId] = Field(min_length=1, max_length=32)


class Switch(Part):
    """A switch with power over Ethernet; port n is the device `{id}-p{n}`."""

    id: SlugId
    ports: int = Field(default=8, ge=1, le=48)

    def port_ids(self) -> list[str]:
        """The device ids of its ports, in their order."""
        return [f"{self.id}-p{number}" for number in range(1, self.ports + 1)]


class Software(Part):
    """Generated: a recorder's software on the agent's own machine, watched as a process, and its files as channels."""

    id: SlugId
    channels: int = Field(default=4, ge=1, le=64)
    retention: Annotated[float, Field(gt=0, le=365)] = 31.0
    """Days its recordings reach back."""

    def channel_ids(self) -> list[str]:
        """The device ids of its channels, in their order."""
        return [f"{self.id}-ch{number}" for number in range(1, self.channels + 1)]


class Volume(Part):
    """A file system of the gateway: `fill` is the share in use, `role` and `overwrites` as the agent's settings say.

    Generated: one of role backup has a backup made each night at two, and `encrypted` says that this is watched.
    """

    id: SlugId
    mount: str = Field(default="", max_length=200, pattern=r"^(/.*)?$")
    size: Annotated[int, BeforeValidator(parse_size), Field(gt=0, le=1 << 60)] = 32 << 30
    fill: Ratio = 0.4
    role: Literal["system", "recording", "backup"] = "system"
    overwrites: bool = False
    encrypted: bool = False

    @property
    def path(self) -> str:
        """Where it is mounted: at `/` and its id where nothing else is said."""
        return self.mount or f"/{self.id}"


class Agent(Part):
    """An agent of the site and all that it watches. Each runs as a process of its own."""

    id: SlugId
    name: ShortText = ""
    cameras: Cameras = Field(default=[])
    recorders: list[Recorder] = Field(default=[])
    door_controllers: list[DoorController] = Field(default=[])
    switches: list[Switch] = Field(default=[])
    volumes: list[Volume] = Field(default=[])
    software: list[Software] = Field(default=[])
    disks: list[SlugId] = Field(default=[], max_length=64)
    """Generated: disks of the machine that tell SMART values."""
    arrays: list[SlugId] = Field(default=[], max_length=16)
    """Generated: its arrays of four disks."""
    ups: list[SlugId] = Field(default=[], max_length=16)
    rooms: list[SlugId] = Field(default=[], max_length=16)
    """Generated: rooms whose air is measured."""
    behind: dict[SlugId, SlugId] = Field(default={})
    """Generated: camera, recorder or door → the switch or port it hangs on."""
    tours: list[SlugId] = Field(default=[])
    """Generated: cameras that look elsewhere all the time, and are known to (`pictures.ptz`)."""
    storerooms: list[SlugId] = Field(default=[])
    """Generated: cameras before which nothing moves for days."""

    def camera_ids(self) -> list[str]:
        """The ids of its cameras, in their order."""
        return self.cameras.ids() if isinstance(self.cameras, Series) else list(self.cameras)

    def devices(self) -> Iterator[tuple[str, DeviceKind]]:
        """Every device a fault or an expectation may name, the agent first."""
        yield self.id, DeviceKind.AGENT
        yield self.host, DeviceKind.HOST
        yield from ((camera, DeviceKind.CAMERA) for camera in self.camera_ids())
        for recorder in self.recorders:
            yield recorder.id, DeviceKind.RECORDER
            yield from ((channel, DeviceKind.CHANNEL) for channel in recorder.channel_ids())
        for controller in self.door_controllers:
            yield from ((door, DeviceKind.DOOR) for door in controller.doors)
        for switch in self.switches:
            yield switch.id, DeviceKind.SWITCH
            yield from ((port, DeviceKind.NETWORK) for port in switch.port_ids())
        yield from ((volume.id, DeviceKind.VOLUME) for volume in self.volumes)
        for software in self.software:
            yield software.id, DeviceKind.RECORDER
            yield from ((channel, DeviceKind.CHANNEL) for channel in software.channel_ids())
        yield from ((disk, DeviceKind.DISK) for disk in (*self.disks, *self.arrays))
        yield from ((ups, DeviceKind.UPS) for ups in self.ups)
        yield from ((room, DeviceKind.ROOM) for room in self.rooms)

    @property
    def host(self) -> str:
        """The device id of its machine."""
        return f"{self.id}-host"
