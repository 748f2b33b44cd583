"""How many requests the history of a recorder's channels may cost: half of the hour's, evenly, none in one heap.

The other half is for what is asked every round, and for others of us that ask the same recorder.
"""

import time
from collections.abc import Callable

BURST = 24
"""Requests that may follow each other at once, after a time of none."""

_SHARE = 0.5

_YIELDS_AT = 0.85
"""Part of the hour's requests, all of us together, from which on history waits: whether a channel is online, pictures
and events must not be held back for it."""


class Pace:
    """An allowance that refills. `per_hour` None: as many as it takes (`collect`, which runs once); `spent` is how many
    were sent to the recorder within the last hour, whoever of us sent them."""

    def __init__(
        self,
        per_hour: int | None,
        monotonic: Callable[[], float] = time.monotonic,
        spent: Callable[[], int] = lambda: 0,
    ) -> None:
        self._most = per_hour * _YIELDS_AT if per_hour is not None else None
        self._spent = spent
        self._per_second = per_hour * _SHARE / 3600 if per_hour is not None else None
        self._monotonic = monotonic
        self._left = float(BURST)
        self._at = monotonic()

    def allows(self) -> bool:
        """Whether another question may be asked now, however many requests it turns out to be."""
        if self._per_second is None:
            return True
        now = self._monotonic()
        self._left = min(BURST, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left >= 1 and (self._most is None or self._spent() < self._most)

    def spend(self, requests: int) -> None:
        """Count what a question took. A costly one leaves a debt."""
        self._left -= requests
