"""What to send next and when to send it again: a bounded window over the spool. No network in here.

The hub's answer is the only proof, so the time it takes is measured as TCP does it (smoothed, with its deviation, from
reports that were sent once), and what stays unanswered is sent again after that time, doubling, with jitter, within
bounds. Live reports go first; a backlog may not take the last quarter of the window from them.
"""

import random
from collections import deque
from dataclasses import dataclass

from agent.spool import Kept, Spool

WINDOW_REPORTS = 64
WINDOW_BYTES = 1024 * 1024
BACKLOG_SHARE = 0.75
LIVE_SECONDS = 30.0
SHORTEST_WAIT = 2.0
LONGEST_WAIT = 300.0


@dataclass
class _Flight:
    """One report on its way. Times are monotonic seconds."""

    kept: Kept
    first: float
    last: float
    wait: float
    due: float
    sent: int = 1


class RoundTrip:
    """How long the hub takes to answer, and so how long to wait for it (RFC 6298, with our own bounds)."""

    def __init__(self) -> None:
        self._smoothed: float | None = None
        self._deviation = 0.0
        self.wait = SHORTEST_WAIT
        """Seconds to wait for an answer to a report now sent for the first time."""

    def measured(self, seconds: float) -> None:
        """An answer came after so long, to a report that was sent once."""
        if self._smoothed is None:
            self._smoothed, self._deviation = seconds, seconds / 2
        else:
            self._deviation += (abs(self._smoothed - seconds) - self._deviation) / 4
            self._smoothed += (seconds - self._smoothed) / 8
        self.wait = self.estimate()

    def estimate(self) -> float:
        """The wait that the measurements alone suggest."""
        if self._smoothed is None:
            return SHORTEST_WAIT
        return min(LONGEST_WAIT, max(SHORTEST_WAIT, self._smoothed + 4 * self._deviation))

    def missed(self, wait: float) -> None:
        """No answer within `wait`: a hub that is only slow must get to answer a first sending some day."""
        self.wait = min(LONGEST_WAIT, max(self.wait, 2 * wait))


class Outbox:
    """Used by one thread, the uplink's. `now` is monotonic seconds."""

    def __init__(
        self,
        spool: Spool,
        *,
        reports: int = WINDOW_REPORTS,
        max_bytes: int = WINDOW_BYTES,
        jitter: random.Random | None = None,
    ) -> None:
        self._spool = spool
        self._reports = reports
        self._max_bytes = max_bytes
        self._random = jitter or random.Random()  # noqa: S311 - jitter, no secret
        self._flights: dict[str, _Flight] = {}
        self._round_trip = RoundTrip()
        self._marks: deque[tuple[float, int]] = deque([(float("-inf"), spool.newest)])
        """Moments and the newest report at them, a second apart, for as long as a report is live."""

    def due(self, now: float) -> list[Kept]:
        """What to publish now: first what was not answered in time, then live reports, then the backlog."""
        again = [self._again(flight, now) for flight in self._flights.values() if flight.due <= now]
        newest, live_from = self._spool.newest, self._live_from(now)
        live = self._take(live_from, newest, 1.0, now)
        return [*again, *live, *self._take(0, live_from, BACKLOG_SHARE, now)]

    def _again(self, flight: _Flight, now: float) -> Kept:
        if flight.due > float("-inf"):
            self._round_trip.missed(flight.wait)
            flight.wait = min(LONGEST_WAIT, 2 * flight.wait)
        flight.sent += 1
        flight.last = now
        flight.due = now + self._jittered(flight.wait)
        return flight.kept

    def _take(self, after: int, upto: int, share: float, now: float) -> list[Kept]:
        """New reports into what is left of this share of the window."""
        used = sum(len(flight.kept.body) for flight in self._flights.values())
        room = int(self._reports * share) - len(self._flights)
        taken = self._spool.take(after, upto, room, int(self._max_bytes * share) - used) if room > 0 else []
        for kept in taken:
            wait = self._round_trip.wait
            self._flights[kept.id] = _Flight(kept, first=now, last=now, wait=wait, due=now + self._jittered(wait))
        return taken

    def _live_from(self, now: float) -> int:
        """Reports behind this position were put within the last `LIVE_SECONDS`."""
        if now - self._marks[-1][0] >= 1.0:
            self._marks.append((now, self._spool.newest))
        while len(self._marks) > 1 and now - self._marks[1][0] >= LIVE_SECONDS:
            self._marks.popleft()
        return self._marks[0][1]

    def _jittered(self, wait: float) -> float:
        return wait * self._random.uniform(0.9, 1.25)

    def wait(self, now: float) -> float:
        """Seconds until something in flight is to be sent again; infinite when nothing is."""
        return max(0.0, min((flight.due for flight in self._flights.values()), default=float("inf")) - now)

    def reconnected(self) -> None:
        """A new connection: what was in flight may have been lost with the old one, so all of it is due."""
        for flight in self._flights.values():
            flight.due = float("-inf")
            flight.wait = self._round_trip.estimate()

    def acknowledged(self, committed: list[str], now: float) -> int:
        """The hub has committed these ids or ranges; how many were ours. Raises DecodeError for a senseless range."""
        names = self._spool.acknowledged(committed)
        if names:
            latest = max(self._landed(name, now) for name in names)
            self._hurry(latest)
        return len(names)

    def refused(self, report_id: str, reason: str, now: float, at: int) -> bool:
        """The hub will never commit this one (`at` is the wall clock, ms); False when it is none of those in flight."""
        if not self._spool.refused(report_id, reason, at):
            return False
        self._landed(report_id, now)
        return True

    def _landed(self, report_id: str, now: float) -> float:
        """One is settled; when it was first sent."""
        flight = self._flights.pop(report_id)
        if flight.sent == 1:
            self._round_trip.measured(now - flight.first)
        return flight.first

    def _hurry(self, answered: float) -> None:
        """A report first sent at `answered` came through: what was last sent before it and still waits got lost.

        So a hub that was away for hours gets everything as soon as it answers anything new.
        """
        for flight in self._flights.values():
            if flight.last < answered:
                flight.wait = self._round_trip.estimate()
                flight.due = float("-inf")
