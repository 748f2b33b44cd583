"""What is usual, learned from one picture after the other in a few bytes, and hard to lead astray.

While it learns it is a mean; then it creeps: so slowly that what goes wrong over weeks still differs from it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

CREEP = 1 / 2000
"""How far a learned level moves towards a picture: a month of days, at a picture every ten minutes."""
_CREEP_SHIFT = 11
TRUSTED = 6
"""Pictures after which one that is far off moves a level less."""
_WIDE = 4.0


@dataclass
class Level:
    """A number's usual value and how far it usually strays from it (about a standard deviation)."""

    mid: float = 0.0
    spread: float = 0.0
    count: int = 0

    def learn(self, value: float, mature: bool) -> None:
        """One more."""
        if self.count == 0:
            self.mid, self.spread = value, abs(value) / 4
        rate = CREEP if mature else 1 / (self.count + 1)
        off = value - self.mid
        if self.count >= TRUSTED:
            widest = _WIDE * self.spread + 0.01 * abs(self.mid)
            off = max(-widest, min(widest, off))
        self.mid += rate * off
        self.spread += max(rate, 1 / 200) * (1.25 * abs(off) - self.spread)
        self.count = min(self.count + 1, 1_000_000)


class Table:
    """A usual value (0 to 65,535) for each cell of a picture."""

    __slots__ = ("cells",)

    def __init__(self, cells: Sequence[int]) -> None:
        self.cells = array("H", cells)

    def learn(self, values: Sequence[int], count: int, mature: bool) -> None:
        """One more picture's, after `count` others: by its share while it learns, then a step towards it."""
        cells = self.cells
        if mature:
            for n, value in enumerate(values):
                step = max(1, cells[n] >> _CREEP_SHIFT)
                off = value - cells[n]
                cells[n] += max(-step, min(step, off))
            return
        trusted = count >= TRUSTED
        for n, value in enumerate(values):
            old = cells[n]
            near = max(old // 3, min(3 * old + 64, value)) if trusted else value
            cells[n] = min(65_535, old + (near - old) // (count + 1))
