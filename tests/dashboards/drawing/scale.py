"""From values and times to pixels, and the axes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tests.dashboards.player.span import Span

HOUR_MS = 3_600_000
ZONE = timezone(timedelta(hours=8), "UTC+8")
"""Of whoever looks at the dashboards: where the sites are."""
_AHEAD_MS = 8 * HOUR_MS
LEFT, BOTTOM, TOP = 58.0, 18.0, 6.0


@dataclass(frozen=True)
class Scale:
    """From values to pixels."""

    low: float
    high: float
    span: Span
    width: float
    height: float

    def x(self, at: float) -> float:
        """Of a time."""
        return LEFT + (at - self.span.since) / (self.span.until - self.span.since) * (self.width - LEFT - 8)

    def y(self, value: float) -> float:
        """Of a value."""
        return TOP + (1 - (value - self.low) / (self.high - self.low)) * (self.height - TOP - BOTTOM)


def time_axis(scale: Scale) -> Iterator[str]:
    """Whole hours or days."""
    length = scale.span.until - scale.span.since
    steps = (1, 2, 3, 6, 12, 24, 48, 168, 336, 720, 2160, 8760)
    wanted = max(2, (scale.width - LEFT) / 90)
    step = next((hours for hours in steps if length / (hours * HOUR_MS) <= wanted), steps[-1]) * HOUR_MS
    at = -(-(scale.span.since + _AHEAD_MS) // step) * step - _AHEAD_MS
    while at < scale.span.until:
        form = "%m/%d" if step >= 24 * HOUR_MS else "%H:%M" if length <= 24 * HOUR_MS else "%m/%d %H:%M"
        text = datetime.fromtimestamp(at / 1000, ZONE).strftime(form)
        yield f'<text x="{scale.x(at):.1f}" y="{scale.height - 4:.0f}" text-anchor="middle">{text}</text>'
        at += step


TIMES = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600)
"""Steps that people count seconds in, past a minute."""


def ticks(low: float, high: float, most: int, unit: str = "") -> list[float]:
    """Round values between the two; round in the unit that they are shown in."""
    raw = (high - low) / most
    if unit in ("s", "dtdurations") and raw > TIMES[0] / 2:
        step = next((float(step) for step in TIMES if step >= raw), raw)
    elif unit in ("bytes", "binBps") and raw > 1:
        power = 1024.0 ** math.floor(math.log(raw, 1024))
        step = power * 2 ** math.ceil(math.log2(raw / power))
    else:
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
