"""Thresholds come from the rules, in Grafana's order."""

import pytest

from dashboards.limits import Limit, above, below, beyond, config
from hub.rule import Severity

RISK = Limit("daily_integrity", "risk_ratio")
BROKEN = Limit("daily_integrity", "broken_ratio", Severity.CRITICAL)
OFF = Limit("clock_drift", "raise_offset_seconds")
BREACH = Limit("clock_drift", "breach_offset_seconds", Severity.CRITICAL)


def test_the_higher_the_worse() -> None:
    assert above(Limit("volume_filling", "raise_ratio")).steps() == [(None, "green"), (0.9, "orange")]


def test_the_lower_the_worse() -> None:
    assert below(RISK, BROKEN).steps() == [(None, "red"), (0.95, "orange"), (0.99, "green")]


def test_the_further_from_nought_the_worse() -> None:
    assert beyond(OFF, BREACH).steps() == [
        *((None, "red"), (-30.0, "orange"), (-10.0, "green"), (10.0, "orange"), (30.0, "red")),
    ]


def test_without_a_rule_nothing_is_good() -> None:
    assert [step.color for step in config(None).steps] == ["text"]


@pytest.mark.parametrize("limit", [Limit("no_such", "raise_ratio"), Limit("volume_filling", "no_such")])
def test_what_no_rule_has_is_refused(limit: Limit) -> None:
    with pytest.raises((KeyError, AttributeError)):
        above(limit).steps()
