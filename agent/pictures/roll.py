"""Which devices can be pictured, by the settings of those who watch them; each with the source of its pictures."""

import time
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from agent.cameras.settings import CamerasSettings
from agent.device.settings import DeviceSettings
from agent.pictures.sources import CameraSource, RecorderSource, Source
from agent.recorder.ids import channel_id, told
from agent.recorder.settings import RecorderSettings, RecordersSettings
from wire.messages import Device, DeviceKind


class Entry(NamedTuple):
    """A device as its owner claims it, the token its source knows it by (a camera's is empty), and the source."""

    device: Device
    token: str
    source: Source


class Roll:
    """All of a configuration. Connects to nothing but in `asked` and `find`."""

    def __init__(
        self,
        cameras: CamerasSettings | None,
        recorders: RecordersSettings | None,
        timeout: float,
        exclude: Collection[str] = (),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        cameras, recorders = cameras or CamerasSettings(), recorders or RecordersSettings()
        self.cameras = [
            Entry(_camera(one), "", CameraSource(one, cameras, timeout, monotonic))
            for one in cameras.devices
            if one.id not in exclude
        ]
        self.recorders = {
            one.id: RecorderSource(one, recorders, timeout) for one in recorders.devices if one.id not in exclude
        }
        self._settings = {one.id: one for one in recorders.devices}
        self._watched = {one.id for one in cameras.devices}
        self._exclude = frozenset(exclude)

    def sources(self) -> list[Source]:
        """Every one."""
        return [*(entry.source for entry in self.cameras), *self.recorders.values()]

    def channels(self, recorder: str, listed: Mapping[str, Device]) -> list[Entry]:
        """Of the channels that a recorder lists, those to be pictured here. A camera that is watched by itself is
        pictured by itself."""
        source = self.recorders[recorder]
        return [
            Entry(device, token, source)
            for token, device in listed.items()
            if device.device not in self._exclude and device.device not in self._watched
        ]

    def asked(self, recorder: str) -> Mapping[str, Device]:
        """A recorder's channels as it lists them now, for who is not in the agent that watches it. Raises DeviceError,
        PasswordMissing."""
        settings = self._settings[recorder]
        return {token: _channel(settings, token) for token in self.recorders[recorder].tokens()}

    def find(self, device: str) -> Entry | None:
        """By its id; a channel that is not configured is looked for at its recorder. Raises DeviceError,
        PasswordMissing."""
        for entry in self.cameras:
            if entry.device.device == device:
                return entry
        for name, settings in self._settings.items():
            configured = {one.token: _channel(settings, one.token) for one in settings.channels}
            listed = configured
            if device not in {one.device for one in configured.values()} and device.startswith(f"{name}-"):
                listed = {**configured, **self.asked(name)}
            for entry in self.channels(name, listed) if name in self.recorders else []:
                if entry.device.device == device:
                    return entry
        return None


def _camera(camera: DeviceSettings) -> Device:
    return Device(device=camera.id, kind=DeviceKind.CAMERA, name=camera.name, parent=camera.parent, room=camera.room)


def _channel(recorder: RecorderSettings, token: str) -> Device:
    known = next((one for one in recorder.channels if one.token == token), None)
    name = (known.camera or known.id if known is not None else None) or channel_id(recorder.id, token)
    return Device(
        device=name,
        kind=DeviceKind.CHANNEL,
        name=known.name if known is not None else "",
        parent=recorder.id,
        room=(known.room if known is not None else None) or recorder.room,
        facts={"token": told(token)},
    )
