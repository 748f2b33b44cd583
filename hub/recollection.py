"""Reads devices' newest values from the series store: of a whole fleet at once, none newer than rules have seen.

A question is about one metric and costs the store a seek a device, so devices are asked about together: those that were
heard lately; those that have been silent, by the week in which they fell silent. Where the store holds a value that no
rule has judged, for a hub was killed between the two, the one before it is wanted: those are asked about once more, by
the minute in which they were judged last.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.fleet import Site
from hub.remembered import Question, Remembered, answers
from hub.series.store import Pick, Value
from hub.window import Window

LOOKBACK_MS = 2 * 86_400_000
"""Newest values older than this before the mark are taken as never seen; daily metrics must fit in."""

LATELY_MS = 3_600_000
"""Agents whose mark is so near the newest one are asked for together, whatever their number."""

WEEK_MS = 7 * 86_400_000
MINUTE_MS = 60_000

SITES_AT_ONCE = 500
"""So many are named in a question."""

Key = tuple[str, str]
"""(site, device)"""

Asked = tuple[tuple[int, int], Pick]
"""A span (ms UTC), and what is wanted of it."""


class Owed(NamedTuple):
    """A device whose past is wanted, up to what rules have seen of it, and what they look back on; when its agent was
    heard last, and whether that past is another than before (`AgentState.revised`). Times in ms UTC."""

    kind: str
    agent: str
    heard: int
    revised: int
    mark: int
    windows: tuple[Window, ...]


Debts = Mapping[Key, Owed]


def owed(places: Mapping[str, Site]) -> dict[Key, Owed]:
    """Every device whose agent has ever reported."""
    return {
        (name, subject.device): Owed(
            subject.kind.value, subject.agent, state.heard, state.revised, state.mark, tuple(subject.windows)
        )
        for name, site in places.items()
        for subject in site.devices.values()
        if (state := site.agents.get(subject.agent)) is not None and state.mark
    }


def read_newest(devices: Debts, series: Remembered, now: int) -> dict[Key, dict[str, Value]]:
    """Metric → newest value, of each. Raises SeriesUnavailable."""
    newest: dict[Key, dict[str, Value]] = {key: {} for key in devices}
    # A gateway whose clock is ahead must not make everybody else look long silent.
    end = max((one.mark for one in devices.values() if one.mark <= now), default=now)
    lately = {key: one for key, one in devices.items() if end - LATELY_MS <= one.mark <= end}
    silent = {key: one for key, one in devices.items() if key not in lately}
    overtaken: dict[Key, Owed] = {}

    def look(those: Debts, asked: Sequence[Asked], sites: list[str]) -> None:
        for question, found in answers(series, _questions(series, those, asked, sites)):
            for key, values in found.items():
                one = those.get(key)
                if one is None or one.kind != question.kind:
                    continue
                judged = [value for value in values if value.at <= one.mark]
                if len(judged) < len(values):
                    overtaken[key] = one
                if judged and judged[-1].at > one.mark - LOOKBACK_MS:
                    newest[key][question.metric] = judged[-1]

    for those, sites in by_sites(lately, SITES_AT_ONCE):
        look(those, [((end - LATELY_MS - LOOKBACK_MS, end), "last")], sites)
    for week, those, sites in _grouped(silent, WEEK_MS):
        look(those, [((week - LOOKBACK_MS, week + WEEK_MS - 1), "last")], sites)
    for minute, those, sites in _grouped(dict(overtaken), MINUTE_MS):
        newest.update({key: {} for key in those})
        before, within = (minute - LOOKBACK_MS, minute - 1), (minute - 1, minute + MINUTE_MS - 1)
        look(those, [(before, "last"), (within, "every")], sites)
    return newest


def by_sites(devices: Debts, sites: int, most: int | None = None) -> Iterator[tuple[Debts, list[str]]]:
    """All of them, those of so many sites together, and which; of fewer sites once these have `most` devices."""
    of_site: dict[str, dict[Key, Owed]] = defaultdict(dict)
    for key, one in devices.items():
        of_site[key[0]][key] = one
    some: dict[Key, Owed] = {}
    names: list[str] = []
    for name, those in sorted(of_site.items()):
        some.update(those)
        names.append(name)
        if len(names) == sites or (most is not None and len(some) >= most):
            yield some, names
            some, names = {}, []
    if some:
        yield some, names


def by_time(devices: Debts, length: int) -> Iterator[tuple[int, Debts]]:
    """All of them, those whose marks are in the same so many ms together, and when these begin."""
    spans: dict[int, dict[Key, Owed]] = defaultdict(dict)
    for key, one in devices.items():
        spans[one.mark // length * length][key] = one
    yield from sorted(spans.items())


def _grouped(devices: Debts, length: int) -> Iterator[tuple[int, Debts, list[str]]]:
    for start, those in by_time(devices, length):
        for some, sites in by_sites(those, SITES_AT_ONCE):
            yield start, some, sites


def _questions(series: Remembered, devices: Debts, asked: Sequence[Asked], sites: list[str]) -> list[Question]:
    """About every metric of their kinds, older spans first."""
    kinds = sorted({one.kind for one in devices.values()})
    metrics = [(kind, metric) for kind in kinds for metric in series.metrics(kind)]
    return [Question(kind, metric, [span], pick, sites) for span, pick in asked for kind, metric in metrics]
