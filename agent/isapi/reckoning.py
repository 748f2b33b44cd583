"""From the digits of a recorder's times to moments, and back.

Digits are local time, `Z` or not: the well-known quirk of searches. Some firmware means its `Z`, though. Which it is
shows in what is being recorded right now: its last second is either what the wall clock shows, or what UTC shows.
"""

import time
from collections.abc import Callable

from agent.isapi.clock import Clock
from agent.isapi.stamp import Stamp

_NOW = 900.0
"""So far from now may the end of what is being recorded lie."""


class Reckoning:
    """Of one recorder, from the last answer about its clock."""

    def __init__(self, clock: Clock, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.zone = clock.zone
        self.zulu_is_utc = False
        """Whether `Z` behind its search results is the truth."""
        self._settled = False
        self._monotonic = monotonic
        self._moment = clock.moment
        self._at = monotonic()

    def set(self, clock: Clock) -> None:
        """It told its clock anew."""
        self.zone, self._moment, self._at = clock.zone, clock.moment, self._monotonic()

    @property
    def now(self) -> float:
        """By its own clock, Unix seconds."""
        return self._moment + self._monotonic() - self._at

    def moment(self, stamp: Stamp) -> int:
        """When that was, Unix seconds."""
        return stamp.wall if stamp.zulu and self.zulu_is_utc else self.zone.moment(stamp.wall)

    def digits(self, moment: float) -> int:
        """What a search must ask for."""
        return int(moment) if self.zulu_is_utc else self.zone.wall(int(moment))

    def learn(self, newest: Stamp) -> bool:
        """Judge by the end of a channel's newest recording; whether that changed the reckoning.

        A channel that shows the wall clock settles it. One that stopped eight hours ago in China looks as if its `Z`
        were true, until another one's recordings would then end in the future.
        """
        now = int(self.now)
        local = self.zone.wall(now)
        if not newest.zulu or self._settled or abs(local - now) <= 2 * _NOW:
            return False
        before = self.zulu_is_utc
        if abs(newest.wall - local) <= _NOW:
            self.zulu_is_utc, self._settled = False, True
        elif abs(newest.wall - now) <= _NOW:
            self.zulu_is_utc = True
        elif newest.wall > now + _NOW:
            self.zulu_is_utc = False
        elif newest.wall > local + _NOW:
            # West of Greenwich the wall clock is behind: what it would show in the future must be UTC.
            self.zulu_is_utc = True
        return self.zulu_is_utc != before
