"""A camera that is not there."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from simulator.onvif.device import Device
from simulator.onvif.hardware import Hardware
from simulator.onvif.media import MediaService, Profile, Source
from simulator.rtsp import RtspServer
from simulator.rtsp.message import description


class Camera(Device):
    """Device, media and event services, one video source. Arguments as Device's; with `streams` it serves RTSP as well,
    for the same account."""

    kind = "camera"

    def __init__(self, *args: Any, streams: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.profiles: Sequence[Profile] = (
            Profile("source-sub", "sub", width=640, height=360, rate=15),
            Profile("source-main", "main"),
        )
        self.rtsp = RtspServer(self._describe, self.gate, self.host) if streams else None
        self.rtsp_port = self.rtsp.port if self.rtsp is not None else 554
        """Where it says that its streams are."""
        self.wrong_stream: str | None = None
        """An address to tell as every stream's instead of the true one."""
        self.view: Callable[[], bytes] | None = None
        """Takes a picture of what it looks at (`simulator.pictures.View`); None: it gives no snapshots."""
        self.add(
            MediaService(lambda: [Source("source", self.name)], self.xaddr, lambda: self.profiles, self.stream_address)
        )
        self.hardware = Hardware(self, kwargs.get("monotonic", time.monotonic))

    def on(self) -> None:
        """Switch on again."""
        super().on()
        if self.rtsp is not None:
            self.rtsp.on()

    def off(self) -> None:
        """Switch off: connections are refused. `on()` brings it back on the same ports."""
        super().off()
        if self.rtsp is not None:
            self.rtsp.off()

    def start(self) -> Self:
        """Switch on."""
        self.on()
        return self

    def stop(self) -> None:
        """Switch off and give the ports back."""
        super().stop()
        if self.rtsp is not None:
            self.rtsp.close()

    def stream_address(self, profile: str) -> str:
        """The address it tells for a profile's stream."""
        return self.wrong_stream or f"rtsp://{self.host}:{self.rtsp_port}/stream/{profile}"

    def picture(self, profile: str) -> bytes:
        """See Device."""
        return self.view() if self.view is not None else b""

    def _describe(self, path: str) -> bytes | None:
        profile = next((one for one in self.profiles if path == f"/stream/{one.token}"), None)
        if profile is None:
            return None
        return description(profile.encoding, profile.width, profile.height, profile.rate)
