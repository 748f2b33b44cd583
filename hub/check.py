"""A rule with its effective settings, ready to run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple

from hub.finding import Holds
from hub.rule import Changed, Occurrence, Rule, Settings, Threshold, Together
from hub.window import Window, windows_of

NEVER_QUIET = (inf, -inf)
"""No number lies between these."""

FLAPPING = 2
"""Coming back so often makes it flap: that is open for the third time."""


@dataclass(frozen=True)
class Check:
    """A rule with its effective settings, ready to run. `above` and the levels are set for thresholds only.

    `quiet`: metric → the numbers between which it raises nothing. `passing`: what raises it is over as it happens.
    """

    rule: Rule
    settings: Settings
    holds: Holds
    flapping: Holds
    threshold: bool
    passing: bool = False
    above: bool = False
    raise_at: float = 0.0
    clear_at: float = 0.0
    quiet: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    windows: tuple[Window, ...] = ()

    @property
    def aftermath(self) -> bool:
        """Whether it tells how a fault above ended."""
        return isinstance(self.rule.condition, Occurrence) and self.rule.condition.aftermath

    def explains_below(self, rule: str) -> bool:
        """Whether its open finding explains one of this rule on a device below: of a group only what it is made of,
        and what it says that it explains; of what is gone everything."""
        condition = self.rule.condition
        return self.rule.hides_children and (
            not isinstance(condition, Together) or rule in condition.rules or rule in self.rule.explains
        )

    def holds_after(self, flaps: int) -> Holds:
        """Its times for a finding that has come back so often."""
        return self.holds if flaps < FLAPPING else self.flapping


class Watch(NamedTuple):
    """What a number of a metric wakes: checks, none of which raises anything between `low` and `high`."""

    low: float
    high: float
    checks: Sequence[Check]


UNWATCHED = Watch(-inf, inf, ())
"""Of a metric that wakes nothing."""


def watch(metric: str, checks: Sequence[Check]) -> Watch:
    """The numbers that are quiet to all of them."""
    bands = [check.quiet.get(metric, NEVER_QUIET) for check in checks]
    return Watch(max(low for low, _ in bands), min(high for _, high in bands), checks)


def compile_check(rule: Rule, settings: Settings) -> Check:
    """Levels and times looked up once. Raises ValueError where a threshold's levels are the wrong way round."""
    holds = Holds(round(settings.hold_seconds * 1000), round(settings.clear_seconds * 1000))
    flapping = Holds(holds.hold, max(holds.clear, round(settings.flap_seconds * 1000)))
    windows = windows_of(rule)
    if not isinstance(rule.condition, Threshold):
        passing = isinstance(rule.condition, Occurrence | Changed)
        return Check(rule, settings, holds, flapping, False, passing, quiet=rule.quiet(settings), windows=windows)
    raise_at, clear_at = rule.condition.levels(settings)
    if raise_at == clear_at:
        raise ValueError(f"rule {rule.name}: raise and clear level are both {raise_at}")
    above = raise_at > clear_at
    quiet = {rule.condition.metric: (-inf, raise_at) if above else (raise_at, inf)}
    return Check(rule, settings, holds, flapping, True, False, above, raise_at, clear_at, quiet, windows)
