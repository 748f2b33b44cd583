"""A closed recorder that is not there: its cameras exist only as its channels."""

import threading
from collections.abc import Sequence
from typing import Any

from simulator.onvif.device import Device
from simulator.onvif.media import MediaService, Source
from simulator.onvif.search import Recording, SearchService


class Recorder(Device):
    """Device, media and search services; other arguments as Device's.

    Like real ones it lists only channels that are present (onvif/specs #470). It keeps `retention_seconds` of
    recordings up to now, or up to `stopped_at` (Unix seconds) where recording has stopped.
    """

    kind = "recorder"

    def __init__(self, *args: Any, channels: Sequence[str] = ("ch1", "ch2", "ch3", "ch4"), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channels = tuple(channels)
        self.retention_seconds = 30 * 86400.0
        self.stopped_at: float | None = None
        self.has_recordings = True
        self._lost: set[str] = set()
        self._channel_lock = threading.Lock()
        self.add(MediaService(self._sources, self.xaddr))
        self.add(SearchService(self._recordings))

    def lose_channel(self, token: str) -> None:
        """Its camera goes away: the recorder lists it no more."""
        if token not in self.channels:
            raise KeyError(token)
        with self._channel_lock:
            self._lost.add(token)

    def restore_channel(self, token: str) -> None:
        """It comes back."""
        with self._channel_lock:
            self._lost.discard(token)

    def _sources(self) -> list[Source]:
        with self._channel_lock:
            return [Source(token, f"Channel {token}") for token in self.channels if token not in self._lost]

    def _recordings(self) -> list[Recording]:
        if not self.has_recordings:
            return []
        # Recordings carry the time the recorder believes in.
        newest = self.device_time() if self.stopped_at is None else self.stopped_at + self.clock_offset
        oldest = self.device_time() - self.retention_seconds
        return [Recording(f"rec-{t}", f"Channel {t}", min(oldest, newest), newest) for t in self.channels]
