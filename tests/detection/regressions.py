"""Months that went wrong once: each is replayed from shortly before the trouble, and must go right.

`python -m tests.detection --seeds SEED` shows a month's troubles; the list keeps seeds whose rule was mended since.
"""

from typing import NamedTuple


class Regression(NamedTuple):
    """A seed and the part of its month that shows the trouble: days from its first moment, and the devices it takes."""

    seed: int
    since: float
    until: float
    trouble: str
    only: tuple[str, ...] = ()
    """Agents and devices that are left; all where empty. Each does what it did in the whole month."""
    faults: bool = True
    """False: a healthy month."""

    @property
    def days(self) -> float:
        """How much of it a hub hears."""
        return self.until - self.since


_A_DOOR = ("gate-1", "access")
_A_NVR = ("gate-1", "nvr-1")
_CAMERAS = ("gate-2", "switch-2", *(name for n in (1, 2, 3, 4) for name in (f"cam-2{n}", f"switch-2-p{n}")))
_ACROSS = "a report came late at the school run; the door that was open before it and after it was taken for held open"

REGRESSIONS: tuple[Regression, ...] = (
    Regression(1004, 16.9, 17.1, _ACROSS, _A_DOOR),
    Regression(1007, 16.3, 16.5, _ACROSS, _A_DOOR),
    Regression(1100, 27.9, 30.0, "a narrow way, on which one more report went astray, was a silence too", ("gate-1",)),
    Regression(
        900_004, 28.9, 29.05, "closed 2 ms after it was looked at, corrected 2 ms before: held open", _A_DOOR, False
    ),
    Regression(700_005, 20.9, 21.3, "four cameras on ports of one switch went dark together: a ticket each", _CAMERAS),
    Regression(700_039, 21.2, 21.35, "a door fell silent for 33 minutes and had no ticket", _A_DOOR),
    Regression(
        700_031, 2.4, 13.9, "a disk that is asked hourly was seen to be gone after what it took with it", _A_NVR
    ),
    Regression(
        700_046, 1.0, 11.4, "a forecast that came true and its store, too small for all, had a ticket each", _A_NVR
    ),
    Regression(
        740_063, 21.9, 22.4, "open just before an uplink was lost, open when it was back, shut in between", _A_DOOR
    ),
    Regression(
        750_062, 9.9, 25.0, "a young channel reached the end of a store that was already known to be too small", _A_NVR
    ),
)
