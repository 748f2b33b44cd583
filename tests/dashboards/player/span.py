"""The time range of a dashboard, and the step that Grafana would choose for it."""

import re
from bisect import bisect_right
from dataclasses import dataclass

from tests.dashboards.player.errors import DashboardError

UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000, "y": 31_536_000_000}

_STEPS = (
    *((10, 1), (15, 10), (35, 20), (75, 50), (150, 100), (350, 200), (750, 500), (1500, 1000), (3500, 2000)),
    *((7500, 5000), (12_500, 10_000), (17_500, 15_000), (25_000, 20_000), (45_000, 30_000), (90_000, 60_000)),
    *((210_000, 120_000), (450_000, 300_000), (750_000, 600_000), (1_050_000, 900_000), (1_500_000, 1_200_000)),
    *((2_700_000, 1_800_000), (5_400_000, 3_600_000), (9_000_000, 7_200_000), (16_200_000, 10_800_000)),
    *((32_400_000, 21_600_000), (86_400_000, 43_200_000), (604_800_000, 86_400_000), (1_814_400_000, 604_800_000)),
    (3_628_800_000, 2_592_000_000),
)
"""Below so many milliseconds Grafana rounds a step to so many (its `roundInterval`)."""

_LONGEST_MS = 31_536_000_000
_DURATION = re.compile(r"(\d+)(ms|s|m|h|d|w|y)")
_AGO = re.compile(r"now(?:-(\d+)([smhdw]))?(?:/([hd]))?")


def duration_ms(text: str) -> int:
    """ "5m", "1h": in ms. Raises DashboardError."""
    found = _DURATION.fullmatch(text.removeprefix(">"))
    if not found:
        raise DashboardError(f"no duration: {text!r}")
    return int(found[1]) * UNIT_MS[found[2]]


def duration_text(ms: int) -> str:
    """As Grafana writes it into a query: "30s", "5m", "1d"."""
    for unit in ("y", "w", "d", "h", "m", "s"):
        if ms >= UNIT_MS[unit] and ms % UNIT_MS[unit] == 0:
            return f"{ms // UNIT_MS[unit]}{unit}"
    return f"{ms}ms"


@dataclass(frozen=True)
class Span:
    """From when to when (ms UTC)."""

    since: int
    until: int

    @classmethod
    def of(cls, time: dict[str, str], now: int) -> "Span":
        """A dashboard's `time`: now, now-7d, now/d. Raises DashboardError."""
        return cls(_moment(time["from"], now, up=False), _moment(time["to"], now, up=True))

    def step(self, points: int, at_least: str = "") -> int:
        """Milliseconds between two of so many points, rounded as Grafana rounds, and no shorter than `at_least`."""
        raw = (self.until - self.since) / points
        place = bisect_right([below for below, _ in _STEPS], raw)
        rounded = _STEPS[place][1] if place < len(_STEPS) else _LONGEST_MS
        return max(rounded, duration_ms(at_least) if at_least else 0)


def _moment(text: str, now: int, *, up: bool) -> int:
    found = _AGO.fullmatch(text)
    if not found:
        raise DashboardError(f"a time range of {text!r} is not known here")
    at = now - (int(found[1]) * UNIT_MS[found[2]] if found[1] else 0)
    if not found[3]:
        return at
    start = at - at % UNIT_MS[found[3]]
    return start + UNIT_MS[found[3]] - 1 if up else start
