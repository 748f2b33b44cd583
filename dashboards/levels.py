"""Where a rule has a level for what a panel shows, the panel shows that level, and no other: looked up from the rules,
whatever the board says."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from dashboards.limits import rules
from hub.rule import Rule, Threshold
from wire.metrics import BY_NAME as METRICS
from wire.records import BY_NAME as RECORDS

Json = Mapping[str, Any]

_PLAIN = re.compile(r'(?:(?:mean|min|max|last|first)\()?"(\w+)"\)?(?: AS "(\w+)")?')
"""A value as it is stored. What is reckoned from it (a count, a growth, a quotient) has levels of its own, or none."""
_ROLLED = re.compile(r"(\w+)_(?:mean|min|max)")

OF_RECORDS: Mapping[tuple[str, str], tuple[str, str]] = {
    ("site_rate", "integrity_ratio"): ("channel", "recording_integrity_ratio"),
    ("device_info", "target_days"): ("channel", "recording_retention_days"),
}
"""(record, field) → (kind, metric) whose rules speak of the same."""


def levels(board: Json) -> Iterator[str]:
    """What is wrong with the thresholds of a board's JSON."""
    for panel in board.get("panels", []):
        if panel.get("type") == "row":
            continue
        for measurement, metric, shown, typed in plain(panel):
            where = f"{panel.get('title')!r}: {shown}"
            allowed = _allowed(measurement, metric)
            for value in sorted(value for value in typed if abs(value) not in allowed):
                yield f"{where}: no rule about {metric} has the level {value:g}"
            for rule, level in _wanted(measurement, metric):
                if level not in typed:
                    yield f"{where}: rule {rule} raises at {level:g}, and the panel does not say so"


def plain(panel: Json) -> Iterator[tuple[str, str, str, set[float]]]:
    """(measurement, metric, column, levels that are set for it) of all that a panel shows as it is stored."""
    config = panel.get("fieldConfig", {})
    columns = {
        one["matcher"]["options"]: {said["id"]: said["value"] for said in one["properties"]}
        for one in config.get("overrides") or []
    }
    for target in panel.get("targets", []):
        head, _, tail = target.get("query", "").removeprefix("SELECT ").partition(" FROM ")
        source = re.findall(r'FROM "(\w+)"', f"FROM {tail}")
        for expression in re.split(r",\s*", head):
            found = _PLAIN.fullmatch(expression)
            if found is None or not source:
                continue
            rolled, column = _ROLLED.fullmatch(found[1]), found[2] or found[1]
            metric = rolled[1] if rolled and rolled[1] in METRICS else found[1]
            settings = columns.get(column, {}) if panel.get("type") == "table" else config.get("defaults", {})
            steps = settings.get("thresholds", {}).get("steps", [])
            if metric in METRICS or source[-1] in RECORDS:
                yield source[-1], metric, column, {step["value"] for step in steps if step["value"] is not None}


def _about(measurement: str, metric: str) -> Iterator[Rule]:
    kind, name = OF_RECORDS.get((measurement, metric), (measurement, metric))
    return (rule for rule in rules().values() if name in rule.wakes and any(one.value == kind for one in rule.kinds))


@cache
def _allowed(measurement: str, metric: str) -> frozenset[float]:
    """The numbers among the settings of all rules that look at it."""
    return frozenset(
        float(value)
        for rule in _about(measurement, metric)
        for _, value in rule.settings()
        if isinstance(value, int | float)
    )


@cache
def _wanted(measurement: str, metric: str) -> tuple[tuple[str, float], ...]:
    """(rule, level) of rules whose whole condition is a level of this metric; a yes or no is no level."""
    found = []
    for rule in _about(measurement, metric):
        if isinstance(rule.condition, Threshold):
            raised, cleared = rule.condition.levels(rule.settings())
            if {raised, cleared} != {0.0, 1.0}:
                found.append((rule.name, raised))
    return tuple(found)
