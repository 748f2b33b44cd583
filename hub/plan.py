"""What is to be judged on a device: compiled once for all devices of the same kind, facts and settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.check import Check, Watch, watch
from hub.rule import Changed, Occurrence, Rule, Settings, Together, Unusual
from hub.scope import Whereabouts
from hub.scoped import Scoped, Spot
from hub.window import Window


@dataclass(frozen=True, eq=False)
class Plan:
    """The checks of a device, by what wakes them. Shared: however many devices have it, there is one."""

    checks: Mapping[str, Check] = field(default_factory=dict)
    """Rule → its check."""
    watches: Mapping[str, Watch] = field(default_factory=dict)
    """Metric → what it wakes."""
    learners: Sequence[tuple[str, str, Check, Unusual]] = ()
    """(metric, rule, check, condition) of what learns from every number."""
    events: Mapping[str, Sequence[tuple[Check, Occurrence]]] = field(default_factory=dict)
    """Type of event → what it wakes."""
    ends: Mapping[str, Sequence[tuple[Check, Occurrence]]] = field(default_factory=dict)
    """Type of event → what it ends."""
    changes: Sequence[tuple[Check, Changed]] = ()
    """What another value of a fact wakes."""
    groups: Sequence[tuple[Check, Together]] = ()
    """What its children's findings wake."""
    absence: Sequence[Check] = ()
    """What is judged as time passes."""
    windows: Mapping[str, Sequence[Window]] = field(default_factory=dict)
    """Metric → the windows it goes into."""


EMPTY = Plan()


class Plans:
    """Every plan there is. As many as there are different ones, not as there are devices."""

    def __init__(self, rules: Mapping[str, Rule], settings: Mapping[str, Settings]) -> None:
        self._scoped = Scoped.of(rules, settings)
        self._candidates: dict[tuple[str, Spot], Sequence[Check]] = {}
        self._plans: dict[tuple[int, ...], Plan] = {}
        self.events: set[str] = set()
        """The types of events that some rule looks at."""
        self.counted: dict[str, int] = {}
        """Those that a rule counts → over how many ms at most."""
        for name, rule in rules.items():
            condition = rule.condition
            if isinstance(condition, Occurrence):
                for check in self._scoped.everywhere(name):
                    if check.settings.enabled:
                        self._expect(check, condition)

    def of(self, where: Whereabouts, facts: Mapping[str, Any]) -> tuple[Plan, str]:
        """The plan of a device, and the area it is in."""
        spot = self._scoped.spot(where)
        checks = [check for check in self._here(where.kind, spot) if check.rule.applies(facts)]
        key = tuple(id(check) for check in checks)  # each lives as long as this object
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = _compile(checks)
        return plan, spot.area

    def _here(self, kind: str, spot: Spot) -> Sequence[Check]:
        found = self._candidates.get((kind, spot))
        if found is None:
            rules = [name for name, rule in self._scoped.rules.items() if kind in rule.kinds]
            checks = [self._scoped.check(name, spot) for name in rules]
            found = self._candidates[kind, spot] = [check for check in checks if check.settings.enabled]
        return found

    def _expect(self, check: Check, condition: Occurrence) -> None:
        self.events |= {kind for kind in (condition.event, *condition.also, condition.over) if kind}
        if condition.count is not None:
            within = round(condition.count(check.settings)[1] * 1000)
            for kind in (condition.event, *condition.also):
                self.counted[kind] = max(self.counted.get(kind, 0), within)


def _compile(checks: Sequence[Check]) -> Plan:
    by_metric: dict[str, list[Check]] = {}
    learners: list[tuple[str, str, Check, Unusual]] = []
    by_event: dict[str, list[tuple[Check, Occurrence]]] = {}
    by_window: dict[str, list[Window]] = {}
    by_end: dict[str, list[tuple[Check, Occurrence]]] = {}
    changes: list[tuple[Check, Changed]] = []
    groups: list[tuple[Check, Together]] = []
    for check in checks:
        condition = check.rule.condition
        if isinstance(condition, Occurrence):
            for kind in (condition.event, *condition.also):
                by_event.setdefault(kind, []).append((check, condition))
            if condition.over:
                by_end.setdefault(condition.over, []).append((check, condition))
        elif isinstance(condition, Changed):
            changes.append((check, condition))
        elif isinstance(condition, Together):
            groups.append((check, condition))
        elif isinstance(condition, Unusual):
            learners.append((condition.metric, check.rule.name, check, condition))
        elif not check.rule.absence:
            for metric in check.rule.wakes:
                by_metric.setdefault(metric, []).append(check)
        for window in check.windows if not check.rule.absence else ():
            if window not in by_window.setdefault(window.metric, []):
                by_window[window.metric].append(window)
    return Plan(
        checks={check.rule.name: check for check in checks},
        watches={metric: watch(metric, woken) for metric, woken in by_metric.items()},
        learners=learners,
        events=by_event,
        ends=by_end,
        changes=changes,
        groups=groups,
        absence=[check for check in checks if check.rule.absence],
        windows=by_window,
    )
