"""What every device of a generated site is: its place, its faults, and what it tells at a moment.

Moments are seconds from the scenario's start.
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import ClassVar, NamedTuple

from simulator.faults import AnyFault
from wire.messages import Device, DeviceKind, Scalar

Values = dict[str, float]
Facts = dict[str, Scalar]

PICTURE_SECONDS = 600.0
HOUR, DAY = 3600.0, 86_400.0


class Happening(NamedTuple):
    """An event `at` seconds from the start, as a device tells it."""

    at: float
    type: str
    data: Facts


class Sky(NamedTuple):
    """Which moment of the day and week it is where the site stands, from the moment of the scenario."""

    start: float
    """The scenario's start, seconds since 1970 in the site's own time."""

    def day(self, at: float) -> int:
        """Days since 1970."""
        return int((self.start + at) // DAY)

    def hour(self, at: float) -> float:
        """0 to 24."""
        return (self.start + at) % DAY / HOUR

    def weekday(self, at: float) -> int:
        """0 is Monday: 1970 began on a Thursday."""
        return (self.day(at) + 3) % 7

    def daylight(self, at: float) -> bool:
        """Cameras see colour."""
        return 7.0 <= self.hour(at) < 18.5

    def busy(self, at: float) -> bool:
        """A school's hours."""
        return self.weekday(at) < 5 and 7.0 <= self.hour(at) < 18.0


class Thing:
    """One device. A subclass says what it tells while it is well; `faults` are those that befall it, by their time."""

    kind: ClassVar[DeviceKind]

    def __init__(self, name: str, sky: Sky, chance: Random, parent: "Thing | None" = None, title: str = "") -> None:
        self.id, self.sky, self.chance, self.parent, self.title = name, sky, chance, parent, title
        self.faults: Sequence[AnyFault] = ()

    def facts(self) -> Facts:
        """Of a device that is well."""
        return {}

    def usual(self, at: float) -> Values:
        """What it tells every time."""
        raise NotImplementedError

    def seldom(self, at: float) -> Values:
        """What it tells every PICTURE_SECONDS."""
        return {}

    def moments(self, since: float, until: float) -> Iterator[float]:
        """When it tells its values besides, in since ≤ at < until: what comes and goes between two reports."""
        return iter(())

    def happenings(self, since: float, until: float) -> Iterator[Happening]:
        """What goes on at a device that is well, in since ≤ at < until."""
        return iter(())

    def lasting(self, at: float) -> list[AnyFault]:
        """Its faults of this moment."""
        return [fault for fault in self.faults if fault.at <= at < fault.end] if self.faults else []

    def device(self, facts: Facts) -> Device:
        """As the inventory has it."""
        parent = self.parent.id if self.parent else None
        return Device(device=self.id, kind=self.kind, name=self.title, parent=parent, facts=facts)

    def jitter(self, typical: float, spread: float = 0.3) -> float:
        """A duration that is never the same: mostly near the typical, now and then far above."""
        return float(self.chance.lognormvariate(0.0, spread)) * typical
