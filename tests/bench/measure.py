"""One figure beside its baseline, both taken in the same run: ratios survive a slow or busy machine."""

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

ROUNDS = 5


@dataclass(frozen=True)
class Figure:
    """`value` and `baseline` in `unit`; `ratio` is value ÷ baseline, `against` says what the baseline is."""

    name: str
    value: float
    unit: str
    baseline: float
    ratio: float
    against: str

    def row(self) -> dict[str, object]:
        """As it goes into build/bench.json."""
        return asdict(self)


def seconds_each(work: Callable[[], object], times: int) -> float:
    """Seconds of one call: the best of a few rounds of `times` calls, which is the least disturbed."""
    best = float("inf")
    for _ in range(ROUNDS):
        gc.collect()
        began = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - began) / times)
    return best


def cost(name: str, seconds: float, baseline: float, against: str, scale: float = 1e6, unit: str = "µs") -> Figure:
    """A cost beside a baseline's: smaller is better."""
    return Figure(
        name, round(seconds * scale, 2), unit, round(baseline * scale, 2), round(seconds / baseline, 2), against
    )


def rate(name: str, per_second: float, baseline: float, unit: str, against: str) -> Figure:
    """A rate beside a baseline's: larger is better."""
    return Figure(name, round(per_second), unit, round(baseline), round(per_second / baseline, 3), against)
