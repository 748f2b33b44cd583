"""Pictures of cameras and recorder channels, judged at the site: blurred, dark, covered, webbed, frozen, moved.

Every ten minutes each camera (ONVIF: GetSnapshotUri) and each channel of a recorder (in its own language) is asked for
one picture, one after the other, spread over the time. A process of its own decodes it and tells some figures, which
are held against what this channel's pictures usually are in that light. Then the picture is thrown away: none is ever
sent or written. A camera that is also a recorder's channel is pictured once, by itself.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from agent.cameras.settings import CamerasSettings
from agent.collector import Collector, Context, Measurement, Need, Plugin, Reading
from agent.device.account import PasswordMissing
from agent.device.errors import (
    AuthPaused,
    AuthRefused,
    BadAnswer,
    CredentialsWanted,
    DeviceError,
    Forbidden,
    HeldBack,
    Interrupted,
    TimedOut,
    Unreachable,
    Unsupported,
)
from agent.pictures.channel import Channel
from agent.pictures.darkroom import Darkroom, Stopped
from agent.pictures.header import NotAPicture
from agent.pictures.roll import Entry, Roll
from agent.pictures.rota import Rota, Subject
from agent.pictures.settings import PicturesSettings
from agent.pictures.verdict import FLAGS
from agent.recorder.directory import DIRECTORY, Directory
from agent.recorder.settings import RecordersSettings
from wire.messages import Device

log = logging.getLogger(__name__)

SHARE_OF_TIMEOUT = 0.8
"""Part of a run's time-out after which what is left waits for the next run."""
REST_SECONDS = 3600.0
"""How long a device that gives no pictures is left alone before it is asked again."""

_STATES: tuple[tuple[type[DeviceError], str], ...] = (
    (Unsupported, "not offered"),
    (Forbidden, "account lacks the right"),
    (CredentialsWanted, "no login that we take"),
    (AuthRefused, "account refused"),
)
"""What stands in the inventory where a device gives no pictures, and is said once."""


