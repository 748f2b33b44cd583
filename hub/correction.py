"""What becomes of a report's times and numbers before they are stored: functions of the report alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from hub.fleet import Site, Subject
from hub.series.store import Point
from wire.messages import DeviceKind, Event, Report, Sample
from wire.metrics import BY_NAME

EARLIEST_MS = 1_577_836_800_000
"""2020-01-01: before it there was no Watchkeeper, so a clock that says so is unset."""

MAX_AHEAD_MS = 86_400_000
"""How far past the hub's clock a corrected time is believed."""

MAX_VALUE = 1e15
"""No metric of the catalogue comes near it; what does is nonsense that would break sums and charts."""

_KNOWN = frozenset(BY_NAME)
_CLOCK = "clock_offset_seconds"
_THROUGH_US = frozenset({DeviceKind.CAMERA, DeviceKind.RECORDER})


@dataclass(slots=True)
class Corrected:
    """A report ready to be stored. `rejected` counts what could not be, by reason."""

    points: list[tuple[Subject, Point]] = field(default_factory=list)
    events: list[tuple[int, int, Event]] = field(default_factory=list)
    """(position in the report, corrected time, event)"""
    unknown: set[str] = field(default_factory=set)
    """Devices nobody has announced."""
    ahead: str = ""
    """What is further ahead of the hub's clock than is believed, if anything."""
    rejected: dict[str, tuple[int, str]] = field(default_factory=dict)

    def reject(self, reason: str, example: str) -> None:
        """Count one."""
        count, first = self.rejected.get(reason, (0, example))
        self.rejected[reason] = (count + 1, first)


def correct(report: Report, site: Site, agent: str, received: int) -> Corrected:
    """Corrected times, known metrics, own devices; the rest counted."""
    result = Corrected()
    offset = report.offset.ms
    shift = round(offset) if offset is not None else 0
    devices, latest, plain = site.devices, received + MAX_AHEAD_MS, _plain(report.samples)
    for sample in report.samples:
        device, at = sample.device, sample.at + shift
        subject = devices.get(device)
        if subject is None or subject.agent != agent or not EARLIEST_MS <= at <= latest:
            subject = _own(result, site, agent, device)
            if subject is None or not _believable(result, device, at, received):
                continue
        values: Mapping[str, float] = sample.values if plain else _sensible(result, sample.values)
        if offset is not None and subject.kind in _THROUGH_US and _CLOCK in values:
            # It was measured against its agent's clock.
            values = {**values, _CLOCK: values[_CLOCK] + offset / 1000}
        if values:
            result.points.append((subject, Point(subject.kind, subject.site, agent, device, at, values)))
    for position, event in enumerate(report.events):
        at = event.at + shift
        if _own(result, site, agent, event.device) is not None and _believable(result, event.device, at, received):
            result.events.append((position, at, event))
    return result


def _own(result: Corrected, site: Site, agent: str, device: str) -> Subject | None:
    subject = site.devices.get(device)
    if subject is None:
        result.unknown.add(device)
    elif subject.agent != agent:
        result.reject("foreign_device", device)
        return None
    return subject


def _believable(result: Corrected, device: str, at: int, received: int) -> bool:
    if EARLIEST_MS <= at <= received + MAX_AHEAD_MS:
        return True
    if at > received:
        result.ahead = f"{device} at {at}"
        return False
    result.reject("absurd_time", f"{device} at {at}")
    return False


def _plain(samples: Sequence[Sample]) -> bool:
    """Catalogued metrics and sensible numbers only, as nearly always: asked for all in one go. Where their sum is too
    large each may be sensible all the same, and is looked at by itself."""
    every = [sample.values for sample in samples]
    numbers = chain.from_iterable(values.values() for values in every)
    return set().union(*every) <= _KNOWN and sum(map(abs, numbers)) <= MAX_VALUE


def _sensible(result: Corrected, values: Mapping[str, float]) -> Mapping[str, float]:
    """Those of its values that are catalogued metrics and sensible numbers."""
    kept = {}
    for name, value in values.items():
        if name not in _KNOWN:
            result.reject("unknown_metric", name)
        elif abs(value) > MAX_VALUE:
            result.reject("absurd_value", f"{name} = {value:g}")
        else:
            kept[name] = value
    return kept
