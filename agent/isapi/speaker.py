"""A recorder of Hikvision or one of its rebrands, asked over ISAPI: the language `isapi` of the recorders."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import BadAnswer, Forbidden, Unsupported
from agent.device.http import DeviceHttp
from agent.device.manners import MANNERS, Manners
from agent.device.pause import PAUSES, Pauses
from agent.isapi import clock, deviceinfo, inputs, plans, smart, status, storage, users, working
from agent.isapi.archive import Archive, track_of
from agent.isapi.client import IsapiClient
from agent.isapi.clock import Clock
from agent.isapi.inputs import Slot
from agent.isapi.journal import Journal
from agent.isapi.reckoning import Reckoning
from agent.recorder.model import (
    Condition,
    Drive,
    Extent,
    Identity,
    Input,
    LogEntry,
    RecordingPlan,
    Spans,
    Storage,
    TimeSettings,
    User,
)
from agent.recorder.over_http import OverHttp

MAX_SMART = 16
"""Disks that are asked how they are, at most."""

NAMES_SECONDS = 900.0
"""How long the list of channels with names and addresses is kept; whether they are online is asked every time."""

_CHANNELS = "ContentMgmt/InputProxy/channels"
_STATUS = "ContentMgmt/InputProxy/channels/status"
_WIRED = "System/Video/inputs/channels"
_WORKING = "System/workingstatus?format=json"
_EXTENSION = "ContentMgmt/Storage/extension"
_SMART = "ContentMgmt/Storage/hdd/{}/SMARTTest/status"
_SERVERS = "System/time/ntpServers"
_PICTURES = ("Streaming/channels", "ContentMgmt/StreamingProxy/channels")


class IsapiSpeaker(OverHttp):
    """One recorder. See `agent/recorder/speaker.py`. A channel's token is its number, as ISAPI has it."""

    def __init__(
        self,
        endpoint: Endpoint,
        account: Account | None,
        *,
        timeout: float,
        max_bytes: int,
        max_requests: int,
        pause_seconds: float,
        pauses: Pauses = PAUSES,
        manners: Manners = MANNERS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = IsapiClient(
            endpoint,
            account,
            timeout=timeout,
            max_bytes=max_bytes,
            max_requests=max_requests,
            pause_seconds=pause_seconds,
            pauses=pauses,
            manners=manners,
        )
        self._monotonic = monotonic
        self._reckoning: Reckoning | None = None
        self._archive = Archive(self._client, self._reckon)
        self._journal = Journal(self._client, self._reckon)
        self._lacking: set[str] = set()
        """Paths this recorder said it does not know, or not for our account: not asked again until `forget`."""
        self._slots: Sequence[Slot] = ()
        self._slots_due = 0.0
        self._tokens: frozenset[str] = frozenset()

    # -- the box -------------------------------------------------------------------------------------------------

    def device_time(self) -> float:
        """See `Speaker`."""
        return self._clock().moment

    def identity(self) -> Identity:
        """See `Speaker`."""
        return deviceinfo.read(self._client.get("System/deviceInfo"))

    def time_settings(self) -> TimeSettings:
        """See `Speaker`."""
        told = self._clock()
        body = self._optional(_SERVERS)
        servers = clock.servers(body) if body is not None else ()
        return TimeSettings(told.ntp, servers, told.word, told.utc_offset)

    def storage(self) -> Storage:
        """See `Speaker`. A further request for each disk that is awake, for its warmth and its own verdict."""
        told = storage.read(self._client.get("ContentMgmt/Storage"))
        overwrites = told.overwrites
        if overwrites is None and (body := self._optional(_EXTENSION)) is not None:
            overwrites = storage.extension(body)
        asked = [drive.token for drive in told.drives if storage.is_awake(drive)][:MAX_SMART]
        return Storage([self._examined(drive) if drive.token in asked else drive for drive in told.drives], overwrites)

    def condition(self) -> Condition:
        """See `Speaker`."""
        return status.read(self._client.get("System/status"))

    def users(self) -> Sequence[User]:
        """See `Speaker`."""
        return users.read(self._client.get("Security/users"))

    def log(self, begin: float, end: float, most: int = 500) -> Sequence[LogEntry]:
        """See `Speaker`."""
        return self._journal.entries(begin, end, most)

    # -- channels ------------------------------------------------------------------------------------------------

    def inputs(self) -> Sequence[Input]:
        """See `Speaker`. One request in most rounds on a network recorder: the status of all channels."""
        found = {one.token: one for one in self._network()}
        for one in self._wired(bool(found)):
            found.setdefault(one.token, one)
        if not found and {_CHANNELS, _WIRED} <= self._lacking:
            raise Unsupported("knows neither network nor analogue channels")
        told = list(found.values())[: inputs.MAX_INPUTS]
        self._tokens = frozenset(one.token for one in told)
        return told

    def plans(self) -> Mapping[str, RecordingPlan]:
        """See `Speaker`."""
        return plans.read(self._client.get("ContentMgmt/record/tracks"))

    def recording(self) -> Mapping[str, bool]:
        """See `Speaker`. Some firmware numbers channels another way there; then nothing can be said."""
        told = working.read(self._client.get(_WORKING))
        if not self._tokens <= told.keys():
            raise Unsupported("numbers its channels otherwise in its working status")
        found = {token: one.recording for token, one in told.items() if one.recording is not None}
        if not found:
            raise Unsupported("does not tell whether channels are being recorded")
        return {token: state for token, state in found.items() if not self._tokens or token in self._tokens}

    def extent(self, token: str) -> Extent:
        """See `Speaker`. Two requests, five or six at first."""
        return self._archive.extent(token)

    def spans(self, token: str, begin: float, end: float, most: int = 2000) -> Spans:
        """See `Speaker`. A request for every 40 pieces."""
        return self._archive.spans(token, begin, end, most)

    def snapshot(self, token: str) -> bytes:
        """See `Speaker`."""
        stream = track_of(token)
        for place in _PICTURES:
            if place not in self._lacking:
                try:
                    return self._client.picture(f"{place}/{stream}/picture")
                except Unsupported:
                    self._lacking.add(place)
        raise Unsupported("gives no pictures")

    # -- the line ------------------------------------------------------------------------------------------------

    def release(self) -> None:
        """See `Speaker`."""
        self._client.http.release()

    def forget(self) -> None:
        """See `Speaker`."""
        self._reckoning = None
        self._archive.forget()
        self._lacking.clear()
        self._slots, self._slots_due = (), 0.0
        self._tokens = frozenset()

    # -- inside --------------------------------------------------------------------------------------------------

    @property
    def _http(self) -> DeviceHttp:
        return self._client.http

    def _clock(self) -> Clock:
        told = clock.read(self._client.get_open("System/time"))
        if self._reckoning is None:
            self._reckoning = Reckoning(told, self._monotonic)
        else:
            self._reckoning.set(told)
        return told

    def _reckon(self) -> Reckoning:
        """From the last answer about the clock; where there was none yet, it is asked for."""
        if self._reckoning is None:
            self._clock()
        assert self._reckoning is not None  # noqa: S101 - set above
        return self._reckoning

    def _optional(self, path: str) -> bytes | None:
        """None where the recorder does not know it, or not for us: asked for once."""
        if path in self._lacking:
            return None
        try:
            return self._client.get(path)
        except (Unsupported, Forbidden):
            self._lacking.add(path)
            return None

    def _examined(self, drive: Drive) -> Drive:
        """With what the disk says of itself. That a recorder does not tell it of one disk goes for all of them."""
        if _SMART in self._lacking or not (drive.token.isascii() and drive.token.isdecimal()):
            return drive
        try:
            found = smart.read(self._client.get(_SMART.format(drive.token)))
        except (Unsupported, Forbidden):
            self._lacking.add(_SMART)
            return drive
        except BadAnswer:
            return drive
        healthy = False if found.healthy is False else drive.healthy
        degrees = found.temperature_celsius if found.temperature_celsius is not None else drive.temperature_celsius
        return replace(drive, healthy=healthy, temperature_celsius=degrees)

    def _network(self) -> list[Input]:
        online = self._online()
        stale = self._monotonic() >= self._slots_due
        if online is None or stale or not online.keys() <= {slot.input.token for slot in self._slots}:
            body = None if _CHANNELS in self._lacking else self._proxied()
            self._slots = inputs.proxied(body) if body is not None else ()
            self._slots_due = self._monotonic() + NAMES_SECONDS
        if online is None:
            # No status of all channels at once, and one request each is too much: what the working status says.
            told = self._working()
            tokens = [slot.input.token for slot in self._slots]
            covered = told.keys() >= set(tokens)
            online = {token: told[token].online if covered else None for token in tokens}
        return inputs.listed(self._slots, online)

    def _online(self) -> Mapping[str, bool | None] | None:
        body = self._optional(_STATUS)
        return inputs.statuses(body) if body is not None else None

    def _proxied(self) -> bytes | None:
        """A recorder that forbids its list is not one without channels: only what it does not know is left out."""
        try:
            return self._client.get(_CHANNELS)
        except Unsupported:
            self._lacking.add(_CHANNELS)
            return None

    def _working(self) -> Mapping[str, working.Working]:
        try:
            body = self._optional(_WORKING) if self._slots else None
            return working.read(body) if body is not None else {}
        except (BadAnswer, Unsupported, Forbidden):
            return {}

    def _wired(self, network: bool) -> Sequence[Input]:
        """Analogue channels; a network recorder that has none is asked once."""
        body = self._optional(_WIRED)
        told = inputs.wired(body) if body is not None else []
        if network and not told:
            self._lacking.add(_WIRED)
        return told
