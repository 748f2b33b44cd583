"""Cameras over ONVIF: whether they answer, take our account, and show the right time.

Each round every camera is asked GetSystemDateAndTime, anonymously; every quarter of an hour GetDeviceInformation with
the account, which a read-only user may ask. Cameras are asked side by side, each by one request at a time.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field

from agent.cameras.settings import SHARE_OF_TIMEOUT, CamerasSettings
from agent.collector import Collector, Context, Measurement, Need, NotAvailable, Plugin, Reading
from agent.device.workers import Workers
from agent.onvif.watch import Watch
from wire.messages import Device, DeviceKind

log = logging.getLogger(__name__)

_NAMED = 10
"""Most cameras named in one line about those that are still busy."""


@dataclass
class _Visit:
    """One camera's examination: when it began (None: it waits for a thread), and the camera's answers until then."""

    watch: Watch
    began: float | None = None
    answers: int = 0
    future: Future[Measurement] = field(default_factory=Future)


class Cameras:
    """All cameras of the agent, asked by a pool of threads."""

    def __init__(self, settings: CamerasSettings, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._watches = [Watch(device, settings, DeviceKind.CAMERA) for device in settings.devices]
        self._workers = Workers(settings.workers, "camera")
        self._busy: dict[str, _Visit] = {}
        self._told: list[Device] | None = None

    def collect(self) -> Reading:
        """One round. A camera still busy with an earlier one is not asked again; its values come with the next."""
        self._workers.renew(idle=not self._busy)
        for watch in self._watches:
            if watch.device.id not in self._busy:
                visit = self._busy[watch.device.id] = _Visit(watch)
                visit.future = self._workers.submit(self._examine, visit)
        limit = self._settings.timeout_seconds * SHARE_OF_TIMEOUT
        wait([visit.future for visit in self._busy.values()], timeout=limit)
        done = [self._busy.pop(name) for name in [n for n, visit in self._busy.items() if visit.future.done()]]
        measurements = _results([visit.future for visit in done]) + self._mute()
        return Reading(measurements=measurements, devices=self._changed(), problem=_still(list(self._busy)))

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
            and visit.watch.answers == visit.answers
        ]

    def _examine(self, visit: _Visit) -> Measurement:
        watch = visit.watch
        visit.answers = watch.answers
        visit.began = self._monotonic()
        try:
            values = watch.examine()
        finally:
            watch.release()
        return Measurement(watch.device.id, values, self._monotonic())

    def _changed(self) -> list[Device] | None:
        devices = [watch.entry() for watch in self._watches]
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


def _results(done: Sequence[Future[Measurement]]) -> list[Measurement]:
    """Those that ended well. A camera that trips us up must not cost the others their values."""
    good: list[Measurement] = []
    for future in done:
        error = future.exception()
        if isinstance(error, NotAvailable):
            raise error
        if error is None:
            good.append(future.result())
        else:
            log.error("a camera could not be examined", exc_info=error)
    return good


def _build(settings: CamerasSettings, _: Context) -> Sequence[Collector]:
    return [Cameras(settings)] if settings.devices else []


plugin = Plugin(
    "cameras",
    CamerasSettings,
    _build,
    metrics=(
        *("reachable", "authenticated", "response_seconds"),
        *("clock_offset_seconds", "clock_offset_error_seconds"),
    ),
    needs=(
        Need("HTTP to each camera, on its `port`", "everything: the camera counts as unreachable"),
        Need("an account of the camera, read-only", "whether the account is accepted, maker, model and firmware"),
    ),
)
