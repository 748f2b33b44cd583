"""A recorder that speaks Dahua's CGI, in the vocabulary of `agent/recorder`.

Asked read-only, one question at a time. What a firmware does not know is not asked again until it may be another one.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from agent.dahua import channels, log, plans, storage, system
from agent.dahua.client import DahuaClient, NothingThere
from agent.dahua.clock import Clock
from agent.dahua.recordings import Recordings
from agent.dahua.table import Table, rows
from agent.dahua.zone import Zone
from agent.device.account import Account
from agent.device.address import Endpoint
from agent.device.errors import BadAnswer, DeviceError, Forbidden, TimedOut, Unsupported
from agent.device.http import DeviceHttp
from agent.device.manners import MANNERS, Manners
from agent.device.pause import PAUSES, Pauses
from agent.recorder.model import (
    Condition,
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
from agent.recordings.spans import merged

T = TypeVar("T")

SETTINGS_SECONDS = 300.0
"""How long names and set-up of the channels are taken as known; whether their cameras are there is always asked."""

_JPEG = b"\xff\xd8"
_HEALTH = ("getCPUUsage", "getMemoryInfo", "getUpTime")
_OVERWRITING = ("StorageGroup", "General")
"""Where firmwares keep what happens when the disks are full."""


@dataclass(frozen=True)
class Quirks:
    """What firmwares differ in. None: it is found out, or unknown."""

    search_base: int | None = None
    """What the search for recordings calls the first channel, 0 or 1."""
    picture_base: int | None = None
    """What `snapshot.cgi` calls it."""
    utc_offset_seconds: int | None = None
    """Of its time zone, where the account may not read it. Without daylight saving."""


class DahuaSpeaker(OverHttp):
    """One recorder. Tokens of channels are their numbers as people see them, from 1. `wall` is our clock."""

    def __init__(
        self,
        endpoint: Endpoint,
        account: Account | None,
        *,
        timeout: float,
        max_bytes: int,
        max_requests: int,
        pause_seconds: float,
        quirks: Quirks = Quirks(),
        pauses: Pauses = PAUSES,
        manners: Manners = MANNERS,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = DahuaClient(
            endpoint,
            account,
            timeout=timeout,
            max_bytes=max_bytes,
            max_requests=max_requests,
            pause_seconds=pause_seconds,
            pauses=pauses,
            manners=manners,
        )
        self._account = account
        self._quirks = quirks
        self._wall = wall
        self._monotonic = monotonic
        self._picture_base: int | None = None
        self._learn_anew()

    # -- the contract --------------------------------------------------------------------------------------------

    def device_time(self) -> float:
        """See `Speaker`. Raises BadAnswer where the recorder does not tell its time zone: then nobody knows its UTC."""
        zone = self._clock.zone()
        shown = self._clock.shown()
        # In the one hour of a year that comes twice, the reading nearer to our own clock is meant.
        return min(zone.both(shown), key=lambda moment: abs(moment - self._wall()))

    def identity(self) -> Identity:
        """See `Speaker`."""
        told = self._box("getSystemInfo")
        software = self._part("getSoftwareVersion", partial(self._box, "getSoftwareVersion")) or {}
        kind, vendor = self._once("getDeviceType"), self._once("getVendor")
        serial = {} if told.get("serialnumber") else self._once("getSerialNo")
        return system.identity(told, software, kind, vendor, serial)

    def time_settings(self) -> TimeSettings:
        """See `Speaker`."""
        ntp = self._client.config("NTP")
        zone = self._clock.learn(ntp)
        return system.time_settings(ntp, None if zone is None else zone.ahead(self._wall()))

    def inputs(self) -> Sequence[Input]:
        """See `Speaker`."""
        titles, remotes = self._seldom("ChannelTitle"), self._seldom("RemoteDevice")
        connected = self._part("getCameraState", self._states)
        if titles is None and remotes is None and connected is None:
            raise self._last_refusal
        named, cameras = channels.titles(titles or {}), channels.remotes(remotes or {})
        return channels.inputs(named, cameras, connected or {}, self._part("VideoLoss", self._lost))

    def plans(self) -> Mapping[str, RecordingPlan]:
        """See `Speaker`."""
        modes, schedules = self._setting("RecordMode"), self._setting("Record")
        if modes is None and schedules is None:
            raise self._last_refusal
        return plans.plans(modes, schedules)

    def recording(self) -> Mapping[str, bool]:
        """See `Speaker`. Newer firmware only."""
        return channels.recording(self._known("getStateAll", self._record_states))

    def extent(self, token: str) -> Extent:
        """See `Speaker`."""
        index, zone = channels.index_of(token), self._clock.zone()
        found = self._recordings.extent(index, self._clock.now())
        return Extent(zone.utc(found[0]), zone.utc(found[1])) if found else Extent(None, None)

    def spans(self, token: str, begin: float, end: float, most: int = 2000) -> Spans:
        """See `Speaker`."""
        index, zone = channels.index_of(token), self._clock.zone()
        found = self._recordings.spans(index, int(zone.wall(begin)), int(zone.wall(end)), most)
        return merged((int(zone.utc(first)), int(zone.utc(last))) for first, last in found)

    def storage(self) -> Storage:
        """See `Speaker`."""
        told = storage.drives(self._client.table("storageDevice.cgi", {"action": "getDeviceAllInfo"}))
        return Storage(told, storage.overwrites(*(self._setting(name) or {} for name in _OVERWRITING)))

    def condition(self) -> Condition:
        """See `Speaker`. No temperature is documented."""
        told = [self._part(name, partial(self._box, name)) for name in _HEALTH]
        if all(table is None for table in told):
            raise self._last_refusal
        return system.condition(*told)

    def users(self) -> Sequence[User]:
        """See `Speaker`."""
        return system.users(self._client.table("userManager.cgi", {"action": "getUserInfoAll"}))

    def log(self, begin: float, end: float, most: int = 500) -> Sequence[LogEntry]:
        """See `Speaker`."""
        zone = self._clock.zone()
        ours = self._account.username if self._account else ""
        found = log.search(self._client, int(zone.wall(begin)), int(zone.wall(end)), most, ours)
        return [LogEntry(zone.utc(e.wall), e.operation, e.user, e.address, e.channel, e.detail) for e in found]

    def snapshot(self, token: str) -> bytes:
        """See `Speaker`. Unsupported for a camera that the recorder has over ONVIF (rroller/dahua #646)."""
        index = channels.index_of(token)
        if self._picture_base is None:
            self._picture_base = self._find_picture_base()
        return self._picture(index + self._picture_base)

    def release(self) -> None:
        """See `Speaker`."""
        self._client.http.release()

    def forget(self) -> None:
        """See `Speaker`."""
        self._learn_anew()
        self.release()

    # -- what is known of it -------------------------------------------------------------------------------------

    @property
    def _http(self) -> DeviceHttp:
        return self._client.http

    def _learn_anew(self) -> None:
        offset = self._quirks.utc_offset_seconds
        self._clock = Clock(self._client, None if offset is None else Zone(offset), self._monotonic)
        self._recordings = Recordings(self._client, self._quirks.search_base, self._monotonic)
        self._picture_base = self._quirks.picture_base
        self._states_in_json = False
        self._unknown: dict[str, DeviceError] = {}
        self._last_refusal: DeviceError = Unsupported("nothing of it is told")
        self._kept: dict[str, Table] = {}
        self._settings: dict[str, tuple[float, Table | None]] = {}

    def _known(self, name: str, ask: Callable[[], T]) -> T:
        """`ask`, but not again where the recorder said that it does not know this."""
        if name in self._unknown:
            raise self._unknown[name]
        try:
            return ask()
        except Unsupported as error:
            self._unknown[name] = error
            raise

    def _part(self, name: str, ask: Callable[[], T]) -> T | None:
        """The same, None for what is unknown or not allowed: a part of an answer that others make up for."""
        try:
            return self._known(name, ask)
        except (Unsupported, Forbidden) as error:
            self._last_refusal = error
            return None

    def _setting(self, name: str) -> Table | None:
        return self._part(name, partial(self._client.config, name))

    def _seldom(self, name: str) -> Table | None:
        """A setting that people change now and then: as it was a few minutes ago."""
        known = self._settings.get(name)
        if known is None or self._monotonic() - known[0] > SETTINGS_SECONDS:
            known = self._settings[name] = self._monotonic(), self._setting(name)
        return known[1]

    def _box(self, action: str) -> Table:
        return self._client.table("magicBox.cgi", {"action": action})

    def _once(self, action: str) -> Table:
        """What does not change while it is the same recorder."""
        if action not in self._kept:
            self._kept[action] = self._part(action, partial(self._box, action)) or {}
        return self._kept[action]

    # -- how -----------------------------------------------------------------------------------------------------

    def _states(self) -> dict[int, str]:
        if not self._states_in_json:
            question: dict[str, str | int] = {"action": "getCameraState", "uniqueChannels[0]": -1}
            try:
                return channels.states(rows(self._client.table("LogicDeviceManager.cgi", question), "states", 512))
            except Unsupported:
                self._states_in_json = True
        told = self._client.ask_json("LogicDeviceManager/getCameraState", {"uniqueChannels": [-1]})
        return channels.states(told.get("states"))

    def _lost(self) -> set[int]:
        question = {"action": "getEventIndexes", "code": "VideoLoss"}
        try:
            return channels.lost(self._client.table("eventManager.cgi", question))
        except NothingThere:
            return set()

    def _record_states(self) -> object:
        return self._client.ask_json("recordManager/getStateAll", {}).get("state")

    def _find_picture_base(self) -> int:
        """A recorder that has a picture of channel 0 calls its first channel so; all others refuse."""
        try:
            self._picture(0)
        except (Unsupported, BadAnswer, TimedOut):
            return 1
        return 0

    def _picture(self, number: int) -> bytes:
        picture = self._client.raw("snapshot.cgi", {"channel": number})
        if not picture.startswith(_JPEG):
            raise BadAnswer(f"{self._client.http.endpoint} snapshot.cgi: no picture")
        return picture
