"""The bounded past that a rule looks back on. Immutable tuples: whoever has to remember how it was keeps the tuple."""

from collections.abc import Iterable
from typing import NamedTuple

from hub.rule import Rule
from hub.series.store import Value

MAX_VALUES = 512
"""A window that is full loses its oldest value."""

Values = tuple[Value, ...]


class Window(NamedTuple):
    """Of one metric, so long back, at most one value in so many ms (0: every one)."""

    metric: str
    back_ms: int
    every_ms: int

    def extended(self, values: Values, value: Value) -> Values:
        """With a value that is newer than all of it; what is now too old is left out."""
        horizon = value.at - self.back_ms
        if values and values[0].at <= horizon:
            values = tuple(one for one in values if one.at > horizon)
        if self.every_ms and values and value.at // self.every_ms == values[-1].at // self.every_ms:
            return values
        return (*values[-(MAX_VALUES - 1) :], value)

    def of(self, values: Iterable[Value]) -> Values:
        """From values of the series store, oldest first."""
        kept: Values = ()
        for value in values:
            kept = self.extended(kept, value)
        return kept


def windows_of(rule: Rule) -> tuple[Window, ...]:
    """What a rule looks back on."""
    if not rule.lookback_seconds:
        return ()
    back, every = round(rule.lookback_seconds * 1000), round(rule.sample_seconds * 1000)
    return tuple(Window(metric, back, every) for metric in rule.wakes)
