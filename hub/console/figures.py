"""Which charts a page shows: of every metric that has values, over a time that fits how often it comes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from hub.api.source import Source
from hub.console import charts
from hub.locale import Translator
from hub.series.store import Bucket, SeriesUnavailable
from hub.store import reads

MINUTE = 60_000
HOUR = 60 * MINUTE
LEAST, MOST = 10 * MINUTE, 6 * HOUR
"""How far back charts of now go: as far as there are values, within these two."""
LONG = 30 * 24 * HOUR
"""How far back a metric is looked for that comes too seldom for these: SMART's come once a day."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Figure:
    """One chart. `old` is the time (ms UTC) of its newest value where that is no longer of now."""

    metric: str
    title: str
    last: str
    svg: Markup
    old: int | None = None


@dataclass(frozen=True)
class Figures:
    """The charts, the plain yes or no first; then the titles of what has values at other times, and of the rest."""

    drawn: Sequence[Figure] = ()
    elsewhere: Sequence[str] = ()
    never: Sequence[str] = ()


def of_now(
    source: Source, speech: Translator, device: reads.Device, metrics: Sequence[str], now: int
) -> Figures | None:
    """Up to now: all over one time, but for what comes seldom. None with the series store away."""
    try:
        span, step, found = _fitting(source, device, metrics, (now - MOST, now))
        drawn: list[Figure] = []
        never: list[str] = []
        for metric, buckets in found.items():
            view = (span, step, buckets)
            if len(buckets) < 2:
                seldom = _fitting(source, device, [metric], (now - LONG, now))
                if len(seldom[2][metric]) > len(buckets):
                    view = (seldom[0], seldom[1], seldom[2][metric])
            if view[2]:
                drawn.append(_figure(source, speech, device, metric, *view))
            else:
                never.append(speech.metric(metric))
    except SeriesUnavailable:
        return None
    return Figures(_in_order(drawn), (), never)


def of_span(
    source: Source,
    speech: Translator,
    device: reads.Device,
    metrics: Sequence[str],
    span: Span,
    mark: Span | None = None,
) -> Figures | None:
    """Over one time, `mark` shaded in it. None with the series store away."""
    step = charts.step_for(span[1] - span[0])
    drawn: list[Figure] = []
    elsewhere: list[str] = []
    never: list[str] = []
    try:
        for metric in metrics:
            buckets = source.chart(device, metric, *span, step)
            if buckets:
                drawn.append(_figure(source, speech, device, metric, span, step, buckets, mark))
            else:
                known = source.chart(device, metric, span[1] - LONG, source.clock(), LONG)
                (elsewhere if known else never).append(speech.metric(metric))
    except SeriesUnavailable:
        return None
    return Figures(_in_order(drawn), elsewhere, never)


def of_other(figures: Figures, name: str) -> Figures:
    """The same with the name of their device, where they stand among those of others."""
    return replace(figures, drawn=[replace(one, title=f"{name}: {one.title}") for one in figures.drawn])


def together(parts: Sequence[Figures]) -> Figures:
    """Several as one."""
    every = [[one for part in parts for one in getattr(part, name)] for name in ("drawn", "elsewhere", "never")]
    return Figures(*every)


def _in_order(drawn: Sequence[Figure]) -> list[Figure]:
    return sorted(drawn, key=lambda figure: not charts.is_flag(figure.metric))


def _fitting(
    source: Source, device: reads.Device, metrics: Sequence[str], span: Span
) -> tuple[Span, int, dict[str, list[Bucket]]]:
    """The span from the earliest value within `span`, its step, and each metric's buckets. Raises SeriesUnavailable."""
    step = charts.step_for(span[1] - span[0])
    found = {metric: source.chart(device, metric, *span, step) for metric in metrics}
    earliest = min((buckets[0].at for buckets in found.values() if buckets), default=span[0])
    fitting = (max(span[0], min(earliest, span[1] - LEAST)), span[1])
    if charts.step_for(fitting[1] - fitting[0]) == step:
        return fitting, step, found
    return _fitting(source, device, metrics, fitting)  # with finer steps, which tell the beginning better


def _figure(
    source: Source,
    speech: Translator,
    device: reads.Device,
    metric: str,
    span: Span,
    step: int,
    buckets: list[Bucket],
    mark: Span | None = None,
) -> Figure:
    newest = source.newest(device, metric, max(buckets[-1].at, span[0]) - 1, span[1])
    last = buckets[-1].mean if newest is None else newest.value
    old = newest.at if mark is None and newest is not None and span[1] - newest.at > source.evidence_ms else None
    svg = charts.chart(metric, buckets, span, step, speech, mark, last)
    return Figure(metric, speech.metric(metric), charts.written(metric, last, speech), svg, old)
