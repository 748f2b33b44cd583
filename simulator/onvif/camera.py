"""A camera that is not there."""

from typing import Any

from simulator.onvif.device import Device
from simulator.onvif.media import MediaService, Source


class Camera(Device):
    """Device and media services, one video source. Arguments as Device's."""

    kind = "camera"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add(MediaService(lambda: [Source("source", self.name)], self.xaddr))
