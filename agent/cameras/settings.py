"""What the configuration says about cameras. A module of its own: pictures are taken of the same cameras."""

import math
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from agent.device.address import MAX_PATH
from agent.device.settings import DeviceSettings, GuestSettings, unique

SHARE_OF_TIMEOUT = 0.9
"""Part of a run's time-out after which cameras that are still busy are left out of it."""

StreamPath = Annotated[str, StringConstraints(pattern=r"^/[!-~]*$", max_length=MAX_PATH)]
"""Path and query of a stream, as they stand behind host and port."""


class CameraSettings(DeviceSettings):
    """One camera: its id in the inventory, where it is, and its own account where it has one."""

    rtsp_port: int = Field(default=554, ge=0, le=65535)
    """Where it serves its streams; the port that it tells itself is not followed. 0: never asked for a stream."""
    stream: StreamPath | None = None
    """Path of its main stream, such as `/Streaming/Channels/101`; left out, the camera is asked for it."""
    tls_port: int | None = Field(default=None, ge=0, le=65535)
    """Where its certificate is looked at; left out, the collector's `tls_port`. 0: nowhere."""


class CamerasSettings(GuestSettings):
    """`[collectors.cameras]`."""

    timeout_seconds: float = Field(default=50.0, gt=0)
    """A round in which every camera is silent must fit into nine tenths of it."""
    workers: int = Field(default=8, ge=1, le=64)
    """Cameras asked at the same time."""
    stream_check_seconds: float = Field(default=300.0, gt=0)
    """How often a camera is asked to describe its main stream (RTSP)."""
    detail_check_seconds: float = Field(default=3600.0, gt=0)
    """How often its profiles, time servers and network interface are asked for."""
    certificate_check_seconds: float = Field(default=86_400.0, gt=0)
    """How often its TLS certificate is looked at."""
    tls_port: int = Field(default=443, ge=0, le=65535)
    """Where it is looked at; a camera that refuses the connection has none. 0: nowhere."""
    devices: list[CameraSettings] = Field(default=[], max_length=1024)
    """The cameras."""

    @model_validator(mode="after")
    def _feasible(self) -> Self:
        """A dead switch takes all cameras at once: even then a round must end in time."""
        unique([device.id for device in self.devices])
        worst = math.ceil(len(self.devices) / self.workers) * self.device_timeout_seconds
        if worst > self.timeout_seconds * SHARE_OF_TIMEOUT:
            raise ValueError(
                f"{len(self.devices)} cameras that do not answer take {worst:g} s, more than timeout_seconds allows: "
                "raise workers or timeout_seconds, or lower device_timeout_seconds"
            )
        return self
