"""What the configuration says about recorders: `[collectors.recorders]`."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.device.settings import DeviceSettings, GuestSettings, unique
from agent.recorder.ids import channel_id
from agent.recorder.languages import Language
from wire.ids import ShortText, SlugId

MAX_CHANNELS = 256
"""Channels per recorder, at most: one that makes up names must not fill the inventory."""


class ChannelSettings(BaseModel):
    """A channel that should be there: the recorder's token for its video source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: ShortText
    """The recorder's token for the channel's video source (ONVIF), or its number (ISAPI, Dahua)."""
    id: SlugId | None = None
    """Its device id; left out, one is made of the recorder's id and the token."""
    name: ShortText = ""
    """What people call it; left out, what the recorder calls it."""
    room: SlugId | None = None
    """The room it looks at; left out, the recorder's."""
    camera: SlugId | None = None
    """The device id of the camera behind it, where that is watched by itself too: then both are one device, the camera.
    Left out, a camera of `[collectors.cameras]` is known by its address. A channel with an `id` of its own stays apart.
    """

    @model_validator(mode="after")
    def _one_device(self) -> Self:
        if self.id is not None and self.camera is not None:
            raise ValueError("give id or camera, not both: a channel that is a camera goes by the camera's id")
        return self


class RecorderSettings(DeviceSettings):
    """A recorder. Channels it lists are found by themselves; those named here are missed from the first round on."""

    speaks: Language = Language.ONVIF
    """What it is asked in: `onvif`, `isapi` (Hikvision and its rebrands) or `dahua` (Dahua and its rebrands)."""
    channels: list[ChannelSettings] = Field(default=[], max_length=MAX_CHANNELS)
    """Channels that have to be there, whether the recorder lists them or not."""


class RecordersSettings(GuestSettings):
    """`[collectors.recorders]`."""

    timeout_seconds: float = Field(default=50.0, gt=0)
    """A run that takes longer counts as failed; after six tenths of it no further channel is looked into."""
    max_answer_bytes: int = Field(default=4 * 1024 * 1024, ge=16 * 1024, le=64 * 1024 * 1024)
    """Larger than a camera's: the profiles of 64 channels are long."""
    recordings_seconds: float = Field(default=600.0, gt=0)
    """How often each channel's oldest and newest recording are asked for, and whether it is being recorded."""
    gaps_seconds: float = Field(default=21_600.0, gt=0)
    """How often each channel's recordings of yesterday and today are looked through for gaps."""
    gap_seconds: int = Field(default=300, ge=10, le=86_400)
    """From this length on a gap is counted and told."""
    stalled_seconds: int = Field(default=600, ge=120, le=86_400)
    """How old the newest recording may be while the plan wants one. Two hours where the recorder says that it records:
    some list a recording only when its file is complete."""
    detail_seconds: float = Field(default=3600.0, gt=0)
    """How often its disks, condition, accounts, recording plans and time settings are asked for."""
    log_seconds: float = Field(default=600.0, gt=0)
    """How often its operation log is read."""
    max_channels: int = Field(default=64, ge=1, le=MAX_CHANNELS)
    """Channels watched per recorder; those configured come first, and are watched in any case."""
    devices: list[RecorderSettings] = Field(default=[], max_length=64)
    """The recorders."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        unique([recorder.id for recorder in self.devices] + self.channel_ids())
        return self

    def channel_ids(self) -> list[str]:
        """Of the channels configured, of all recorders."""
        return [c.camera or c.id or channel_id(r.id, c.token) for r in self.devices for c in r.channels]
