"""Charts as SVG drawn on the server: one metric of one device, gaps left open.

Numbers are drawn as their mean with low and high; a yes or no as steps by the worse of what a bucket holds, for a mean
of 0.5 says nothing and hides the second that mattered.

Pygal draws; what would break the Content-Security-Policy or call another host (its style sheet, its scripts, style
attributes) is taken out, and console.css colours the classes that remain. So charts follow light and dark.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, floor, log10
from statistics import median
from typing import Any

import pygal
from markupsafe import Markup
from pygal.etree import etree
from pygal.style import Style

from hub.locale import Translator
from hub.series.store import Bucket

# Pygal leaves a finder for its plug-ins on sys.meta_path, of an interface Python has given up: every optional import
# that fails anywhere after it warns. We use no plug-ins.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__name__ != "PluginImportFixer"]

WIDTH, HEIGHT = 480, 170
_ROUND_SECONDS = (86_400.0, 3_600.0, 60.0)
_Place = tuple[float | None, float | None]
STEPS = tuple(
    seconds * 1000
    for seconds in (5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 86_400)
)
POINTS = 120
"""About as many as can be told apart."""

_TICKS = tuple(m * 60_000 for m in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 43_200))
_ALARMS = frozenset(
    {
        "read_only", "door_open", "door_alarm", "spool_failing", "raid_degraded", "recording_stalled",
        "on_battery", "battery_low", "battery_replace", "account_paused", "video_loss", "storage_failure",
        "fan_failure", "power_failure", "temperature_critical", "tampered", "picture_blurred", "picture_dark",
        "picture_bright", "picture_covered", "picture_dirty", "picture_frozen", "picture_colour_lost",
        "picture_infrared_dead", "picture_moved", "poe_fault", "door_fault",
    }
)  # fmt: skip
"""Flags whose yes is what people look for; of all others it is the no."""
_FLAGS = _ALARMS | frozenset(
    {
        "up", "reachable", "authenticated", "online", "clock_reference", "door_reachable", "clock_synchronised",
        "link_up", "process_running", "overwriting", "encrypted", "backup_readable", "present", "smart_healthy",
        "ups_reachable", "connectable", "streaming", "ntp_enabled", "recording_plan_enabled", "recording_planned",
        "listed",
        "recording_active", "events_subscribed", "picture_taken", "picture_infrared", "path_up", "poe_delivering",
        "door_locked", "disk_healthy", "series_available", "broker_connected",
    }
)  # fmt: skip


def step_for(span: int) -> int:
    """The step (ms) at which a chart of `span` ms has some POINTS points."""
    return next((step for step in STEPS if span <= step * POINTS), STEPS[-1] * max(1, span // (STEPS[-1] * POINTS)))


def is_flag(metric: str) -> bool:
    """Whether a metric is a yes or no."""
    return metric in _FLAGS or (metric.startswith("collector_") and metric.endswith("_ok"))


def pace(buckets: Sequence[Bucket], step: int) -> float:
    """The distance (ms) that is usual between two buckets, at least a step."""
    distances = [after.at - before.at for before, after in pairwise(buckets)]
    return max(step, median(distances) if distances else step)


def lines(buckets: Sequence[Bucket], step: int) -> list[Bucket | None]:
    """The buckets with None wherever data is missing: where the distance is far over what is usual here."""
    distances = [after.at - before.at for before, after in pairwise(buckets)]
    usual = pace(buckets, step)
    broken: list[Bucket | None] = []
    for index, bucket in enumerate(buckets):
        if index and distances[index - 1] > 2.5 * usual:
            broken.append(None)
        broken.append(bucket)
    return broken


def stairs(metric: str, broken: Sequence[Bucket | None], width: float, until: int) -> list[_Place]:
    """A flag's line: each bucket's worse value from its time to the next one's; before a gap, and at the end, `width`
    long, but not beyond `until`.
    """
    places: list[_Place] = []
    for bucket, after in zip(broken, [*broken[1:], None], strict=True):
        if bucket is None:
            places.append((None, None))
            continue
        level = bucket.high if metric in _ALARMS else bucket.low
        end = after.at if after else max(bucket.at, min(bucket.at + width, until))
        places += [(bucket.at, level), (end, level)]
    return places


def ticks(since: int, until: int, offset: int, most: int = 6) -> list[int]:
    """Round local times (ms UTC) within the span, `most` at most; `offset` is the zone's (ms)."""
    distance = next((t for t in _TICKS if (until - since) / t <= most), _TICKS[-1])
    first = -(-(since + offset) // distance) * distance - offset
    return list(range(first, until + 1, distance))[: most + 1]


def chart(
    metric: str,
    buckets: Sequence[Bucket],
    span: tuple[int, int],
    step: int,
    speech: Translator,
    mark: tuple[int, int] | None = None,
    last: float | None = None,
) -> Markup:
    """An inline `<svg>` of one metric over `span` (ms UTC). `mark` shades a time, such as a ticket's; `last` is the
    newest raw value, if known, for those who can't see the line.

    Needs at least one bucket.
    """
    # A bucket begins at a round time, the first one perhaps before the span.
    buckets = [bucket._replace(at=max(bucket.at, span[0])) for bucket in buckets]
    drawing = _drawing(metric, buckets, span, speech)
    broken = lines(buckets, step)
    stepped = is_flag(metric)
    if stepped:
        drawing.add("level", stairs(metric, broken, pace(buckets, step), span[1]))
    elif any(b.high > b.low for b in buckets):
        drawing.add("high", [(b.at, b.high) if b else (None, None) for b in broken])
        drawing.add("low", [(b.at, b.low) if b else (None, None) for b in broken])
    if not stepped:
        drawing.add("mean", [(b.at, b.mean) if b else (None, None) for b in broken])

    def amend(tree: Any) -> Any:  # while pygal still knows its scales
        if mark is not None:
            _shade(drawing, max(mark[0], span[0]), min(mark[1], span[1]))
        if not stepped:
            _dots(drawing, broken)
        return tree

    drawing.add_xml_filter(amend)
    shown = label(metric, buckets, buckets[-1].mean if last is None else last, speech)
    return _inline(drawing.render_tree(), shown, len(drawing.raw_series))


def label(metric: str, buckets: Sequence[Bucket], last: float, speech: Translator) -> str:
    """What a chart shows, for those who can't see it."""
    return speech.gettext("{name}: last {last}, lowest {low}, highest {high}").format(
        name=speech.metric(metric),
        last=written(metric, last, speech),
        low=written(metric, min(b.low for b in buckets), speech),
        high=written(metric, max(b.high for b in buckets), speech),
    )


def written(metric: str, value: float, speech: Translator) -> str:
    """A metric's value as people read it."""
    if is_flag(metric):
        return speech.gettext("yes") if value >= 0.5 else speech.gettext("no")
    return speech.value(metric, value)


def _drawing(metric: str, buckets: Sequence[Bucket], span: tuple[int, int], speech: Translator) -> Any:
    low, high = min(b.low for b in buckets), max(b.high for b in buckets)
    levels = _levels(metric, low, high)
    room = (levels[-1] - levels[0]) * 0.04  # no line lies on the frame
    offset = datetime.fromtimestamp(span[0] / 1000, UTC).astimezone(speech.zone).utcoffset()
    at = ticks(*span, int(offset.total_seconds() * 1000) if offset else 0)
    days = len(at) > 1 and at[1] - at[0] >= 86_400_000
    return pygal.XY(
        width=WIDTH,
        height=HEIGHT,
        js=[],  # pygal's default script comes from another host
        style=Style(label_font_size=15, font_family="sans-serif"),
        show_legend=False,
        show_dots=False,
        allow_interruptions=True,
        margin=4,
        margin_right=14,
        xrange=span,
        range=(levels[0] - room, levels[-1] + room),
        x_labels=[{"value": t, "label": speech.day(t) if days else speech.clock(t)} for t in at],
        y_labels=[{"value": v, "label": written(metric, v, speech)} for v in levels],
    )


def _levels(metric: str, low: float, high: float) -> list[float]:
    """Where the guides go: 0 and 1 for a flag, 0 to 100 % for a share that is not tiny, else round steps from 0."""
    if is_flag(metric):
        return [0.0, 1.0]
    if metric.endswith("_ratio") and low >= 0 and 0.1 < high <= 1:
        return [0.0, 0.5, 1.0]
    low, high = min(low, 0.0), max(high, 0.0)
    if high - low < 1e-12:  # nothing to tell apart, and too little to reckon with
        return [0.0, 1.0]
    rough = (high - low) / 3
    unit = next((u for u in _ROUND_SECONDS if metric.endswith("_seconds") and rough > u / 2), 1.0)
    scale = unit * 10.0 ** floor(log10(rough / unit))
    pace = next(n for n in (1.0, 2.0, 2.5, 5.0, 10.0) if n * scale >= rough * 0.999) * scale
    return [pace * n for n in range(floor(low / pace), ceil(high / pace) + 1)]


def _shade(drawing: Any, start: int, end: int) -> None:
    left, right = drawing.view.x(start), drawing.view.x(end)
    band = etree.Element("rect", x=f"{left:.1f}", y="0", height=f"{drawing.view.height:.1f}")
    band.attrib.update({"width": f"{max(right - left, 3):.1f}", "class": "mark"})
    drawing.nodes["plot"].insert(1, band)  # over the background, under everything else


def _dots(drawing: Any, broken: Sequence[Bucket | None]) -> None:
    """A point for values alone between two gaps, which no line would show."""
    padded = [None, *broken, None]
    for before, bucket, after in zip(padded, broken, padded[2:], strict=False):
        if bucket is not None and before is None and after is None:
            x, y = drawing.view((bucket.at, bucket.mean))
            dot = etree.Element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.5")
            dot.attrib["class"] = "lone"
            drawing.nodes["plot"].append(dot)


def _inline(tree: Any, text: str, series: int) -> Markup:
    """The drawing as markup fit for our pages: no script, style, comment, id or other name space is left."""
    for parent in list(tree.iter()):
        for child in list(parent):
            unwanted = not isinstance(child.tag, str) or child.tag in ("script", "style", "defs", "title")
            if unwanted or "overlay" in child.get("class", ""):
                parent.remove(child)
        for name in [n for n in parent.attrib if n in ("style", "id")]:
            del parent.attrib[name]
    tree.attrib.update({"role": "img", "aria-label": text, "class": f"chart of-{series}"})
    markup = etree.tostring(tree, encoding="unicode")
    return Markup(markup.replace(' xmlns:xlink="http://www.w3.org/1999/xlink"', ""))  # noqa: S704 - drawn by us, texts escaped by the XML writer
