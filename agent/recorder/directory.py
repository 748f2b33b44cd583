"""Which device a recorder's channel is: told by the collector that lists the channels, looked up by those that hear or
see something of them (events, pictures). Its ids are found while it runs: a channel may be a camera watched by itself.
"""

import threading
from collections.abc import Mapping
from types import MappingProxyType

from wire.messages import Device

_NONE: Mapping[str, Device] = MappingProxyType({})


class Directory:
    """Recorder's device id → its channels by token, as they stand in the inventory. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[str, Mapping[str, Device]] = {}

    def tell(self, recorder: str, channels: Mapping[str, Device]) -> None:
        """These are its channels now; each is claimed under its device's id and kind."""
        with self._lock:
            self._of[recorder] = MappingProxyType(dict(channels))

    def channels(self, recorder: str) -> Mapping[str, Device]:
        """Those told last; none while nobody told any."""
        with self._lock:
            return self._of.get(recorder, _NONE)


DIRECTORY = Directory()
"""Of this process."""
