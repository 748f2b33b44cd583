"""A camera that is not there."""

import time
from collections.abc import Sequence
from typing import Any

from simulator.onvif.device import Device
from simulator.onvif.hardware import Hardware
from simulator.onvif.media import MediaService, Profile, Source


class Camera(Device):
    """Device, media and event services, one video source. Arguments as Device's."""

    kind = "camera"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.profiles: Sequence[Profile] = (
            Profile("source-sub", "sub", width=640, height=360, rate=15),
            Profile("source-main", "main"),
        )
        self.rtsp_port = 554
        """Where it says that its streams are."""
        self.wrong_stream: str | None = None
        """An address to tell as every stream's instead of the true one."""
        self.add(
            MediaService(lambda: [Source("source", self.name)], self.xaddr, lambda: self.profiles, self.stream_address)
        )

        self.hardware = Hardware(self, kwargs.get("monotonic", time.monotonic))

    def stream_address(self, profile: str) -> str:
        """The address it tells for a profile's stream."""
        return self.wrong_stream or f"rtsp://{self.host}:{self.rtsp_port}/stream/{profile}"
