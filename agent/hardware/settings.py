"""What the configuration says about the events of devices: `[collectors.hardware]`."""

from pydantic import Field

from agent.collector import Settings
from wire.ids import SlugId


class HardwareSettings(Settings):
    """Where devices are and how they are asked stands in `[collectors.recorders]` and `[collectors.cameras]`."""

    timeout_seconds: float = Field(default=50.0, gt=0)
    """A run that takes longer counts as failed; devices that are still busy in nine tenths of it are left out."""
    recorders: bool | list[SlugId] = True
    """Whether recorders are listened to; or which of them."""
    cameras: bool | list[SlugId] = False
    """Whether cameras are; or which. Cheap ones hold only a few subscriptions, which the room's own software needs."""
    silence_seconds: float = Field(default=900.0, gt=0)
    """How often a device is asked for all its states (ONVIF), and after how long without news in any case; where none
    come then, we subscribe anew."""
    stream_silence_seconds: float = Field(default=120.0, ge=1)
    """A stream (ISAPI, Dahua) that brings not even a heartbeat for so long is dead. One of firmware without heartbeats
    gets more time, up to `silence_seconds`."""
    quiet_seconds: float = Field(default=60.0, gt=0)
    """A fault that was being repeated (ISAPI has no other way to say that it lasts) is over after so long without."""
    subscription_seconds: float = Field(default=600.0, ge=180)
    """Life of a subscription (ONVIF); it is renewed at half of what the device grants."""
    message_limit: int = Field(default=100, ge=1, le=1000)
    """Most messages taken with one pull (ONVIF), of which there are at most ten in a run."""
    workers: int = Field(default=8, ge=1, le=64)
    """Devices asked at the same time."""
