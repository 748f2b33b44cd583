"""Cameras: whether they answer, take our account, stream, show the right time, and what changed about them.

Over ONVIF each round every camera is asked GetSystemDateAndTime, anonymously; every quarter of an hour
GetDeviceInformation with the account; every hour its profiles, time servers and network interface. Every five minutes
its main stream is asked to describe itself (RTSP OPTIONS and DESCRIBE; no stream begins), once a day its certificate is
looked at (a TLS handshake). A read-only user may ask all of it. Cameras are asked side by side, each by one request at
a time.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from agent.cameras import history
from agent.cameras.camera import Camera, forget_others
from agent.cameras.settings import SHARE_OF_TIMEOUT, CamerasSettings
from agent.collector import Collector, Context, Happening, Measurement, Need, NotAvailable, Plugin, Reading
from agent.device.workers import Workers
from wire.messages import Device

log = logging.getLogger(__name__)

_NAMED = 10
"""Most cameras named in one line about those that are still busy."""


_Result = tuple[Measurement, list[Happening]]


@dataclass
class _Visit:
    """One camera's examination: when it began (None: it waits for a thread), and the camera's answers until then."""

    camera: Camera
    began: float | None = None
    answers: int = 0
    future: Future[_Result] = field(default_factory=Future)


class Cameras:
    """All cameras of the agent, asked by a pool of threads."""

    def __init__(
        self, settings: CamerasSettings, state: Path | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._cameras = [Camera(device, settings, state) for device in settings.devices]
        self._state = state
        self._workers = Workers(settings.workers, "camera")
        self._busy: dict[str, _Visit] = {}
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One round. A camera still busy with an earlier one is not asked again; its values come with the next."""
        self._workers.renew(idle=not self._busy)
        if self._told is None:
            forget_others(self._state, [camera.device.id for camera in self._cameras])
        for camera in self._cameras:
            if camera.device.id not in self._busy:
                visit = self._busy[camera.device.id] = _Visit(camera)
                visit.future = self._workers.submit(self._examine, visit)
        limit = self._settings.timeout_seconds * SHARE_OF_TIMEOUT
        wait([visit.future for visit in self._busy.values()], timeout=limit)
        done = [self._busy.pop(name) for name in [n for n, visit in self._busy.items() if visit.future.done()]]
        results = _results([visit.future for visit in done])
        return Reading(
            measurements=[measured for measured, _ in results if measured.values] + self._mute(),
            happenings=[happening for _, happenings in results for happening in happenings],
            devices=self._changed(),
            problem=_still(list(self._busy)),
        )

    def close(self) -> None:
        """Ask no more. Requests under way end by their time-out."""
        self._workers.close()

    def _mute(self) -> list[Measurement]:
        """Cameras that have been asked for a whole time-out and gave not one answer: whatever holds them up, they are
        not there. One that answers, but takes for ever to do so, is left open."""
        now = self._monotonic()
        return [
            Measurement(name, {"reachable": 0.0}, now)
            for name, visit in self._busy.items()
            if visit.began is not None
            and now - visit.began >= self._settings.timeout_seconds
            and visit.camera.answers == visit.answers
        ]

    def _examine(self, visit: _Visit) -> _Result:
        camera = visit.camera
        visit.answers = camera.answers
        visit.began = self._monotonic()
        try:
            found = camera.examine()
        finally:
            camera.release()
        return Measurement(camera.device.id, found.values, self._monotonic()), found.happenings

    def _changed(self) -> list[Device] | None:
        devices = [camera.entry() for camera in self._cameras]
        if devices == self._told:
            return None
        self._told = devices
        return devices


def _still(busy: Sequence[str]) -> str:
    """One line naming them, empty where none is."""
    if not busy:
        return ""
    more = f" and {len(busy) - _NAMED} more" if len(busy) > _NAMED else ""
    return f"cameras still busy at the end of the round: {', '.join(busy[:_NAMED])}{more}"


def _results(done: Sequence[Future[_Result]]) -> list[_Result]:
    """Those that ended well. A camera that trips us up must not cost the others their values."""
    good: list[_Result] = []
    for future in done:
        error = future.exception()
        if isinstance(error, NotAvailable):
            raise error
        if error is None:
            good.append(future.result())
        else:
            log.error("a camera could not be examined", exc_info=error)
    return good


def _build(settings: CamerasSettings, context: Context) -> Sequence[Collector]:
    return [Cameras(settings, context.state)] if settings.devices else []


plugin = Plugin(
    "cameras",
    CamerasSettings,
    _build,
    metrics=(
        *("connectable", "reachable", "authenticated", "account_paused", "streaming"),
        *("response_seconds", "stream_response_seconds", "requests_per_hour", "requests_held_back"),
        *("clock_offset_seconds", "clock_offset_error_seconds", "ntp_enabled", "profiles", "certificate_left_days"),
    ),
    events=history.EVENTS,
    needs=(
        Need("HTTP to each camera, on its `port`", "everything: the camera counts as unreachable"),
        Need("RTSP to each camera, on its `rtsp_port`", "whether it streams: it counts as not streaming"),
        Need("TLS to each camera, on its `tls_port`", "when its certificate expires"),
        Need(
            "an account of the camera, read-only",
            "whether the account is accepted, maker, model, firmware, profiles, whether it streams",
        ),
    ),
)