class Pictures:
    """All cameras and channels. `directory` tells a recorder's channels; without `state` nothing is kept."""

    def __init__(
        self,
        settings: PicturesSettings,
        cameras: CamerasSettings | None,
        recorders: RecordersSettings | None,
        state: Path | None,
        *,
        directory: Directory = DIRECTORY,
        darkroom: Darkroom | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._state = state
        self._directory = directory
        self._monotonic, self._wall = monotonic, wall
        self._darkroom = darkroom or Darkroom()
        self._rota = Rota(settings.picture_seconds)
        self._roll = Roll(cameras, recorders, settings.device_timeout_seconds, settings.exclude, monotonic)
        self._stopping = False
        self._told: list[Device] | None = None
        now = monotonic()
        for number, entry in enumerate(self._roll.cameras):
            self._enlist(entry, self._rota.first_due(number, len(self._roll.cameras), now))

    def collect(self) -> Reading:
        """The pictures that are due; those that do not fit into the run wait for the next."""
        self._enlist_channels()
        begun = self._monotonic()
        until = begun + self._settings.timeout_seconds * SHARE_OF_TIMEOUT
        measurements: list[Measurement] = []
        used: set[int] = set()
        try:
            for subject in self._rota.due(begun):
                if self._stopping or self._monotonic() >= until:
                    break
                used.add(id(subject.source))
                values = self._take(subject)
                if values:
                    measurements.append(Measurement(subject.device.device, values, self._monotonic()))
        finally:
            self._darkroom.close()
            for source in self._roll.sources():
                if id(source) in used:
                    source.release()
        return Reading(measurements=measurements, devices=self._changed())

    def interrupt(self) -> None:
        """End the picture under way, its analyst too."""
        self._stopping = True
        self._darkroom.stop()
        for source in self._roll.sources():
            source.interrupt()

    def close(self) -> None:
        """Nothing stays open between runs."""
        self._darkroom.close()

    # One picture

    def _take(self, subject: Subject) -> dict[str, float]:
        self._rota.put_off(subject, self._monotonic())
        try:
            body = subject.source.picture(subject.token)
        except (DeviceError, PasswordMissing) as error:
            return self._missed(subject, error)
        self._note(subject, "picture", None)
        subject.state = ""
        subject.channel.identify(subject.source.identity)
        try:
            features = self._darkroom.develop(body)
        except Stopped:
            return {}
        except NotAPicture as error:
            self._note(subject, "decoding", error)
            return self._unreadable(subject)
        self._note(subject, "decoding", None)
        subject.taken = self._monotonic()
        values, _ = subject.channel.see(features)
        return values

    def _missed(self, subject: Subject, error: DeviceError | PasswordMissing) -> dict[str, float]:
        """What can be said where no picture came: nothing, unless the device answered with something else."""
        if isinstance(error, Interrupted):
            return {}
        self._note(subject, "picture", error)
        if isinstance(error, HeldBack | AuthPaused | PasswordMissing):
            return {}
        if isinstance(error, Unreachable | TimedOut):
            subject.source.forget()
        state = next((text for kind, text in _STATES if isinstance(error, kind)), "")
        if state:
            subject.state = state
            self._rota.put_off(subject, self._monotonic(), REST_SECONDS)
        return self._unreadable(subject) if isinstance(error, BadAnswer | TimedOut) else {}

    def _unreadable(self, subject: Subject) -> dict[str, float]:
        age = {} if subject.taken is None else {"picture_age_seconds": self._monotonic() - subject.taken}
        return {"picture_taken": 0.0, **age}

    def _note(self, subject: Subject, about: str, trouble: Exception | None) -> None:
        """Log what is wrong with a device's pictures once, and once that it is over."""
        kind = type(trouble).__name__ if trouble is not None else ""
        if kind == subject.troubles.get(about, ""):
            return
        subject.troubles[about] = kind
        if trouble is None:
            log.info("pictures of %s: %s: well again", subject.device.device, about)
        else:
            log.warning("pictures of %s: %s: %s: %s", subject.device.device, about, kind, trouble)

    # Of what

    def _enlist_channels(self) -> None:
        """Channels as the collector `recorders` lists them now."""
        for recorder, source in self._roll.recorders.items():
            entries = {entry.device.device: entry for entry in self._roll.channels(recorder, self._listed(recorder))}
            known = {name for name, one in self._rota.by_id.items() if one.source is source}
            for name in known - entries.keys():
                self._rota.drop(name)
            new = [entry for name, entry in entries.items() if name not in self._rota.by_id]
            now = self._monotonic()
            for number, entry in enumerate(new):
                due = self._rota.later_due(now) if known else self._rota.first_due(number, len(new), now)
                self._enlist(entry, due)

    def _listed(self, recorder: str) -> Mapping[str, Device]:
        listed = self._directory.channels(recorder)
        if listed or self._state is not None:
            return listed
        # `collect` at the box: nobody beside us lists channels.
        try:
            return self._roll.asked(recorder)
        except (DeviceError, PasswordMissing) as error:
            log.warning("pictures of %s: channels: %s: %s", recorder, type(error).__name__, error)
            return {}

    def _enlist(self, entry: Entry, due: float) -> None:
        settings, name = self._settings, entry.device.device
        channel = Channel(
            name,
            self._state,
            needed=settings.learn_pictures,
            limits=settings.limits,
            ptz=name in settings.ptz,
            order=settings.relearn.get(name, ""),
            wall=self._wall,
            monotonic=self._monotonic,
        )
        # `collect` is run once: then everything is wanted at once.
        due = due if self._state is not None else self._monotonic()
        self._rota.add(Subject(entry.device, entry.token, entry.source, channel, due))

    def _changed(self) -> list[Device] | None:
        devices = [_entry(subject) for subject in self._rota.subjects]
        if devices == self._told:
            return None
        self._told = devices
        return devices


def _entry(subject: Subject) -> Device:
    """The device as its owner claims it, and what its pictures say about it."""
    channel = subject.channel
    facts: dict[str, str | bool | float | None] = {}
    if channel.size != (0, 0):
        facts["picture_size"] = "{}x{}".format(*channel.size)
    if channel.presets > 1:
        facts["picture_presets"] = float(channel.presets)
    if subject.state:
        facts["pictures"] = subject.state
    return subject.device.model_copy(update={"facts": facts})


def _build(settings: PicturesSettings, context: Context) -> Sequence[Collector]:
    cameras = cast(CamerasSettings | None, context.others.get("cameras"))
    recorders = cast(RecordersSettings | None, context.others.get("recorders"))
    if not (cameras and cameras.devices) and not (recorders and recorders.devices):
        return []
    return [Pictures(settings, cameras, recorders, context.state)]


plugin = Plugin(
    "pictures",
    PicturesSettings,
    _build,
    metrics=(
        *("picture_taken", "picture_age_seconds", "picture_baseline_samples", "picture_infrared"),
        *("picture_brightness_ratio", "picture_contrast_ratio", "picture_saturation_ratio"),
        *("picture_sharpness_ratio", "picture_similarity_ratio", "picture_change_ratio"),
        *(f"picture_{flag}" for flag in FLAGS),
    ),
    needs=(
        Need("an account of the camera or recorder that may see live pictures", "all pictures of it"),
        Need("25 MB of memory for a moment, each minute", "a process of its own decodes the pictures"),
    ),
    reads=("cameras", "recorders"),
    guest=True,
)
