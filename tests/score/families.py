"""Series as monitoring rooms have them, healthy and with one anomaly planted in each; the same for the same seed."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

T0 = 1_798_761_600.0
"""2027-01-01 00:00 UTC, a Friday; s."""

DAY = 86_400.0


@dataclass(frozen=True)
class Made:
    """A series; `window` are the rows that are anomalous, None for a healthy one."""

    family: str
    anomaly: str
    times: list[float]
    values: list[float]
    window: range | None


Healthy = Callable[[Random, list[float]], tuple[list[float], list[float]]]
"""Random numbers, times → values, and how far each spreads by itself."""


def noise(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """A level and nothing else: the bitrate of a camera of constant bitrate."""
    level, spread = random.uniform(20, 200), random.uniform(0.5, 5)
    return [random.gauss(level, spread) for _ in times], [spread] * len(times)


def daily(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """Warm by day, cool by night."""
    level, swing, spread = random.uniform(20, 60), random.uniform(5, 20), random.uniform(0.5, 2)
    shift = random.uniform(0, DAY)
    return [level + swing * math.sin(2 * math.pi * (t + shift) / DAY) + random.gauss(0, spread) for t in times], [
        spread
    ] * len(times)


def weekly(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """Busy in office hours of working days."""
    low, high, spread = random.uniform(10, 30), random.uniform(60, 120), random.uniform(2, 5)
    values = []
    for t in times:
        day, hour = int((t - 4 * DAY) // DAY) % 7, t % DAY / 3600
        busy = day < 5 and 7 <= hour < 18
        values.append((high if busy else low) + random.gauss(0, spread))
    return values, [spread] * len(times)


def wandering(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """Each value hangs on the one before: the temperature of a cabinet."""
    level, spread, rest, values = random.uniform(20, 45), random.uniform(0.2, 0.6), 0.0, []
    for _ in times:
        rest = 0.95 * rest + random.gauss(0, spread)
        values.append(level + rest)
    return values, [3.2 * spread] * len(times)


def motion(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """A channel that records motion only: much by day, little at night, less on Sundays; bursts at any time."""
    scale, values, spreads = random.uniform(100, 400), [], []
    for t in times:
        day, hour = int((t - 4 * DAY) // DAY) % 7, t % DAY / 3600
        usual = scale * (0.03 + math.exp(-(((hour - 13) / 4) ** 2))) * (0.3 if day == 6 else 1.0)
        values.append(usual * random.lognormvariate(0, 0.35))
        spreads.append(0.4 * usual)
    return values, spreads


def jitter(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """Response times: skewed, and now and then one that is much longer."""
    usual = random.uniform(0.02, 0.2)
    values = [
        usual * random.lognormvariate(0, 0.25) * (random.uniform(2, 5) if random.random() < 0.01 else 1) for _ in times
    ]
    return values, [0.3 * usual] * len(times)


def rising(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """Grows steadily, as a counter or a store that fills."""
    slope, spread = random.uniform(5, 20) / DAY, random.uniform(0.5, 1.5)
    return [slope * (t - times[0]) + random.gauss(0, spread) for t in times], [spread] * len(times)


def stepped(random: Random, times: list[float]) -> tuple[list[float], list[float]]:
    """Whole numbers that change seldom: frames a second."""
    usual = random.choice([12, 15, 25])
    return [usual - (1.0 if random.random() < 0.05 else 0.0) for _ in times], [0.5] * len(times)


FAMILIES: dict[str, Healthy] = {
    made.__name__: made for made in (noise, daily, weekly, wandering, motion, jitter, rising, stepped)
}


def spike(random: Random, values: list[float], spreads: list[float], first: int) -> range:
    """One value, far up."""
    values[first] += random.uniform(10, 20) * spreads[first]
    return range(first, first + 1)


def dip(random: Random, values: list[float], spreads: list[float], first: int) -> range:
    """A few values, far down."""
    rows = range(first, first + random.randint(2, 4))
    for row in rows:
        values[row] -= random.uniform(10, 15) * spreads[row]
    return rows


def shift(random: Random, values: list[float], spreads: list[float], first: int) -> range:
    """A new level for good; the first hundred values of it count."""
    size = random.choice([-1, 1]) * random.uniform(6, 12)
    for row in range(first, len(values)):
        values[row] += size * spreads[first]
    return range(first, first + 100)


def restless(random: Random, values: list[float], spreads: list[float], first: int) -> range:
    """Varies five times as much."""
    rows = range(first, first + 100)
    for row in rows:
        values[row] += random.gauss(0, 5 * spreads[row])
    return rows


def stuck(random: Random, values: list[float], spreads: list[float], first: int) -> range:
    """The same value again and again."""
    rows = range(first, first + 100)
    for row in rows:
        values[row] = values[first]
    return rows


def displaced(random: Random, values: list[float], spreads: list[float], first: int) -> range:
    """A stretch at another level, and back."""
    rows = range(first, first + random.randint(30, 60))
    size = random.choice([-1, 1]) * random.uniform(5, 8)
    for row in rows:
        values[row] += size * spreads[row]
    return rows


ANOMALIES = {made.__name__: made for made in (spike, dip, shift, restless, stuck, displaced)}
POSITIVE = {"motion", "jitter", "stepped"}

UNTELLABLE = {("stepped", "stuck"), ("stepped", "restless")}
"""Frames that never vary much are stuck most of the time."""


def times(random: Random, spacing: float, rows: int) -> list[float]:
    """Even, or as they come: late by a little, with gaps, some twice."""
    found: list[float] = []
    rough, moment = random.random() < 0.4, T0 + random.uniform(0, 7 * DAY)
    while len(found) < rows:
        if rough and random.random() < 0.002:
            moment += random.uniform(5, 50) * spacing
        found.append(moment + (random.uniform(0, 0.3 * spacing) if rough else 0.0))
        moment += spacing
    return found


def make(family: str, anomaly: str, seed: int) -> Made:
    """One series. `anomaly` is one of ANOMALIES, or "" for a healthy one."""
    random = Random(f"{family} {anomaly} {seed}")
    spacing = random.choice([300.0, 600.0, 900.0])
    rows = int(random.uniform(21, 35) * DAY / spacing)
    moments = times(random, spacing, rows)
    values, spreads = FAMILIES[family](random, moments)
    window = None
    if anomaly:
        lively = sorted(spreads)[rows // 2]  # where next to nothing is going on, nothing can go wrong
        first = random.choice([row for row in range(rows // 2, rows - 300) if spreads[row] >= lively])
        window = ANOMALIES[anomaly](random, values, spreads, first)
        if family in POSITIVE:
            values = [max(value, 0.0) for value in values]
    return Made(family, anomaly, moments, values, window)


def every(seeds: range) -> Iterator[Made]:
    """Every family with every anomaly, and as many healthy ones."""
    for family in FAMILIES:
        for seed in seeds:
            yield make(family, "", seed)
            for anomaly in ANOMALIES:
                if (family, anomaly) not in UNTELLABLE:
                    yield make(family, anomaly, seed)
