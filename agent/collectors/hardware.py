"""Hardware of recorders and cameras, as they tell themselves: storage, fans, power, temperature, no picture, tampering.

Recorders that speak ONVIF hold a PullPoint subscription for us, pulled once a minute; Hikvision's and Dahua's are heard
over one long connection (`alertStream`, `eventManager` attach). Cameras only where that is wanted. A user with the
right to be notified of events may do all this; nothing changes on the device but that it holds a subscription.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait

from agent.cameras.settings import CamerasSettings
from agent.collector import Collector, Context, Need, Plugin, Reading
from agent.device.account import PasswordMissing
from agent.device.settings import DeviceSettings, GuestSettings
from agent.device.workers import Workers
from agent.hardware.ears import Ears
from agent.hardware.settings import HardwareSettings
from agent.hardware.voices import Voice, pulled, streamed
from agent.hardware.watched import EVENTS, METRICS, Watched
from agent.recorder.directory import DIRECTORY
from agent.recorder.ids import channel_id
from agent.recorder.languages import Language
from agent.recorder.settings import ChannelSettings, RecorderSettings, RecordersSettings
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

_SHARE_OF_TIMEOUT = 0.9
_CLOSE_SECONDS = 4.0
"""How long we try to unsubscribe in all: a device that is not asked ends its subscription by time."""


class Hardware:
    """All devices of the agent that are listened to."""

    def __init__(self, watched: Sequence[Watched], settings: HardwareSettings) -> None:
        self._watched = watched
        self._settings = settings
        self._workers = Workers(min(settings.workers, max(1, len(watched))), "hardware")
        self._busy: dict[str, Future[None]] = {}
        self._interrupted = False
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One round. A device still busy with an earlier one is not asked again; what it told is reported anyway."""
        self._workers.renew(idle=not self._busy)
        for one in self._watched:
            if one.device.id not in self._busy and not self._interrupted:
                self._busy[one.device.id] = self._workers.submit(one.visit)
        done, _ = wait(self._busy.values(), timeout=self._settings.timeout_seconds * _SHARE_OF_TIMEOUT)
        for future in done:
            if (error := future.exception()) is not None:
                log.error("a device's events could not be taken", exc_info=error)
        self._busy = {name: future for name, future in self._busy.items() if not future.done()}
        reports = [one.report() for one in self._watched]
        problems = [report.problem for report in reports if report.problem]
        return Reading(
            measurements=[measurement for report in reports for measurement in report.measurements],
            happenings=[happening for report in reports for happening in report.happenings],
            devices=self._changed(),
            problem="; ".join(problems)[:500],
        )

    def interrupt(self) -> None:
        """From another thread: what is under way ends at once, since the agent stops. Then only `close` may follow."""
        self._interrupted = True
        for one in self._watched:
            one.voice.interrupt()

    def close(self) -> None:
        """Unsubscribe everywhere, side by side."""
        self._interrupted = True
        for one in self._watched:
            one.voice.interrupt()
        wait(self._busy.values(), timeout=_CLOSE_SECONDS / 2)
        self._workers.renew(idle=True)
        wait([self._workers.submit(_end, one.voice) for one in self._watched], timeout=_CLOSE_SECONDS)
        self._workers.close()

    def _changed(self) -> list[Device] | None:
        claims = [one.claims() for one in self._watched]
        # A camera may be a recorder's channel, too: what it is itself goes before.
        devices: dict[str, Device] = {}
        for device in [own for own, *_ in claims] + [channel for _, *channels in claims for channel in channels]:
            devices.setdefault(device.device, device)
        found = list(devices.values())
        if found == self._told:
            return None
        self._told = found
        return found


def _end(voice: Voice) -> None:
    try:
        voice.end()
    except PasswordMissing:
        return


def recorder(
    device: RecorderSettings,
    account: GuestSettings,
    settings: HardwareSettings,
    monotonic: Callable[[], float] = time.monotonic,
) -> Watched:
    """One recorder, heard in its language."""
    ears = Ears(f"recorder {device.id}", settings.quiet_seconds)
    voice: Voice
    if device.speaks is Language.ONVIF:
        voice = pulled(device, account, settings, ears, monotonic)
    else:
        voice = streamed(device.speaks, device, account, settings, ears, monotonic)
    return Watched(device, DeviceKind.RECORDER, ears, voice, lambda: _channels(device), monotonic)


def camera(
    device: DeviceSettings,
    account: GuestSettings,
    settings: HardwareSettings,
    monotonic: Callable[[], float] = time.monotonic,
) -> Watched:
    """One camera."""
    ears = Ears(f"camera {device.id}", settings.quiet_seconds)
    voice = pulled(device, account, settings, ears, monotonic)
    return Watched(device, DeviceKind.CAMERA, ears, voice, monotonic=monotonic)


def _channels(device: RecorderSettings) -> Mapping[str, Device]:
    """As the recorders' collector found them; until it has, those that the configuration names."""
    found = DIRECTORY.channels(device.id)
    if found:
        return found
    return {channel.token: _configured(device, channel) for channel in device.channels}


def _configured(device: RecorderSettings, channel: ChannelSettings) -> Device:
    kind = DeviceKind.CHANNEL if channel.camera is None else DeviceKind.CAMERA
    name = channel.camera or channel.id or channel_id(device.id, channel.token)
    return Device(device=name, kind=kind, name=channel.name, parent=device.id, room=channel.room or device.room)


def _chosen(wanted: bool | list[str], device: DeviceSettings) -> bool:
    return wanted if isinstance(wanted, bool) else device.id in wanted


def _build(settings: HardwareSettings, context: Context) -> Sequence[Collector]:
    watched: list[Watched] = []
    recorders, cameras = context.others.get("recorders"), context.others.get("cameras")
    if isinstance(recorders, RecordersSettings):
        chosen = [device for device in recorders.devices if _chosen(settings.recorders, device)]
        watched += [recorder(device, recorders, settings) for device in chosen]
    if isinstance(cameras, CamerasSettings):
        watched += [camera(one, cameras, settings) for one in cameras.devices if _chosen(settings.cameras, one)]
    return [Hardware(watched, settings)] if watched else []


plugin = Plugin(
    "hardware",
    HardwareSettings,
    _build,
    metrics=METRICS,
    events=EVENTS,
    needs=(
        Need("HTTP to each device, on its `port`", "what it tells of its hardware"),
        Need("an account of the device that may receive events", "what it tells of its hardware"),
    ),
    reads=("cameras", "recorders"),
    guest=True,
)
