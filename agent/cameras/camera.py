"""One camera over many rounds: whether it is there, takes our account and streams, and what changed about it."""

import contextlib
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from agent.cameras import history
from agent.cameras.answers import Profile, StreamAddress
from agent.cameras.details import Details
from agent.cameras.history import Known
from agent.cameras.settings import CameraSettings, CamerasSettings
from agent.cameras.stream import NOT_STREAMING, MainStream
from agent.collector import Happening
from agent.dating import EARLIEST_MS
from agent.device.account import PasswordMissing
from agent.device.certificate import Certificate
from agent.device.due import Due
from agent.device.errors import AuthRefused, DeviceError, HeldBack, Unreachable
from agent.device.text import printable
from agent.memory import Memory
from agent.onvif.watch import Watch
from agent.rtsp.sdp import Video
from wire.messages import Device, DeviceKind

_DAY = 86_400.0


@dataclass
class Examined:
    """What a round found out: metrics, and events."""

    values: dict[str, float] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)


class Camera:
    """For one thread at a time. Connects to nothing until its first round. `state` is where it is remembered."""

    def __init__(
        self,
        device: CameraSettings,
        settings: CamerasSettings,
        state: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.device = device
        self._settings = settings
        self._monotonic = monotonic
        self._wall = wall
        self._watch = Watch(device, settings, DeviceKind.CAMERA, monotonic)
        self._memory = Memory(state, _memory_name(device.id), Known)
        fresh = Known(address=str(device.endpoint))
        recalled = self._memory.recall()
        self._known = recalled if recalled is not None and recalled.address == fresh.address else fresh
        self._details = Details()
        self._stream = MainStream(device, settings)
        self._video: Video | None = None
        self._certificate: Certificate | None = None
        self._details_due = Due(settings.detail_check_seconds)
        self._stream_due = Due(settings.stream_check_seconds)
        self._certificate_due = Due(settings.certificate_check_seconds)

    @property
    def answers(self) -> int:
        """HTTP answers the camera gave since the start, of whatever kind."""
        return self._watch.answers

    def examine(self) -> Examined:
        """One round. What a camera that does not answer would say is missing, and so is what our manners forbid."""
        found = Examined()
        now = self._monotonic()
        detailed = self._details_due.come(now)
        found.values = self._watch.examine(fresh_login=detailed)
        if found.values.get("reachable") == 1.0:
            self._look_closer(found, detailed, now)
        elif found.values:
            self._forget_setup()
            self._stream_due.at_once()
        found.values |= self._watch.conduct()
        return found

    def release(self) -> None:
        """Close the round's connections."""
        self._watch.release()

    def entry(self) -> Device:
        """The camera as it stands in the inventory."""
        entry = self._watch.entry()
        facts = entry.facts | self._details.facts | self._picture()
        if self._certificate is not None:
            facts["certificate_subject"] = printable(self._certificate.common_name)
            facts["certificate_until"] = self._certificate.not_after.date().isoformat()
        return entry.model_copy(update={"facts": facts})

    def _picture(self) -> dict[str, str | float]:
        """What the main stream shows. ONVIF's older media service knows no H.265: the stream's own word goes before."""
        main, video = self._details.main or Profile("", ""), self._video or Video("")
        facts: dict[str, str | float] = {
            "codec": video.codec or main.encoding,
            "resolution": main.resolution or video.resolution,
            "frame_rate": main.rate or video.rate or 0.0,
        }
        return {name: value for name, value in facts.items() if value}

    def _look_closer(self, found: Examined, detailed: bool, now: float) -> None:
        identity = self._watch.identity
        if identity is not None:
            self._learn(found, history.with_identity(self._known, identity.serial, identity.firmware))
        if detailed:
            self._ask_details(found, now)
        self._check_stream(found, now)
        self._check_certificate(found, detailed, now)
        # A refusal on the way counts, whatever was asked.
        if self._watch.authenticated is not None:
            found.values["authenticated"] = float(self._watch.authenticated)

    def _learn(self, found: Examined, known: Known) -> None:
        """Remember what is known now, and tell what is different from before."""
        if known == self._known:
            return
        identity = self._watch.identity
        model = identity.model if identity is not None else ""
        changes = list(history.changes(self.device.id, self._known, known, model, self._monotonic()))
        self._known = known
        self._memory.remember(known)
        found.happenings += changes
        if any(change.type in (history.REPLACED, history.FIRMWARE_CHANGED) for change in changes):
            self._details.profiles = None
            self._forget_setup()

    def _forget_setup(self) -> None:
        """It may be another camera now, or one with other firmware."""
        self._details.forget()
        self._stream.forget()
        self._details_due.at_once()

    def _ask_details(self, found: Examined, now: float) -> None:
        client = self._watch.client
        if client.paused:
            return
        self._details_due.done(now)
        if client.account is None:
            return
        if self._watch.login_failed:
            self._details_due.failed(now)
            return
        before = self._details.profiles
        try:
            found.values |= self._details.ask(client, self._watch.note)
        except HeldBack:
            self._details_due.at_once()
        except AuthRefused as error:
            self._watch.refused(error)
        except (DeviceError, PasswordMissing) as error:
            self._watch.note("details", error)
            self._details_due.failed(now)
        else:
            self._watch.note("details", None)
        profiles = self._details.profiles
        if profiles is not None and profiles != before:
            self._stream.forget()
            self._learn(found, history.with_profiles(self._known, profiles))

    def _check_stream(self, found: Examined, now: float) -> None:
        if not self.device.rtsp_port or not self._stream_due.come(now) or self._watch.client.paused:
            return
        try:
            main = self._details.main
            where = self._stream.locate(self._watch.client, main.token if main is not None else None)
            if where is None:
                return
            self._describe(where, found)
        except HeldBack:
            return
        except AuthRefused as error:
            # One account, whatever it is shown for; of the stream nothing is known.
            self._watch.refused(error)
        except (DeviceError, PasswordMissing) as error:
            self._watch.note("stream", error)
        else:
            self._watch.note("stream", None)
        self._stream_due.done(now)

    def _describe(self, where: StreamAddress, found: Examined) -> None:
        try:
            described = self._stream.describe(where)
        except NOT_STREAMING:
            found.values["streaming"] = 0.0
            raise
        self._video = described.video
        found.values |= {"streaming": 1.0, "stream_response_seconds": described.seconds}
        if described.account_shown:
            self._watch.accepted()

    def _check_certificate(self, found: Examined, detailed: bool, now: float) -> None:
        """Looked at once a day; what is known of it is told with the details, too."""
        port = self.device.tls_port if self.device.tls_port is not None else self._settings.tls_port
        if port and self._certificate_due.come(now):
            detailed = True
            try:
                self._certificate = self._shown(port)
            except HeldBack:
                return
            except DeviceError as error:
                self._certificate = None
                self._watch.note("certificate", error)
            else:
                self._watch.note("certificate", None)
            self._certificate_due.done(now)
        wall = self._wall()
        if detailed and self._certificate is not None and wall * 1000 >= EARLIEST_MS:
            found.values["certificate_left_days"] = (self._certificate.not_after.timestamp() - wall) / _DAY

    def _shown(self, port: int) -> Certificate | None:
        from agent.device import handshake

        settings = self._settings
        most = settings.max_requests_per_hour
        try:
            return handshake.shown(self.device.endpoint, port, settings.device_timeout_seconds, most)
        except Unreachable:
            return None  # most cameras listen to plain HTTP only


def forget_others(state: Path | None, devices: Collection[str]) -> None:
    """Remove what is remembered of cameras that are no longer configured."""
    if state is None:
        return
    kept = {f"{_memory_name(device)}.json" for device in devices}
    with contextlib.suppress(OSError):
        for file in state.glob(f"{_memory_name('*')}.json"):
            if file.name not in kept:
                file.unlink()


def _memory_name(device: str) -> str:
    """The file that a camera is remembered in, without its ending."""
    return f"camera-{device}"
