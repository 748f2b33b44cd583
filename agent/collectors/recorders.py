"""Closed recorders over ONVIF: whether they answer, what they have recorded, and which channels are present.

Asked per round: GetSystemDateAndTime (anonymously) and GetVideoSources; every ten minutes GetRecordingSummary; every
quarter of an hour GetDeviceInformation. A user with the right to view and to search recordings may ask all of them.
"""

import contextlib
import datetime
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from agent.collector import Collector, Context, Measurement, Need, Plugin, Reading
from agent.device.account import PasswordMissing
from agent.device.errors import BadAnswer, DeviceError, TimedOut, Unreachable
from agent.device.workers import apart
from agent.onvif.watch import Watch
from agent.recorder.ids import channel_id, free, told
from agent.recorder.settings import ChannelSettings, RecorderSettings, RecordersSettings
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

MAX_TOKEN = 200

PROBATION_SECONDS = 3600.0
"""A channel that shows up later than the recorder's first list, and is gone again within this time, was none."""


class RecorderCollector:
    """One recorder. `wall` is our clock, Unix seconds."""

    def __init__(
        self,
        recorder: RecorderSettings,
        settings: RecordersSettings,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._wall = wall
        self._monotonic = monotonic
        self._watch = Watch(recorder, settings, DeviceKind.RECORDER)
        self._channels = {c.token: c for c in recorder.channels}
        self._reserved = {r.id for r in settings.devices} | set(settings.channel_ids())
        # Another recorder may find channels of its own: ids that begin like those of `nvr-1` are not for `nvr`.
        self._foreign = tuple(f"{r.id}-" for r in settings.devices if r.id.startswith(f"{recorder.id}-"))
        self._listed = False
        self._probation: dict[str, float] = {}
        self._too_many = 0
        self._names_known = False
        self._recordings_due = 0.0
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One round. Channels are silent, neither online nor not, while the recorder does not tell of them."""
        return apart(self._round)

    def _round(self) -> Reading:
        self._too_many = 0
        try:
            values = self._watch.examine()
            channels = self._ask(values) if values["reachable"] and self._watch.authenticated is not False else []
        finally:
            self._watch.release()
        measurements = [Measurement(self._watch.device.id, values, self._monotonic()), *channels]
        return Reading(measurements=measurements, devices=self._changed(), problem=self._problem())

    def close(self) -> None:
        """Nothing stays open between rounds."""
        self._watch.release()

    def _problem(self) -> str:
        if not self._too_many:
            return ""
        left, watched = self._too_many, len(self._channels)
        return f"recorder {self._watch.device.id}: {left} channels beyond the {watched} watched (max_channels)"

    def _ask(self, values: dict[str, float]) -> list[Measurement]:
        """What needs the account. What fails is logged and left out; the other part and the next round go on."""
        channels: list[Measurement] = []
        with self._guarded("channels"):
            channels = self._online()
        # The recorder stamps recordings with its own clock: without that an age is anybody's guess.
        if "clock_offset_seconds" in values and self._monotonic() >= self._recordings_due:
            self._recordings_due = self._monotonic() + self._settings.recordings_seconds
            with self._guarded("recordings"):
                values |= self._ages(self._wall() - values["clock_offset_seconds"])
        return channels

    @contextlib.contextmanager
    def _guarded(self, subject: str) -> Iterator[None]:
        try:
            yield
        except (DeviceError, PasswordMissing) as error:
            self._watch.note(subject, error)
            if isinstance(error, Unreachable | TimedOut):
                self._watch.lose()
        else:
            self._watch.note(subject, None)

    def _online(self) -> list[Measurement]:
        """Recorders list the channels that are present; one that is gone is offline, not forgotten.

        Only one that was never more than a short appearance is.
        """
        client = self._watch.client
        answer = client.ask_raw(_call(client, "media", "GetVideoSources"))
        if next(answer.iter("{*}GetVideoSourcesResponse"), None) is None:
            raise BadAnswer(f"{client.endpoint}: no video sources in the answer to GetVideoSources")
        tokens = [e.get("token") for e in answer.iter("{*}VideoSources")]
        present = {token for token in tokens if token and len(token) <= MAX_TOKEN}
        self._learn(present)
        now = self._monotonic()
        return [
            Measurement(self._id(token), {"online": float(token in present)}, now) for token in sorted(self._channels)
        ]

    def _learn(self, present: set[str]) -> None:
        now = self._monotonic()
        self._probation = {t: since for t, since in self._probation.items() if now - since < PROBATION_SECONDS}
        for token in self._probation.keys() - present:
            del self._probation[token], self._channels[token]
        unknown = sorted(present - self._channels.keys())
        new = unknown[: max(0, self._settings.max_channels - len(self._channels))]
        self._too_many = len(unknown) - len(new)
        # What is there when we start counts at once: else a restart of ours would make every loss look like a whim.
        if self._listed:
            self._probation |= dict.fromkeys(new, now)
        self._listed = self._listed or bool(present)
        if not new and self._names_known:
            return
        names = self._names()
        for token in new:
            self._channels[token] = ChannelSettings(token=token, name=names.get(token, ""), id=self._free_id(token))
        for token, channel in list(self._channels.items()):
            if not channel.name and names.get(token):
                self._channels[token] = channel.model_copy(update={"name": names[token]})

    def _names(self) -> dict[str, str]:
        """Token → the name the recorder gives the source. Profiles carry it; a recorder that refuses them has none."""
        from agent.device.text import printable

        client = self._watch.client
        self._names_known = True
        try:
            answer = client.ask_raw(_call(client, "media", "GetProfiles"))
        except BadAnswer as error:
            log.info("recorder %s: channels stay without names: %s", self._watch.device.id, error)
            return {}
        names: dict[str, str] = {}
        for configuration in answer.iter("{*}VideoSourceConfiguration"):
            token = configuration.findtext("{*}SourceToken")
            if token:
                names.setdefault(token, printable(configuration.findtext("{*}Name")))
        return names

    def _ages(self, device_now: float) -> dict[str, float]:
        client = self._watch.client
        summary = client.ask(_call(client, "search", "GetRecordingSummary"))
        return ages(summary, device_now)

    def _free_id(self, token: str) -> str:
        recorder = self._watch.device.id
        taken = self._reserved | {self._id(other) for other in self._channels}
        return free(recorder, token, channel_id(recorder, token), taken, self._foreign)

    def _id(self, token: str) -> str:
        return self._channels[token].id or channel_id(self._watch.device.id, token)

    def _changed(self) -> list[Device] | None:
        recorder = self._watch.device
        devices = [self._watch.entry()]
        devices += [
            Device(
                device=self._id(token),
                kind=DeviceKind.CHANNEL,
                name=channel.name,
                parent=recorder.id,
                room=channel.room or recorder.room,
                facts={"token": told(token)},
            )
            for token, channel in sorted(self._channels.items())
        ]
        if devices == self._told:
            return None
        self._told = devices
        return devices


def ages(summary: Any, device_now: float) -> dict[str, float]:
    """A RecordingSummary as metrics at the recorder's time `device_now` (Unix seconds); empty where it has none.

    Raises BadAnswer where it makes no sense.
    """
    oldest, newest, count = (getattr(summary, name, None) for name in ("DataFrom", "DataUntil", "NumberRecordings"))
    if count == 0:
        return {}
    if not isinstance(oldest, datetime.datetime) or not isinstance(newest, datetime.datetime):
        raise BadAnswer("tells no times of its recordings")
    first, last = (t.replace(tzinfo=t.tzinfo or datetime.UTC).timestamp() for t in (oldest, newest))
    if first > last:
        raise BadAnswer("its oldest recording is younger than its newest")
    # What is being recorded may end seconds ahead.
    return {
        "recording_age_seconds": max(0.0, device_now - first),
        "recording_newest_age_seconds": max(0.0, device_now - last),
    }


def _call(client: Any, service: str, operation: str) -> Any:
    from agent.onvif.client import Call

    return Call(service, operation, client.address(service))


def _build(settings: RecordersSettings, _: Context) -> Sequence[Collector]:
    return [RecorderCollector(recorder, settings) for recorder in settings.devices]


plugin = Plugin(
    "recorders",
    RecordersSettings,
    _build,
    metrics=(
        *("reachable", "authenticated", "response_seconds", "online"),
        *("clock_offset_seconds", "clock_offset_error_seconds"),
        *("recording_age_seconds", "recording_newest_age_seconds"),
    ),
    needs=(
        Need("HTTP to each recorder, on its `port`", "everything: the recorder counts as unreachable"),
        Need(
            "an account of the recorder that may view and search recordings",
            "which channels are present, and the age of the recordings",
        ),
    ),
)
