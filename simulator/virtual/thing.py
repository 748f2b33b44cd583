"""What every device of a generated site is: its place, its faults, and what it tells at a moment.

Moments are seconds from the scenario's start.
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from simulator.faults import AnyFault
from simulator.virtual.chance import Chance
from simulator.virtual.paces import Paces
from wire.messages import Device, DeviceKind, Scalar

Values = dict[str, float]
Facts = dict[str, Scalar]

HOUR, DAY = 3600.0, 86_400.0
NEVER = -1e12


class Happening(NamedTuple):
    """An event `at` seconds from the start, as it is told; of another device than the one it befell where named."""

    at: float
    type: str
    data: Facts
    device: str = ""


class Sky(NamedTuple):
    """Which moment of the day and week it is where the site stands, from the moment of the scenario."""

    start: float
    """The scenario's start, seconds since 1970 in the site's own time."""
    offset: float = 0.0
    """What the site's own time shows more than UTC, in seconds."""
    closed: tuple[tuple[float, float], ...] = ()
    """From when to when (moments) nobody is there and all is dark."""

    def day(self, at: float) -> int:
        """Days since 1970."""
        return int((self.start + at) // DAY)

    def hour(self, at: float) -> float:
        """0 to 24."""
        return (self.start + at) % DAY / HOUR

    def weekday(self, at: float) -> int:
        """0 is Monday: 1970 began on a Thursday."""
        return (self.day(at) + 3) % 7

    def shut(self, at: float) -> bool:
        """Holidays."""
        return any(begin <= at < end for begin, end in self.closed)

    def daylight(self, at: float) -> bool:
        """Cameras see colour."""
        return 7.0 <= self.hour(at) < 18.5 and not self.shut(at)

    def busy(self, at: float) -> bool:
        """A school's hours."""
        return self.weekday(at) < 5 and 7.0 <= self.hour(at) < 18.0 and not self.shut(at)

    def school_run(self, at: float) -> bool:
        """The half-hours in which everybody comes or leaves."""
        return self.busy(at) and (7.5 <= self.hour(at) < 8.0 or 16.0 <= self.hour(at) < 16.5)


class Place(NamedTuple):
    """Where a device stands: what all of a site share, and the stream of chance that is its own."""

    sky: Sky
    paces: Paces
    chance: Chance


class Thing:
    """One device. A subclass says what it tells while it is well; `faults` are those that befall it, by their time."""

    kind: ClassVar[DeviceKind]
    appears = NEVER
    """Since when it is there at all."""

    def __init__(self, name: str, place: Place, parent: "Thing | None" = None, title: str = "") -> None:
        self.id, self.parent, self.title = name, parent, title
        self.sky, self.paces, self.chance = place
        self.faults: Sequence[AnyFault] = ()
        self._phase = self.chance.random()
        self._since, self._at = NEVER, 0.0

    # --- what a kind of device says ---

    def facts(self) -> Facts:
        """Of a device that is well."""
        return {}

    def usual(self, at: float) -> Values:
        """What a device that is well tells at this moment; ask `due` for what it is not asked every time."""
        raise NotImplementedError

    def moments(self, since: float, until: float) -> Iterator[float]:
        """When it tells its values besides, in since ≤ at < until: what comes and goes between two reports."""
        return iter(())

    def happenings(self, since: float, until: float) -> Iterator[Happening]:
        """What goes on at a device that is well, in since ≤ at < until."""
        return iter(())

    # --- what all have ---

    def values(self, at: float, since: float) -> Values:
        """What it would tell if it were well. `since` is the report before, NEVER where all is asked anew: by an agent
        that begins, and of a device that has come back."""
        returned = any(since < fault.end <= at for fault in self.faults)
        self._since, self._at = NEVER if returned else since, at
        return self.usual(at)

    @property
    def since(self) -> float:
        """When it was asked before, NEVER where everything is asked anew."""
        return self._since

    def due(self, pace: float) -> bool:
        """Whether it is time to ask what is asked so often (s). Not all devices of a site are asked in one round."""
        shift = self._phase * pace
        return (self._at + shift) // pace != (self._since + shift) // pace

    def lasting(self, at: float) -> list[AnyFault]:
        """Its faults of this moment."""
        return [fault for fault in self.faults if fault.at <= at < fault.end] if self.faults else []

    def ancestors(self) -> "Iterator[Thing]":
        """What it hangs on, nearest first."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def device(self, facts: Facts) -> Device:
        """As the inventory has it."""
        parent = self.parent.id if self.parent else None
        return Device(device=self.id, kind=self.kind, name=self.title, parent=parent, facts=facts)
