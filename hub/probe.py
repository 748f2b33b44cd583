"""Does the hub still hear? It talks to itself through the broker, and this judges what comes back. No MQTT in here.

A connection may look well and carry nothing: a broker that hangs, a network that swallows packets, access rules that
filter what is delivered. The hub is *deaf* when nothing has come for `deaf_after` seconds, neither its own word nor
anybody else's. It is *mute* when its own word does not come back although others are heard: then nothing is wrong with
what it knows of them, but agents may get no acknowledgements, or the broker's access rules lack the line for the probe.
"""

import secrets
import threading
from enum import StrEnum

ASK_AGAIN_SECONDS = 300.0
"""A word that the broker has denied is tried again so often: Mosquitto 2.0.11 hangs up on who publishes it."""

HANG_UP_SECONDS = 2.0
"""A connection that ends so soon after an unanswered probe may have ended for it."""

STRIKES = 2
"""So many in a row have."""


class Hearing(StrEnum):
    """What can be said of the connection."""

    WELL = "well"
    """Something was heard lately; or, at the beginning, nothing can be said yet."""
    DEAF = "deaf"
    MUTE = "mute"


class Probe:
    """Judges one connection after another. Thread-safe; times are monotonic seconds of the caller's."""

    def __init__(self, every: float, deaf_after: float, now: float) -> None:
        self._every = every
        self._deaf_after = deaf_after
        self._life = secrets.token_hex(8)
        self._number = 0
        self._open = False
        self._opened = now
        self._hears = False
        """Something has come on this connection."""
        self._lacking = False
        """It is known that the probe does not come back, so that its absence says nothing."""
        self._strikes = 0
        self._next = now
        self._asked: dict[bytes, float] = {}
        """Probes without an answer, and when they were sent: of this connection, oldest first."""
        self._unanswered_since: float | None = None
        """When the first of those was sent that nothing has answered, on whichever connection."""
        self._heard = now
        self._round_trip: float | None = None
        self._lock = threading.Lock()

    def opened(self, now: float) -> None:
        """A connection is up and subscribed."""
        with self._lock:
            self._open, self._hears = True, False
            self._asked.clear()
            self._opened = now
            if not self._lacking:
                self._next = now

    def closed(self, now: float) -> None:
        """It has ended."""
        with self._lock:
            sent = max(self._asked.values(), default=None)
            hung_up = self._open and sent is not None and now - sent < HANG_UP_SECONDS
            self._open = self._hears = False
            if hung_up:
                self._strikes += 1
                if self._strikes >= STRIKES:
                    self._deny(now)
            self._asked.clear()

    def due(self, now: float) -> bytes | None:
        """The word to say now, if it is time."""
        with self._lock:
            if not self._open or now < self._next:
                return None
            self._next = now + self._every
            self._number += 1
            word = f"{self._life}:{self._number}".encode()
            if len(self._asked) >= 64:  # only where others are heard all the while: the first ones tell since when
                self._asked.pop(list(self._asked)[-1])
            self._asked[word] = now
            if self._unanswered_since is None:
                self._unanswered_since = now
            return word

    def denied(self, now: float) -> None:
        """The broker says that the hub may not say it, or not hear it."""
        with self._lock:
            self._deny(now)

    def _deny(self, now: float) -> None:
        self._lacking = True
        self._next = now + ASK_AGAIN_SECONDS
        if self._unanswered_since is None:
            self._unanswered_since = now
        self._asked.clear()

    def others(self, now: float) -> bool:
        """Somebody else was heard; whether that is the first this connection has carried."""
        with self._lock:
            first = self._open and not self._hears
            self._heard, self._hears = now, self._open
            oldest, since = next(iter(self._asked.values()), now), self._unanswered_since
            # The answer may be just behind on this connection; what went unanswered on others counts, too.
            if now - oldest >= self._every / 5 and since is not None and now - since >= self._deaf_after:
                self._lacking = True
            return first

    def answer(self, word: bytes, now: float) -> bool:
        """The hub's own word was heard, if it is; whether that is the first this connection has carried."""
        with self._lock:
            sent = self._asked.get(word)
            if sent is None or not self._open:
                return False
            first, self._hears = not self._hears, True
            self._heard, self._round_trip = now, now - sent
            self._asked = {other: at for other, at in self._asked.items() if at > sent}
            self._lacking, self._strikes, self._unanswered_since = False, 0, None
            return first

    def stood_still(self, seconds: float) -> None:
        """This process did nothing for so long, and can't have heard anything."""
        with self._lock:
            self._heard += seconds
            self._opened += seconds
            self._next += seconds
            self._asked = {word: at + seconds for word, at in self._asked.items()}
            if self._unanswered_since is not None:
                self._unanswered_since += seconds

    def rest(self, now: float) -> None:
        """Nothing is meant to be heard: another hub works."""
        with self._lock:
            self._heard, self._unanswered_since = now, None

    def judge(self, now: float) -> Hearing:
        """How the connection does. Without one, nothing can be said."""
        with self._lock:
            if self._lacking and self._hears:
                return Hearing.MUTE
            if self._open and now - max(self._heard, self._opened) >= self._deaf_after:
                self._next = now  # whatever was denied: the next connection asks at once
                return Hearing.DEAF
            return Hearing.WELL

    @property
    def hears(self) -> bool:
        """The connection there is has carried something."""
        return self._hears

    @property
    def round_trip(self) -> float | None:
        """Of the newest answer, seconds; None before the first."""
        return self._round_trip

    def unheard(self, now: float) -> float | None:
        """Seconds since anything was heard; None where that says nothing, because only others' words can be heard."""
        with self._lock:
            return None if self._lacking and self._hears else max(now - self._heard, 0.0)

    def mute(self, now: float) -> float:
        """Seconds since the first of the probes that do not come back although others are heard; else 0."""
        with self._lock:
            if not (self._lacking and self._hears) or self._unanswered_since is None:
                return 0.0
            return now - self._unanswered_since

    def silent_for(self, now: float) -> float:
        """Seconds for which a connection that ends now has carried nothing, as far as that says something."""
        with self._lock:
            return 0.0 if self._lacking else max(now - self._heard, 0.0)
