"""Reads devices' newest values from the series store: of a whole fleet at once, none newer than rules have seen.

A question is about one metric and costs the store a seek a device, so devices are asked about together: all that were
heard lately; those that have been silent, by the week in which they fell silent. Where the store holds a value that no
rule has judged, for a hub was killed between the two, the one before it is wanted: those are asked about once more, by
the minute in which they were judged last.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from hub.fleet import Site
from hub.remembered import Remembered
from hub.series.store import Pick, Spans, Value
from hub.window import Window

LOOKBACK_MS = 2 * 86_400_000
"""Newest values older than this before the mark are taken as never seen; daily metrics must fit in."""

LATELY_MS = 3_600_000
"""Agents whose mark is so near the newest one are asked for together, whatever their number."""

WEEK_MS = 7 * 86_400_000
MINUTE_MS = 60_000
EVER_MS = 1 << 62

SITES_AT_ONCE = 500
"""So many are named in a question."""

QUESTIONS_AT_ONCE = 4
"""One keeps a core of the store busy, and a hub that starts does nothing else meanwhile."""

Key = tuple[str, str]
"""(site, device)"""

Asked = tuple[tuple[int, int], Pick]
"""A span (ms UTC), and what is wanted of it."""


class Owed(NamedTuple):
    """A device whose past is wanted, up to what rules have seen of it (ms UTC), and what they look back on."""

    kind: str
    mark: int
    windows: tuple[Window, ...]


Debts = Mapping[Key, Owed]


def owed(places: Mapping[str, Site]) -> dict[Key, Owed]:
    """Every device whose agent has ever reported."""
    return {
        (name, subject.device): Owed(subject.kind.value, state.mark, tuple(subject.windows))
        for name, site in places.items()
        for subject in site.devices.values()
        if (state := site.agents.get(subject.agent)) is not None and state.mark
    }


def read_newest(
    devices: Debts, series: Remembered, now: int, *, everywhere: bool, at_once: int = QUESTIONS_AT_ONCE
) -> dict[Key, dict[str, Value]]:
    """Metric → newest value, of each. `everywhere`: they are most of their kinds. Raises SeriesUnavailable."""
    newest: dict[Key, dict[str, Value]] = {key: {} for key in devices}
    # A gateway whose clock is ahead must not make everybody else look long silent.
    end = max((one.mark for one in devices.values() if one.mark <= now), default=now)
    lately = {key: one for key, one in devices.items() if end - LATELY_MS <= one.mark <= end}
    silent = {key: one for key, one in devices.items() if key not in lately}
    overtaken: dict[Key, Owed] = {}

    def look(those: Debts, asked: Sequence[Asked], sites: list[str] | None) -> None:
        for kind, metric, found in _answers(series, {one.kind for one in those.values()}, asked, sites, at_once):
            for key, values in found.items():
                one = those.get(key)
                if one is None or one.kind != kind:
                    continue
                judged = [value for value in values if value.at <= one.mark]
                if len(judged) < len(values):
                    overtaken[key] = one
                if judged and judged[-1].at > one.mark - LOOKBACK_MS:
                    newest[key][metric] = judged[-1]

    recent: Asked = ((end - LATELY_MS - LOOKBACK_MS, end), "last")
    for _, those, sites in _grouped(lately, EVER_MS) if not everywhere else [(0, lately, None)]:
        look(those, [recent], sites)
    for week, those, sites in _grouped(silent, WEEK_MS):
        look(those, [((week - LOOKBACK_MS, week + WEEK_MS - 1), "last")], sites)
    for minute, those, sites in _grouped(dict(overtaken), MINUTE_MS):
        newest.update({key: {} for key in those})
        before, within = (minute - LOOKBACK_MS, minute - 1), (minute - 1, minute + MINUTE_MS - 1)
        look(those, [(before, "last"), (within, "every")], sites)
    return newest


def _grouped(devices: Debts, length: int) -> Iterator[tuple[int, Debts, list[str]]]:
    """Those whose marks are in the same so many ms, and when these begin; of so many sites as a question may name."""
    spans: dict[int, dict[str, dict[Key, Owed]]] = defaultdict(lambda: defaultdict(dict))
    for key, one in devices.items():
        spans[one.mark // length * length][key[0]][key] = one
    for start, by_site in sorted(spans.items()):
        names = sorted(by_site)
        for first in range(0, len(names), SITES_AT_ONCE):
            sites = names[first : first + SITES_AT_ONCE]
            yield start, {key: one for site in sites for key, one in by_site[site].items()}, sites


def _answers(
    series: Remembered, kinds: set[str], asked: Sequence[Asked], sites: list[str] | None, at_once: int
) -> Iterator[tuple[str, str, Mapping[Key, list[Value]]]]:
    """Of every metric of every kind, older ones first, several questions at a time."""
    metrics = [(kind, metric) for kind in sorted(kinds) for metric in series.metrics(kind)]
    questions = [(kind, metric, [span], pick) for span, pick in asked for kind, metric in metrics]

    def ask(question: tuple[str, str, Spans, Pick]) -> Mapping[Key, list[Value]]:
        kind, metric, spans, pick = question
        return series.across(kind, metric, spans, sites=sites, pick=pick)

    with ThreadPoolExecutor(at_once) as pool:
        for (kind, metric, *_), found in zip(questions, pool.map(ask, questions), strict=True):
            yield kind, metric, found
