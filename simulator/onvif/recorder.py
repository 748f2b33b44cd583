"""A closed recorder that is not there: its cameras exist only as its channels. ONVIF's face of a simulated box."""

import time
from collections.abc import Sequence
from typing import Any

from simulator.onvif.device import Device
from simulator.onvif.hardware import Hardware
from simulator.onvif.media import MediaService, Profile, Source
from simulator.onvif.recording import Job, RecordingService
from simulator.onvif.search import Recording, SearchService
from simulator.recorder.box import Box, Channel

_LEVELS = {"administrator": "Administrator", "operator": "Operator"}


class Recorder(Device):
    """Device, media, search, recording and event services; other arguments as Device's. What it tells of is in `box`.

    Like real ones it lists only channels that are present (onvif/specs #470), and lets only administrators see its
    accounts. `channels` are the tokens of its video sources, the box's channels in their order.
    """

    kind = "recorder"

    def __init__(
        self,
        *args: Any,
        channels: Sequence[str] = ("ch1", "ch2", "ch3", "ch4"),
        box: Box | None = None,
        **kwargs: Any,
    ) -> None:
        self.box = box if box is not None else Box(0)
        offset = self.box.clock_offset
        super().__init__(*args, **kwargs)
        self.box.clock_offset = offset
        if box is None:
            self.box.clock = self.clock
        self.manufacturer, self.model, self.firmware = self.box.manufacturer, self.box.model, self.box.firmware
        self.utc_offset_seconds = self.box.utc_offset_seconds
        self.forbidden = frozenset({"GetUsers"})
        self.lists_only_online = True
        """Whether a channel without its camera vanishes from its lists; else it looks as ever."""
        self.lies_about_recordings = False
        """Whether it tells of recordings up to now, whatever happened to them."""
        self.knows_status = True
        """Whether recordings say whether they grow; else their jobs do."""
        self.has_recordings = True
        self._tokens: tuple[str, ...] = ()
        self.channels = tuple(channels)
        self.search = SearchService(self._recordings)
        self.add(MediaService(self._sources, self.xaddr, self._profiles))
        self.add(self.search)
        self.add(RecordingService(self._jobs))
        self.hardware = Hardware(self, kwargs.get("monotonic", time.monotonic))

    # What it is made of

    @property
    def channels(self) -> tuple[str, ...]:
        """The tokens of its video sources. More of them are more channels in the box."""
        return self._tokens

    @channels.setter
    def channels(self, tokens: Sequence[str]) -> None:
        for number in range(len(self.box.channels) + 1, len(tokens) + 1):
            self.box.channels.append(Channel(number, f"Channel {tokens[number - 1]}"))
        self._tokens = tuple(tokens)

    @property
    def clock_offset(self) -> float:
        """What its clock shows more than the true time."""
        return self.box.clock_offset

    @clock_offset.setter
    def clock_offset(self, seconds: float) -> None:
        self.box.clock_offset = seconds

    @property
    def retention_seconds(self) -> float:
        """How far back its recordings reach."""
        return max(channel.oldest_seconds for channel in self.box.channels)

    @retention_seconds.setter
    def retention_seconds(self, seconds: float) -> None:
        for channel in self.box.channels:
            channel.oldest_seconds = seconds

    @property
    def stopped_at(self) -> float | None:
        """Since when (Unix seconds) nothing is recorded any more; None: it goes on."""
        ends = [channel.stopped_at for channel in self.box.channels if channel.stopped_at is not None]
        return max(ends) - self.clock_offset if ends else None

    @stopped_at.setter
    def stopped_at(self, at: float | None) -> None:
        # Recordings carry the time the recorder believes in.
        for channel in self.box.channels:
            channel.stopped_at = at + self.clock_offset if at is not None else None

    def device_time(self) -> float:
        """See Device."""
        return self.box.now()

    def channel(self, token: str) -> Channel:
        """A channel of the box by its token here. Raises KeyError."""
        if token not in self._tokens:
            raise KeyError(token)
        return self.box.channel(self._tokens.index(token) + 1)

    def lose_channel(self, token: str) -> None:
        """Its camera goes away: the recorder lists it no more."""
        self.channel(token).online = False

    def restore_channel(self, token: str) -> None:
        """It comes back."""
        self.channel(token).online = True

    def users(self) -> Sequence[tuple[str, str]]:
        """See Device."""
        return [(user.name, _LEVELS.get(user.level, "User")) for user in self.box.users]

    def picture(self, profile: str) -> bytes:
        """See Device."""
        token = profile.removesuffix("-main")
        return self.channel(token).snapshot() if token in self._tokens else b""

    # What it tells

    def _listed(self) -> list[tuple[str, Channel]]:
        pairs = zip(self._tokens, self.box.channels, strict=False)
        return [(t, one) for t, one in pairs if one.listed and (one.online or not self.lists_only_online)]

    def _sources(self) -> list[Source]:
        return [Source(token, channel.name) for token, channel in self._listed()]

    def _profiles(self) -> list[Profile]:
        """Of every channel: a profile stays when its camera is gone."""
        pairs = zip(self._tokens, self.box.channels, strict=False)
        return [Profile(f"{token}-main", one.name, token) for token, one in pairs if one.listed]

    def _recordings(self) -> list[Recording]:
        if not self.has_recordings:
            return []
        told = (self._recording(t, one) for t, one in zip(self._tokens, self.box.channels, strict=False))
        return [one for one in told if one is not None]

    def _recording(self, token: str, channel: Channel) -> Recording | None:
        extent = self.box.extent(channel.number)
        if extent is None:
            return None
        oldest, newest = extent
        if self.lies_about_recordings:
            newest = self.box.now()
        grows = channel.stopped_at is None or self.lies_about_recordings
        status = ("Recording" if grows else "Stopped") if self.knows_status else "Unknown"
        address = f"rtsp://{channel.address}/stream" if channel.address else ""
        return Recording(f"rec-{token}", channel.name, oldest, newest, f"urn:source:{token}", address, status)

    def _jobs(self) -> list[Job]:
        pairs = zip(self._tokens, self.box.channels, strict=False)
        return [
            Job(
                f"job-{token}",
                f"rec-{token}",
                f"{token}-main",
                "Active" if channel.plan_enabled else "Idle",
                "Idle" if channel.stopped_at is not None or not channel.online else "Active",
            )
            for token, channel in pairs
        ]
