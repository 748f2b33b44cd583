"""States over time as SVG."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from tests.dashboards.drawing.colours import NEUTRAL
from tests.dashboards.drawing.fields import Field, Shown, fields_of
from tests.dashboards.drawing.scale import BOTTOM, LEFT, TOP, Scale, time_axis
from tests.dashboards.player.play import Panel


def timeline(panel: Panel, width: float, height: float) -> str:
    """States over time: a lane a series, a stretch a state; what is unknown is left grey."""
    lanes = [lane for lane in _lanes(panel) if lane[1]]
    left = min(190.0, 14 + max(map(_width, (field.name for field, _ in lanes))))
    scale = Scale(0, 1, panel.span, width, height)
    tall = (height - BOTTOM - TOP) / len(lanes)
    parts = []
    for row, (field, stretches) in enumerate(lanes):
        top = TOP + row * tall
        parts.append(
            f'<text x="{left - 6:.0f}" y="{top + tall / 2 + 4:.1f}" text-anchor="end">{escape(field.name)}</text>'
        )
        for since, until, shown in stretches:
            x, far = (_squeezed(scale.x(at), left, width) for at in (since, until))
            hue = shown.colour or NEUTRAL
            parts.append(
                f'<rect x="{x:.1f}" y="{top + 2:.1f}" width="{max(far - x, 0.5):.1f}" height="{max(tall - 4, 2):.1f}" '
                f'fill="{hue}" opacity="{0.85 if shown.known else 0.25}"><title>{escape(shown.text)}</title></rect>'
            )
    axis = (
        re.sub(r'x="([\d.]+)"', lambda at: f'x="{_squeezed(float(at[1]), left, width):.1f}"', one)
        for one in time_axis(scale)
    )
    return f'<svg width="{width:.0f}" height="{height:.0f}">{"".join(parts)}{"".join(axis)}</svg>'


def _width(text: str) -> float:
    """Pixels, about: a Chinese character is as wide as two others."""
    return sum(12.5 if unicodedata.east_asian_width(letter) in "WF" else 7.0 for letter in text)


def _squeezed(x: float, left: float, width: float) -> float:
    """From a chart's place to one with a wider margin."""
    return left + (x - LEFT) / (width - LEFT - 8) * (width - left - 8)


def _lanes(panel: Panel) -> Iterator[tuple[Field, list[tuple[float, float, Shown]]]]:
    number = 0
    for frame in panel.frames:
        times = next((one.cells for one in frame.columns if one.kind == "time"), None)
        for field in fields_of(panel, frame, number):
            if times is None or field.column.kind == "time":
                continue
            number += 1
            yield field, list(_stretches(field, [float(at) for at in times if isinstance(at, int | float)], panel))


def _stretches(field: Field, times: Sequence[float], panel: Panel) -> Iterator[tuple[float, float, Shown]]:
    """Values that look alike are one; the last lasts as long as the usual step, or to the end. Nulls are spanned where
    the values beside them are less than `spanNulls` (ms) apart."""
    usual = sorted(b - a for a, b in pairwise(times))
    step = usual[len(usual) // 2] if usual else float(panel.span.until - panel.span.since)
    begun: tuple[float, Shown] | None = None
    for at, shown in _spanned(field, times):
        if begun and shown != begun[1]:
            yield begun[0], at, begun[1]
            begun = None
        begun = begun or (at, shown)
    if begun:
        yield begun[0], min(times[-1] + step, float(panel.span.until)), begun[1]


def _spanned(field: Field, times: Sequence[float]) -> Iterator[tuple[float, Shown]]:
    """Each time and what it shows, but for nulls that are spanned."""
    allowed = field.custom.get("spanNulls", False)
    cells = field.column.cells
    known = [index for index, cell in enumerate(cells) if cell is not None]
    for index, at in enumerate(times):
        if cells[index] is None and allowed is not False:
            before, after = (n := bisect_left(known, index)) - 1, n
            between = before >= 0 and after < len(known)
            if between and (allowed is True or times[known[after]] - times[known[before]] < allowed):
                continue
        yield at, field.show(cells[index])
