"""Months that went wrong once: each is replayed from shortly before the trouble, and must go right.

`python -m tests.detection --seeds SEED` shows a month's troubles; the list keeps seeds whose rule was mended since.
"""

from typing import NamedTuple


class Regression(NamedTuple):
    """A seed, the days of its month that are replayed (from its first moment), and what had gone wrong."""

    seed: int
    days: float
    trouble: str
    faults: bool = True
    """False: a healthy month."""


REGRESSIONS: tuple[Regression, ...] = ()
