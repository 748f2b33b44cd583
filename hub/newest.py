"""The newest values of a device, as rules see them: a sample is kept as it came, so taking one in costs little.

Immutable: whoever has to remember how things were keeps the object.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar, overload

from hub.series.store import Value

T = TypeVar("T")


class Newest(Mapping[str, Value]):
    """Metric → newest value: those of the newest sample, made at `at` (ms UTC), and older ones of metrics it lacks."""

    __slots__ = ("_older", "_values", "at")

    def __init__(self, at: int, values: Mapping[str, float], older: Mapping[str, Value]) -> None:
        """`older` may hold metrics that are in `values` too: then it is not looked at."""
        self.at = at
        self._values = values
        self._older = older

    @classmethod
    def of(cls, known: Mapping[str, Value]) -> "Newest":
        """From single values, each with a time of its own."""
        at = max((value.at for value in known.values()), default=0)
        values = {metric: value.value for metric, value in known.items() if value.at == at}
        return cls(at, values, {metric: value for metric, value in known.items() if value.at != at})

    def then(self, at: int, values: Mapping[str, float]) -> "Newest":
        """With a sample that is newer than all of it."""
        if self._values.keys() <= values.keys():
            return Newest(at, values, self._older)
        left = {metric: Value(self.at, value) for metric, value in self._values.items() if metric not in values}
        return Newest(at, values, {**self._older, **left})

    def beside(self, at: int, values: Mapping[str, float]) -> "Newest":
        """With values that are not newer than all of it, but newer than what is known of these metrics."""
        return Newest(self.at, self._values, {**self._older, **{metric: Value(at, v) for metric, v in values.items()}})

    def differing(self, values: Mapping[str, float]) -> Mapping[str, float]:
        """Those of these values that are not as they are known: the same told again is no news."""
        known = {metric: self.get(metric) for metric in values}
        return {metric: v for metric, v in values.items() if (old := known[metric]) is None or old.value != v}

    def no_later(self, at: int) -> "Newest":
        """As if nothing had been measured after `at`: what was is dated back to it."""
        older = {metric: Value(min(value.at, at), value.value) for metric, value in self._older.items()}
        return Newest(min(self.at, at), self._values, older)

    def time_of(self, metric: str) -> int | None:
        """When the metric was measured last, ms UTC; None where it never was."""
        if metric in self._values:
            return self.at
        known = self._older.get(metric)
        return known.at if known is not None else None

    @overload
    def get(self, metric: str, /) -> Value | None: ...
    @overload
    def get(self, metric: str, /, default: Value | T) -> Value | T: ...
    def get(self, metric: str, /, default: object = None) -> object:
        """As of every mapping, without raising and catching an error for each metric that was never told."""
        number = self._values.get(metric)
        return Value(self.at, number) if number is not None else self._older.get(metric, default)

    def __getitem__(self, metric: str) -> Value:
        number = self._values.get(metric)
        return Value(self.at, number) if number is not None else self._older[metric]

    def __iter__(self) -> Iterator[str]:
        yield from self._values
        yield from (metric for metric in self._older if metric not in self._values)

    def __len__(self) -> int:
        return len(self._values.keys() | self._older.keys())


NOTHING = Newest(0, {}, {})
"""Of a device that has never told anything."""
