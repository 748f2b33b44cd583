"""Which devices have numbers at all lately. Without any, nobody can say that a device is fine.

Lately is a quarter of an hour, but for what comes seldom by its nature (a backup looked at once an hour, a disk's own
verdict once a day): there it is two and a half times the distance that is usual for the device.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from hub.series.store import SeriesReads, SeriesUnavailable, Value
from hub.store.reads import Device

MAX_REMEMBERED = 4_000
"""(site, kind) pairs kept between two looks."""
LONG_MS = 3 * 86_400_000
"""How far back is looked for what comes seldom: two and a half days, and some delay."""
SELDOM_REFRESH_MS = 60_000
PATIENCE = 2.5
"""As in charts: where the line breaks."""
MAX_PACES = 100
"""Devices whose usual distance is looked up in one go; the others wait for the next look, unknown meanwhile."""

_Site = tuple[str, str]


@dataclass(frozen=True)
class _Look:
    at: int
    devices: dict[str, dict[str, Value]]


@dataclass(frozen=True)
class _Pace:
    """Until when (ms UTC) a device counts as measured, as reckoned at `at` from its newest value at `newest`."""

    newest: int
    until: int


class Evidence:
    """Looks into the series store once per site and kind every `refresh_ms`, whoever asks."""

    def __init__(self, series: SeriesReads, window_ms: int, refresh_ms: int = 5_000) -> None:
        self._series = series
        self._window = window_ms
        self._refresh = refresh_ms
        self._looks: dict[_Site, _Look] = {}
        self._long_looks: dict[_Site, _Look] = {}
        self._paces: dict[tuple[str, str], _Pace] = {}

    def weigh(self, devices: Sequence[Device], now: int) -> list[Device]:
        """The same devices; those that seemed ok but gave no number lately are unknown.

        Raises SeriesUnavailable: then there is no telling.
        """
        quiet = [d for d in devices if d.state == "ok" and d.device not in self._seen(d, now)]
        left = MAX_PACES
        unknown: set[tuple[str, str]] = set()
        for device in quiet:
            until, looked_up = self._measured_until(device, now, left > 0)
            left -= looked_up
            if now > until:
                unknown.add((device.site, device.device))
        return [replace(d, state="unknown", reason="no_data") if (d.site, d.device) in unknown else d for d in devices]

    def weigh_or_keep(self, devices: Sequence[Device], now: int) -> tuple[list[Device], bool]:
        """As `weigh`; with the series store away the devices as they were, and False."""
        try:
            return self.weigh(devices, now), True
        except SeriesUnavailable:
            return list(devices), False

    def _seen(self, device: Device, now: int) -> dict[str, dict[str, Value]]:
        return self._look(self._looks, device, now, self._window, self._refresh)

    def _measured_until(self, device: Device, now: int, may_look: bool) -> tuple[int, bool]:
        """Until when a device counts that gave nothing within the window, and whether the store was asked for it."""
        known = self._look(self._long_looks, device, now, LONG_MS, SELDOM_REFRESH_MS).get(device.device)
        if not known:
            return 0, False
        metric, newest = max(known.items(), key=lambda item: item[1].at)
        key = (device.site, device.device)
        pace = self._paces.get(key)
        if pace is not None and pace.newest == newest.at:
            return pace.until, False
        if not may_look:
            return 0, False
        if len(self._paces) >= MAX_REMEMBERED:
            self._paces.clear()
        self._paces[key] = _Pace(newest.at, self._reckon(device, metric, newest.at))
        return self._paces[key].until, True

    def _reckon(self, device: Device, metric: str, newest: int) -> int:
        """From its newest value on, PATIENCE times its usual distance; 0 where that is well within the window."""
        times = (device.site, device.kind, device.device, metric, newest - LONG_MS, newest)
        buckets = self._series.chart(*times, max(1, self._window // 3))
        distances = [after.at - before.at for before, after in pairwise(buckets)]
        usual = median(distances) if distances else 0
        return newest + round(PATIENCE * usual) if usual > self._window / 2 else 0

    def _look(
        self, looks: dict[_Site, _Look], device: Device, now: int, reach: int, refresh: int
    ) -> dict[str, dict[str, Value]]:
        """The newest values of every device of that site and kind within `reach`, at most `refresh` old."""
        key = (device.site, device.kind)
        look = looks.get(key)
        if look is None or not 0 <= now - look.at < refresh:
            found = self._series.latest(device.site, device.kind, now + self._window, now - reach)
            if len(looks) >= MAX_REMEMBERED:
                looks.clear()
            look = looks[key] = _Look(now, found)
        return look.devices
