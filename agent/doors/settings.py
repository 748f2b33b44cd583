"""What the configuration says about doors and the ways to hear of them."""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from agent.device.settings import DeviceSettings, GuestSettings, unique
from agent.doors.inputs import MOST_DOORS, InputSettings, LinesSettings
from agent.doors.topic_settings import TopicsSettings
from wire.ids import ShortText, SlugId


class DoorSettings(BaseModel):
    """A door: its id in the inventory, the controller's token for it, and its readers where they are not told."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: SlugId
    """Its device id."""
    token: ShortText
    """The controller's token for it. Hikvision: the door's number, `"1"` for the first."""
    name: ShortText = ""
    """What people call it."""
    room: SlugId | None = None
    """The room it leads to; left out, the controller's."""
    access_points: list[ShortText] = Field(default=[], max_length=16)
    """Tokens of its readers, for controllers that do not tell which reader belongs to which door. Hikvision: their
    numbers."""


class ControllerSettings(DeviceSettings):
    """A controller and the doors on it. `parent` is what the controller hangs on, and so its doors."""

    speaks: Literal["onvif", "isapi"] = "onvif"
    """`isapi` for access controllers of Hikvision and its rebrands."""
    doors: list[DoorSettings] = Field(min_length=1, max_length=MOST_DOORS)
    """The doors on it."""

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.speaks == "isapi":
            for token in [t for door in self.doors for t in (door.token, *door.access_points)]:
                if not re.fullmatch(r"[1-9][0-9]{0,2}", token):
                    raise ValueError(f"doors and readers of an ISAPI controller are numbers from 1, not {token!r}")
        return self


class DoorsSettings(GuestSettings):
    """`[collectors.doors]`."""

    interval_seconds: float = Field(default=10.0, gt=0)
    """From the start of one round to the start of the next: what happens at a door is told so late at most."""
    wait_seconds: float = Field(default=5.0, ge=0.05, le=20)
    """ONVIF: how long a pull waits for news; at most the interval."""
    message_limit: int = Field(default=100, ge=1, le=1000)
    """ONVIF: most messages taken with one pull."""
    subscription_seconds: float = Field(default=120.0, ge=10)
    """ONVIF: life of a subscription; it is renewed at half of what the controller grants."""
    silence_seconds: float = Field(default=300.0, gt=0)
    """ONVIF: after so long without news of a door the controller is asked for all states; without an answer we
    subscribe anew."""
    stream_silence_seconds: float = Field(default=90.0, ge=1, le=3600)
    """ISAPI: an event stream without even a heartbeat for so long is dead, and made anew."""
    status_seconds: float = Field(default=60.0, ge=1, le=3600)
    """ISAPI: how often the states of all doors are asked for."""
    controllers: list[ControllerSettings] = Field(default=[], max_length=64)
    """The door controllers, each asked in a thread of its own."""
    lines: list[LinesSettings] = Field(default=[], max_length=16)
    """Files and sockets for programs of others."""
    topics: list[TopicsSettings] = Field(default=[], max_length=16)
    """Brokers of local controllers."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        sources: list[ControllerSettings | InputSettings] = [*self.controllers, *self.lines, *self.topics]
        unique([source.id for source in sources])
        unique([door.id for source in sources for door in source.doors])
        for source in sources:
            unique([door.token for door in source.doors])
        return self
