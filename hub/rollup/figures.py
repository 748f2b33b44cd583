"""What a rollup looks like, and how many become one: pure functions.

A rollup is a point like any other, at the start (ms UTC) of its hour or day, with four fields a metric:

    camera,site=depot,agent=gate-1,device=cam-7 online_mean=0.95,online_min=0.0,online_max=1.0,online_count=60.0 …

The count is kept so that means of means come out right. Hours and days are UTC's, as all steps of charts are.
"""

from collections.abc import Iterable, Mapping, Sequence

from hub.series.admission import is_name
from hub.series.store import Bucket, Point, Summary

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

_MEAN, _MIN, _MAX, _COUNT = "_mean", "_min", "_max", "_count"


def floor(at: int, length: int) -> int:
    """The start of the hour or day (`length`, ms) that a time (ms UTC) lies in."""
    return at - at % length


def fields(metric: str) -> tuple[str, str, str, str]:
    """The names of a metric's four fields."""
    return (metric + _MEAN, metric + _MIN, metric + _MAX, metric + _COUNT)


def rolled(kind: str, summary: Summary, at: int) -> Point:
    """The rollup that stands for a summary, at the start of its span. Names that would grow too long are left out."""
    values: dict[str, float] = {}
    for metric, bucket in summary.metrics.items():
        names = fields(metric)
        if is_name(names[-1]):
            values.update(zip(names, (bucket.mean, bucket.low, bucket.high, float(bucket.number)), strict=True))
    return Point(kind, summary.site, summary.agent, summary.device, at, values)


def buckets(rollup: Point) -> dict[str, Bucket]:
    """metric → what a rollup says of it."""
    return {
        name.removesuffix(_COUNT): found
        for name in rollup.values
        if name.endswith(_COUNT) and (found := bucket(rollup, name.removesuffix(_COUNT))) is not None
    }


def bucket(rollup: Point, metric: str) -> Bucket | None:
    """What a rollup says of one metric; None where it says nothing whole."""
    mean, low, high, number = (rollup.values.get(name) for name in fields(metric))
    if mean is None or low is None or high is None or number is None or number < 1:
        return None
    return Bucket(rollup.at, mean, low, high, round(number))


def merged(parts: Sequence[Bucket], at: int) -> Bucket:
    """At least one bucket as one, the means weighted by their numbers."""
    number = sum(part.number for part in parts)
    mean = sum(part.mean * part.number for part in parts) / number if len(parts) > 1 else parts[0].mean
    return Bucket(at, mean, min(part.low for part in parts), max(part.high for part in parts), number)


def fold(parts: Iterable[Bucket], step: int) -> list[Bucket]:
    """Buckets by steps of `step` ms aligned to the epoch, oldest first."""
    steps: dict[int, list[Bucket]] = {}
    for part in parts:
        steps.setdefault(floor(part.at, step), []).append(part)
    return [merged(steps[at], at) for at in sorted(steps)]


def of_day(kind: str, hours: Iterable[Point], day: int) -> list[Point]:
    """A day's rollup of every device (and agent) from its hourly ones."""
    metrics: dict[tuple[str, str, str], dict[str, list[Bucket]]] = {}
    for hour in hours:
        known = metrics.setdefault((hour.site, hour.agent, hour.device), {})
        for metric, found in buckets(hour).items():
            known.setdefault(metric, []).append(found)
    return [
        rolled(kind, Summary(*key, {metric: merged(parts, day) for metric, parts in known.items()}), day)
        for key, known in metrics.items()
        if known
    ]


def scope_of(devices: Iterable[tuple[str, str]]) -> Mapping[str, list[str]]:
    """(site, device) pairs as a store wants them."""
    scope: dict[str, list[str]] = {}
    for site, device in devices:
        scope.setdefault(site, []).append(device)
    return scope
