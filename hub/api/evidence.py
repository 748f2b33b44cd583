"""Which devices have numbers at all lately. Without any, nobody can say that a device is fine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.series.store import SeriesReads, SeriesUnavailable
from hub.store.reads import Device

MAX_REMEMBERED = 4_000
"""(site, kind) pairs kept between two looks."""


@dataclass(frozen=True)
class _Look:
    at: int
    devices: frozenset[str]


class Evidence:
    """Looks into the series store once per site and kind every `refresh_ms`, whoever asks."""

    def __init__(self, series: SeriesReads, window_ms: int, refresh_ms: int = 5_000) -> None:
        self._series = series
        self._window = window_ms
        self._refresh = refresh_ms
        self._looks: dict[tuple[str, str], _Look] = {}

    def weigh(self, devices: Sequence[Device], now: int) -> list[Device]:
        """The same devices; those that seemed ok but gave no number within the window are unknown.

        Raises SeriesUnavailable: then there is no telling.
        """
        return [
            replace(d, state="unknown", reason="no_data")
            if d.state == "ok" and d.device not in self._seen(d.site, d.kind, now)
            else d
            for d in devices
        ]

    def weigh_or_keep(self, devices: Sequence[Device], now: int) -> tuple[list[Device], bool]:
        """As `weigh`; with the series store away the devices as they were, and False."""
        try:
            return self.weigh(devices, now), True
        except SeriesUnavailable:
            return list(devices), False

    def _seen(self, site: str, kind: str, now: int) -> frozenset[str]:
        look = self._looks.get((site, kind))
        if look is None or not 0 <= now - look.at < self._refresh:
            found = self._series.latest(site, kind, now + self._window, now - self._window)
            if len(self._looks) >= MAX_REMEMBERED:
                self._looks.clear()
            look = self._looks[site, kind] = _Look(now, frozenset(found))
        return look.devices
