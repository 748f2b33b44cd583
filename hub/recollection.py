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

from hub.fleet import Site, Subject
from hub.newest import Newest
from hub.remembered import Remembered
from hub.series.store import Pick, Spans, Value
from wire.messages import DeviceKind

LOOKBACK_MS = 2 * 86_400_000
"""Newest values older than this before the mark are taken as never seen; daily metrics must fit in."""

LATELY_MS = 3_600_000
"""Agents whose mark is so near the newest one are asked for together, whatever their number."""

WEEK_MS = 7 * 86_400_000
MINUTE_MS = 60_000

SITES_AT_ONCE = 500
"""So many are named in a question."""

QUESTIONS_AT_ONCE = 4
"""One keeps a core of the store busy, and nothing else is done meanwhile."""


Asked = tuple[tuple[int, int], Pick]
"""A span (ms UTC), and what is wanted of it."""


class Judged(NamedTuple):
    """A device, and until when its values were judged (ms UTC)."""

    subject: Subject
    mark: int


def read_newest(places: Mapping[str, Site], series: Remembered, now: int) -> None:
    """Of every device whose agent has ever reported. Raises SeriesUnavailable."""
    named = sorted(places) if len(places) <= SITES_AT_ONCE else None
    devices = [
        Judged(subject, state.mark)
        for site in places.values()
        for subject in site.devices.values()
        if (state := site.agents.get(subject.agent)) is not None and state.mark
    ]
    # A gateway whose clock is ahead must not make everybody else look long silent.
    end = max((mark for _, mark in devices if mark <= now), default=now)
    lately = [one for one in devices if end - LATELY_MS <= one.mark <= end]
    overtaken = _look(lately, series, [((end - LATELY_MS - LOOKBACK_MS, end), "last")], named)
    silent = [one for one in devices if not end - LATELY_MS <= one.mark <= end]
    for week, group, sites in _grouped(silent, WEEK_MS):
        overtaken += _look(group, series, [((week - LOOKBACK_MS, week + WEEK_MS - 1), "last")], sites)
    for minute, group, sites in _grouped(overtaken, MINUTE_MS):
        before, within = (minute - LOOKBACK_MS, minute - 1), (minute - 1, minute + MINUTE_MS - 1)
        _look(group, series, [(before, "last"), (within, "every")], sites)


def _grouped(devices: Sequence[Judged], length: int) -> Iterator[tuple[int, list[Judged], list[str]]]:
    """Those whose marks are in the same so many ms, and when these begin; of so many sites as a question may name."""
    spans: dict[int, dict[str, list[Judged]]] = defaultdict(lambda: defaultdict(list))
    for one in devices:
        spans[one.mark // length * length][one.subject.site].append(one)
    for start, by_site in sorted(spans.items()):
        names = sorted(by_site)
        for first in range(0, len(names), SITES_AT_ONCE):
            sites = names[first : first + SITES_AT_ONCE]
            yield start, [one for site in sites for one in by_site[site]], sites


def _look(
    devices: Sequence[Judged],
    series: Remembered,
    asked: Sequence[Asked],
    sites: list[str] | None,
) -> list[Judged]:
    """Fill in their newest values, from the answers to what is `asked`, older ones first; those of whom something newer
    than their marks was found."""
    wanted = {(one.subject.kind, (one.subject.site, one.subject.device)): one for one in devices}
    newest: dict[Subject, dict[str, Value]] = {one.subject: {} for one in devices}
    overtaken: dict[Subject, Judged] = {}
    kinds = sorted({one.subject.kind for one in devices})
    for span, pick in asked:
        for kind, metric, found in _answers(series, kinds, [span], pick, sites):
            for key, values in found.items():
                one = wanted.get((kind, key))
                if one is None:
                    continue
                judged = [value for value in values if value.at <= one.mark]
                if len(judged) < len(values):
                    overtaken[one.subject] = one
                if judged and judged[-1].at > one.mark - LOOKBACK_MS:
                    newest[one.subject][metric] = judged[-1]
    for subject, known in newest.items():
        subject.latest = Newest.of(known)
    return list(overtaken.values())


def _answers(
    series: Remembered, kinds: Sequence[DeviceKind], spans: Spans, pick: Pick, sites: list[str] | None
) -> Iterator[tuple[DeviceKind, str, Mapping[tuple[str, str], list[Value]]]]:
    """Of every metric of every kind, several questions at a time."""
    questions = [(kind, metric) for kind in kinds for metric in series.metrics(kind)]

    def ask(question: tuple[DeviceKind, str]) -> Mapping[tuple[str, str], list[Value]]:
        return series.across(*question, spans, sites=sites, pick=pick)

    with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
        for (kind, metric), found in zip(questions, pool.map(ask, questions), strict=True):
            yield kind, metric, found
