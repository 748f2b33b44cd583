"""Whether the picture stands still: the very same, but for the clock written into it.

However quiet a room is, a sensor's noise makes every picture another; only one that is sent again is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.pictures.features import Features, Phase

SAME_AGAIN = 2
"""So many pictures that are as the one before, three in all, make it stand still."""
CLOCK_STRIPS = 4
"""Strips that may differ: date, time, a counter."""
APART_SECONDS = 30.0
"""Pictures taken sooner after another may be the same: devices make a snapshot every few seconds only."""
_VISIBLE = 0.08
"""Contrast below which nothing is to be seen: the noise of a black picture is lost in coding."""


@dataclass
class Still:
    """Compares each picture with the one before."""

    strips: Sequence[int] = ()
    light: Sequence[int] = field(default_factory=tuple)
    again: int = 0
    counted: float = float("-inf")
    change: float | None = None
    """Mean difference to the picture before, 0 to 1; 0 is the very same."""

    def see(self, features: Features, mono: float) -> bool | None:
        """Whether it stands still; None where that cannot be told (yet). `mono`: monotonic seconds."""
        if not self.strips:
            self._note(features, mono)
            return None
        differing = sum(now != before for now, before in zip(features.strips, self.strips, strict=True))
        self.change = _difference(features.light, self.light) if differing else 0.0
        same = differing <= CLOCK_STRIPS
        if same and mono - self.counted < APART_SECONDS:
            return None
        self.again = self.again + 1 if same else 0
        self._note(features, mono)
        if features.contrast < _VISIBLE or features.phase is Phase.DARK:
            self.again = 0
            return None
        if not same:
            return False
        return True if self.again >= SAME_AGAIN else None

    def _note(self, features: Features, mono: float) -> None:
        self.strips, self.light, self.counted = features.strips, features.light, mono


def _difference(now: Sequence[int], before: Sequence[int]) -> float:
    return sum(abs(a - b) for a, b in zip(now, before, strict=True)) / len(now) / 65_535
