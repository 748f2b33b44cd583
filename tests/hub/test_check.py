"""Numbers that no check has anything to say about are told by two comparisons."""

import math

import pytest

from hub.check import Check, compile_check, watch
from hub.rule import CLEAR, Judgement, Rule, Settings, Snapshot, Threshold, discover
from hub.series.store import Value
from wire.messages import DeviceKind

CAMERA = frozenset({DeviceKind.CAMERA})


def threshold(raise_at: float, clear_at: float) -> Check:
    condition = Threshold("response_seconds", lambda _: (raise_at, clear_at))
    return compile_check(Rule("slow", CAMERA, condition, "slow"), Settings())


def test_a_threshold_is_quiet_on_the_near_side_of_its_level() -> None:
    assert threshold(5.0, 3.0).quiet == {"response_seconds": (-math.inf, 5.0)}
    assert threshold(1.0, 2.0).quiet == {"response_seconds": (1.0, math.inf)}


def test_what_is_quiet_to_all_checks_of_a_metric_is_quiet() -> None:
    low, high, checks = watch("response_seconds", [threshold(5.0, 3.0), threshold(9.0, 3.0), threshold(1.0, 2.0)])
    assert (low, high, len(checks)) == (1.0, 5.0, 3)


def test_a_function_that_names_no_quiet_numbers_looks_at_all() -> None:
    def judge(snapshot: Snapshot, settings: Settings, now: int) -> Judgement:
        return CLEAR

    check = compile_check(Rule("odd", CAMERA, judge, "odd", metrics=("response_seconds",)), Settings())
    low, high, _ = watch("response_seconds", [check, threshold(5.0, 3.0)])
    assert not any(low < value < high for value in (-1e300, 0.0, 4.9, 1e300))


def test_levels_that_are_one_are_refused() -> None:
    with pytest.raises(ValueError, match="both"):
        threshold(1.0, 1.0)


QUIET = [rule for rule in discover().values() if compile_check(rule, rule.settings()).quiet]


@pytest.mark.parametrize("rule", QUIET, ids=lambda rule: rule.name)
def test_no_rule_calls_quiet_what_it_would_raise(rule: Rule) -> None:
    check = compile_check(rule, rule.settings())
    for metric, (low, high) in check.quiet.items():
        assert metric in rule.wakes
        assert low < high
        if callable(rule.condition) and len(rule.wakes) == 1:
            inside = [low + 1e-9, high - 1e-9] if math.isfinite(high - low) else [max(low, -1e9), min(high, 1e9)]
            for value in inside:
                snapshot = Snapshot("cam-1", next(iter(rule.kinds)), {}, {metric: Value(1, value)})
                assert rule.condition(snapshot, check.settings, 1).verdict != "firing"
