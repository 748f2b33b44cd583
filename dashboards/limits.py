"""Thresholds: where a panel changes its colour is where a rule raises its ticket. No number is written twice.

above(Limit("volume_filling", "raise_ratio"))            the higher the worse
below(Limit("retention_below_target", "target_days"))    the lower the worse
beyond(Limit("clock_drift", "raise_offset_seconds"))     the further from 0 the worse, either way
"""

from collections.abc import Sequence
from functools import cache
from typing import Literal, NamedTuple

from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsConfig, ThresholdsMode

from hub.rule import Rule, Severity, discover

GREEN, BLUE, ORANGE, RED, GREY = "green", "blue", "orange", "red", "#8e8e8e"
COLOURS = {Severity.INFO: BLUE, Severity.WARNING: ORANGE, Severity.CRITICAL: RED}
PLAIN = "text"
"""Where no rule says what is good: neither good nor bad."""


@cache
def rules() -> dict[str, Rule]:
    """The hub's own."""
    return discover()


class Limit(NamedTuple):
    """A rule's setting. `severity`: where the rule makes its ticket graver at this one than its settings say."""

    rule: str
    setting: str
    severity: Severity | None = None
    times: float = 1.0
    """From the setting's unit to the panel's."""

    @property
    def value(self) -> float:
        """Its default. Raises KeyError for no such rule, AttributeError for no such setting."""
        return float(getattr(rules()[self.rule].settings(), self.setting)) * self.times

    @property
    def colour(self) -> str:
        """By how grave it is."""
        return COLOURS[self.severity or rules()[self.rule].settings().severity]


class Limits(NamedTuple):
    """What is worse, and from where on."""

    worse: Literal["above", "below", "beyond"]
    limits: Sequence[Limit]

    def steps(self) -> list[tuple[float | None, str]]:
        """(from this value on, colour), the lowest first: Grafana's own order."""
        ordered = sorted(self.limits, key=lambda limit: limit.value)
        if self.worse == "above":
            return [(None, GREEN), *((limit.value, limit.colour) for limit in ordered)]
        if self.worse == "beyond":
            low = [-limit.value for limit in reversed(ordered)]
            high = [(limit.value, limit.colour) for limit in ordered]
            down = [limit.colour for limit in reversed(ordered)]
            return [*zip([None, *low], [*down, GREEN], strict=True), *high]
        colours = [*(limit.colour for limit in ordered), GREEN]
        return [
            (None, colours[0]),
            *((limit.value, colour) for limit, colour in zip(ordered, colours[1:], strict=True)),
        ]


def above(*limits: Limit) -> Limits:
    """The higher the worse."""
    return Limits("above", limits)


def below(*limits: Limit) -> Limits:
    """The lower the worse."""
    return Limits("below", limits)


def beyond(*limits: Limit) -> Limits:
    """The further from 0 the worse."""
    return Limits("beyond", limits)


def config(limits: Limits | None) -> ThresholdsConfig:
    """As a panel has it."""
    steps = limits.steps() if limits else [(None, PLAIN)]
    return ThresholdsConfig(ThresholdsMode.ABSOLUTE, [Threshold(value, colour) for value, colour in steps])
