"""From values and times to pixels, and the axes."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tests.dashboards.player.span import Span

HOUR_MS = 3_600_000
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
    at = -(-scale.span.since // step) * step
    while at < scale.span.until:
        form = "%m/%d" if step >= 24 * HOUR_MS else "%H:%M" if length <= 24 * HOUR_MS else "%m/%d %H:%M"
        text = datetime.fromtimestamp(at / 1000, UTC).strftime(form)
        yield f'<text x="{scale.x(at):.1f}" y="{scale.height - 4:.0f}" text-anchor="middle">{text}</text>'
        at += step


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round values between the two."""
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    return [n * step for n in range(first, math.floor(high / step + 1e-9) + 1)]
