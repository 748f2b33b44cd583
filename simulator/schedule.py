"""When each fault of a script begins and ends. Knows no clock: it is told how much time has passed."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from simulator.faults import AnyFault


class Step(NamedTuple):
    """A fault begins or ends, `at` seconds from the site's being up; `number` is its place in the script."""

    at: float
    what: Literal["begin", "end"]
    number: int
    fault: AnyFault


class Schedule:
    """The steps of one pass through a script, each handed out once."""

    def __init__(self, faults: Sequence[AnyFault]) -> None:
        begins = [Step(fault.at, "begin", number, fault) for number, fault in enumerate(faults)]
        ends = [Step(fault.end, "end", number, fault) for number, fault in enumerate(faults)]
        # What ends at the moment something else begins ends first: the same device may be hit again at once.
        self._ahead = sorted(begins + ends, key=lambda step: (step.at, step.what == "begin", step.number))

    def due(self, elapsed: float) -> list[Step]:
        """The steps that have come by now and were not handed out yet, in their order."""
        count = sum(1 for step in self._ahead if step.at <= elapsed)
        due, self._ahead = self._ahead[:count], self._ahead[count:]
        return due

    @property
    def next_at(self) -> float | None:
        """When the next step comes, None after the last."""
        return self._ahead[0].at if self._ahead else None
