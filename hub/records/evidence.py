"""What the series store says of one day, of all sites at once: a question a metric and kind, a row a device."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hub.records.rates import ClockRange
from hub.records.stores import RecordStore
from hub.recurrence import Span
from hub.series.influxql import identifier
from wire.messages import DeviceKind

HOUR_MS = 3_600_000

PICTURED = (DeviceKind.CAMERA, DeviceKind.CHANNEL)
TIMED = (DeviceKind.HOST, DeviceKind.CAMERA, DeviceKind.RECORDER)
TOLD_AFTER_MS = 6 * HOUR_MS
"""So long after midnight agents have looked through the day before, and tell of it until the next midnight."""

_OFFSETS = (
    'min("clock_offset_seconds_min")',
    'max("clock_offset_seconds_max")',
    'max("clock_offset_error_seconds_max")',
)


@dataclass
class Evidence:
    """Of a site, by device: the share of the plan that was recorded; whose pictures were taken; what clocks did."""

    integrity: dict[str, float] = field(default_factory=dict)
    pictured: set[str] = field(default_factory=set)
    clocks: dict[str, tuple[DeviceKind, ClockRange]] = field(default_factory=dict)


def of_day(hourly: RecordStore, day: Span, now: int) -> dict[str, Evidence]:
    """Site → what hourly rollups say. Raises SeriesUnavailable."""
    found: defaultdict[str, Evidence] = defaultdict(Evidence)
    told = Span(day.end + TOLD_AFTER_MS, day.end + 24 * HOUR_MS)
    for kind in PICTURED:
        if now > told.start:
            for site, device, (whole,) in _each(hourly, kind, ('last("recording_integrity_ratio_mean")',), told):
                found[site].integrity[device] = min(max(whole or 0.0, 0.0), 1.0)
        for site, device, (taken,) in _each(hourly, kind, ('max("picture_taken_max")',), day):
            if (taken or 0.0) >= 0.5:
                found[site].pictured.add(device)
    for kind in TIMED:
        for site, device, (low, high, error) in _each(hourly, kind, _OFFSETS, day):
            if low is not None and high is not None:
                found[site].clocks[device] = kind, ClockRange(low, high, error or 0.0)
    return dict(found)


def _each(
    hourly: RecordStore, kind: DeviceKind, wanted: Sequence[str], span: Span
) -> Iterator[tuple[str, str, list[float | None]]]:
    """(site, device, what is wanted of it)."""
    of = f'FROM {identifier(kind)} WHERE {during(span)} GROUP BY "site", "device"'
    for series in hourly.ask(f"SELECT {', '.join(wanted)} {of}"):
        for _, *values in series.rows:
            if any(value is not None for value in values):
                yield series.tags["site"], series.tags["device"], values


def during(span: Span) -> str:
    """The condition that a time lies in it."""
    return f"time >= {span.start}ms AND time < {span.end}ms"
