"""What a technician has to look at to see what a ticket is about: which series, from when to when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.recurrence import Span
from hub.rule import Rule, Together
from wire.metrics import CATALOGUE

LEAST_MS = 10 * 60_000
"""How much is shown around a fault at least."""
BEFORE_MOST_MS = 7 * 86_400_000
AFTER_MOST_MS = 6 * 3_600_000
"""How much at most: beyond, it is another story."""
MAX_SERIES = 12


class Series(NamedTuple):
    """One series: a metric of a device."""

    kind: str
    device: str
    metric: str


class Concerned(NamedTuple):
    """A device with a finding of a rule."""

    rule: str
    kind: str
    device: str


@dataclass(frozen=True)
class Evidence:
    """The series, the time to chart them over, and within it the time of the fault (until now while it lasts)."""

    series: Sequence[Series]
    span: Span
    fault: Span


def evidence(
    one: Concerned,
    hidden: Sequence[Concerned],
    rules: Mapping[str, Rule],
    since: int,
    ended: int | None,
    now: int,
) -> Evidence:
    """Of a finding from `since` to `ended` (None: it lasts) that explains `hidden`. Times ms UTC.

    What woke its rule; of a group what woke those of its members. From as long before as it lasted, and at least as far
    back as the rule looks, to a while after its end, as far as there is a while.
    """
    end = max(since, now if ended is None else min(ended, now))
    rule = rules.get(one.rule)
    lookback = round(rule.lookback_seconds * 1000) if rule is not None else 0
    before = min(max(end - since, lookback, LEAST_MS), BEFORE_MOST_MS)
    after = min(max(end - since, LEAST_MS), AFTER_MOST_MS)
    group = rule is not None and isinstance(rule.condition, Together)
    found = [series for each in ([*hidden, one] if group else [one]) for series in _of(each, rules)]
    if not found:
        found = [Series(one.kind, one.device, name) for name in _measured(one.kind)[:1]]
    span = Span(since - before, min(now, end + after))
    return Evidence(list(dict.fromkeys(found))[:MAX_SERIES], span, Span(since, end))


def _of(one: Concerned, rules: Mapping[str, Rule]) -> list[Series]:
    rule = rules.get(one.rule)
    known = _measured(one.kind)
    return [Series(one.kind, one.device, name) for name in (rule.wakes if rule else ()) if name in known]


def _measured(kind: str) -> list[str]:
    return [metric.name for metric in CATALOGUE if kind in metric.kinds]
