"""A rule with its effective settings, ready to run."""

from dataclasses import dataclass

from hub.finding import Holds
from hub.rule import Rule, Settings, Threshold


@dataclass(frozen=True)
class Check:
    """A rule with its effective settings, ready to run. `above` and the levels are set for thresholds only."""

    rule: Rule
    settings: Settings
    holds: Holds
    threshold: bool
    above: bool = False
    raise_at: float = 0.0
    clear_at: float = 0.0


def compile_check(rule: Rule, settings: Settings) -> Check:
    """Levels and times looked up once. Raises ValueError where a threshold's levels are the wrong way round."""
    holds = Holds(round(settings.hold_seconds * 1000), round(settings.clear_seconds * 1000))
    if not isinstance(rule.condition, Threshold):
        return Check(rule, settings, holds, threshold=False)
    raise_at, clear_at = rule.condition.levels(settings)
    if raise_at == clear_at:
        raise ValueError(f"rule {rule.name}: raise and clear level are both {raise_at}")
    return Check(rule, settings, holds, True, raise_at > clear_at, raise_at, clear_at)
