"""Charts over time as SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tests.dashboards.drawing.colours import PALETTE, colour
from tests.dashboards.drawing.fields import Field, fields_of
from tests.dashboards.drawing.legend import legend
from tests.dashboards.drawing.scale import BOTTOM, LEFT, TOP, Scale, ticks, time_axis
from tests.dashboards.player.frames import Cell
from tests.dashboards.player.play import Panel, Played


@dataclass(frozen=True)
class Line:
    """One series of a chart."""

    field: Field
    times: Sequence[Cell]

    @property
    def hue(self) -> str:
        """Its colour; by thresholds that of its newest value."""
        mode = (self.field.config.get("color") or {}).get("mode", "palette-classic")
        if mode == "thresholds":
            return self.field.paint(self.field.column.last) or PALETTE[self.field.index % len(PALETTE)]
        return self.field.paint(0.0) or PALETTE[self.field.index % len(PALETTE)]

    def points(self) -> Iterator[tuple[float, float | None]]:
        """Time and value."""
        for at, value in zip(self.times, self.field.column.cells, strict=True):
            if isinstance(at, int | float):
                yield float(at), float(value) if isinstance(value, int | float) else None


def lines_of(panel: Panel) -> list[Line]:
    """Every numeric column beside a time."""
    found: list[Line] = []
    for frame in panel.frames:
        times = next((one for one in frame.columns if one.kind == "time"), None)
        if times is None:
            continue
        for field in fields_of(panel, frame, len(found)):
            found += [Line(field, times.cells)] if field.column.kind in ("number", "boolean") else []
    return found


def chart(panel: Panel, played: Played, width: float, height: float) -> str:
    """Lines over time, with axes, thresholds that are to be seen, annotations and a legend."""
    lines = lines_of(panel)
    words, tall = legend(panel, [(line.field, line.hue) for line in lines], height)
    height -= tall
    scale = _scale(panel, lines, width, height)
    parts = [*_axes(scale, lines), *_thresholds(lines, scale), *_marks(played, panel, scale)]
    for line in lines:
        parts += _drawn(line, scale)
    return f'<svg width="{width:.0f}" height="{height:.0f}">{"".join(parts)}</svg>{words}'


def _scale(panel: Panel, lines: Sequence[Line], width: float, height: float) -> Scale:
    values = [value for line in lines for _, value in line.points() if value is not None]
    config = lines[0].field.config
    low, high = config.get("min"), config.get("max")
    soft_low, soft_high = lines[0].field.custom.get("axisSoftMin"), lines[0].field.custom.get("axisSoftMax")
    least = min([*values, *([soft_low] if soft_low is not None else [])], default=0.0)
    most = max([*values, *([soft_high] if soft_high is not None else [])], default=1.0)
    if least == most:
        least, most = min(0.0, least), max(most, 1.0 if most <= 1 else most * 1.2)
    pad = (most - least) * 0.06
    return Scale(
        least - (pad if least != 0 else 0) if low is None else low,
        most + pad if high is None else high,
        panel.span,
        width,
        height,
    )


def _axes(scale: Scale, lines: Sequence[Line]) -> Iterator[str]:
    for value in ticks(scale.low, scale.high, max(2, int(scale.height // 34)), lines[0].field.config.get("unit", "")):
        y = scale.y(value)
        yield f'<line x1="{LEFT}" x2="{scale.width - 8:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#24262d"/>'
        text = lines[0].field.show(value).text
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'
    yield from time_axis(scale)


def _thresholds(lines: Sequence[Line], scale: Scale) -> Iterator[str]:
    """Where the panel says that they are to be seen; of the first field that has them."""
    for line in lines:
        style = (line.field.custom.get("thresholdsStyle") or {}).get("mode", "off")
        if style == "off":
            continue
        steps = [
            step
            for step in (line.field.config.get("thresholds") or {}).get("steps", [])
            if step.get("value") is not None
        ]
        for step in steps:
            if scale.low <= step["value"] <= scale.high:
                y = scale.y(step["value"])
                yield (
                    f'<line x1="{LEFT}" x2="{scale.width - 8:.0f}" y1="{y:.1f}" y2="{y:.1f}" '
                    f'stroke="{colour(step["color"])}" stroke-dasharray="{"0" if style == "line" else "6 4"}"/>'
                )
        return


def _marks(played: Played, panel: Panel, scale: Scale) -> Iterator[str]:
    """Annotations: a line at each event, a band where it has an end."""
    for one in played.annotations:
        shown_on = (one.json.get("filter") or {}).get("ids")
        if not one.json.get("enable", True) or (shown_on and panel.json["id"] not in shown_on):
            continue
        hue = colour(one.json.get("iconColor", "red"))
        for at, until, _ in one.events:
            x = scale.x(max(at, scale.span.since))
            if until is not None and until > at:
                far = scale.x(min(until, scale.span.until))
                tall, wide = scale.height - TOP - BOTTOM, max(far - x, 1)
                place = f'x="{x:.1f}" y="{TOP}" width="{wide:.1f}" height="{tall:.1f}"'
                yield f'<rect {place} fill="{hue}" opacity="0.12"/>'
            yield (
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{scale.height - BOTTOM:.1f}" stroke="{hue}" '
                'stroke-dasharray="3 3" opacity="0.8"/>'
            )


def _drawn(line: Line, scale: Scale) -> Iterator[str]:
    custom, hue = line.field.custom, line.hue
    runs = list(_runs(line, custom.get("spanNulls", False)))
    style = custom.get("drawStyle", "line")
    wide = custom.get("lineWidth", 1)
    for run in runs:
        points = [(scale.x(at), scale.y(max(scale.low, min(scale.high, value)))) for at, value in run]
        if style == "bars":
            yield from (_bar(x, y, scale, hue) for x, y in points)
            continue
        if style == "points" or len(points) == 1:
            yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2" fill="{hue}"/>' for x, y in points)
            continue
        path = _path(points, stepped=custom.get("lineInterpolation") == "stepAfter")
        if fill := custom.get("fillOpacity", 0):
            base = scale.y(max(scale.low, min(0.0, scale.high)))
            back = f"L{points[-1][0]:.1f} {base:.1f} L{points[0][0]:.1f} {base:.1f}Z"
            yield f'<path d="{path} {back}" fill="{hue}" opacity="{fill / 100}"/>'
        yield f'<path d="{path}" fill="none" stroke="{hue}" stroke-width="{wide}"/>'


def _bar(x: float, y: float, scale: Scale, hue: str) -> str:
    base = scale.y(max(scale.low, 0.0))
    return f'<rect x="{x - 2:.1f}" y="{min(y, base):.1f}" width="4" height="{abs(base - y):.1f}" fill="{hue}"/>'


def _path(points: Sequence[tuple[float, float]], *, stepped: bool) -> str:
    made = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for x, y in points[1:]:
        made.append(f"H{x:.1f}V{y:.1f}" if stepped else f"L{x:.1f} {y:.1f}")
    return "".join(made)


def _runs(line: Line, spanned: bool | int) -> Iterator[list[tuple[float, float]]]:
    """Stretches without a hole: a null breaks a line, but for one that is spanned: any, or where the values beside it
    are less than so many ms apart. Without a null between them two values are joined, however far apart."""
    run: list[tuple[float, float]] = []
    hole = False
    for at, value in line.points():
        if value is None:
            hole = True
            continue
        bridged = spanned if isinstance(spanned, bool) else bool(run) and at - run[-1][0] < spanned
        if run and hole and not bridged:
            yield run
            run = []
        run.append((at, value))
        hole = False
    if run:
        yield run


def spark(cells: Sequence[Cell], hue: str, width: float, height: float) -> str:
    """A small line under a number; nothing for less than three values."""
    numbers = [cell for cell in cells if isinstance(cell, float)]
    if len(numbers) < 3 or height < 8:
        return ""
    low, high = min(numbers), max(numbers)
    step = width / (len(numbers) - 1)
    points = [
        (n * step, height - 1 - (value - low) / ((high - low) or 1) * (height - 3)) for n, value in enumerate(numbers)
    ]
    return (
        f'<svg width="{width:.0f}" height="{height:.0f}"><path d="{_path(points, stepped=False)}" fill="none" '
        f'stroke="{hue}" opacity="0.7"/></svg>'
    )
