"""A device's event stream: one long answer, its parts as they come, given up when it goes silent or mad."""

import time
from collections.abc import Callable, Iterator

from agent.device.errors import BadAnswer, TimedOut
from agent.device.http import DeviceHttp
from agent.device.multipart import Multipart, Part
from agent.device.pace import Pace

SILENCE_SECONDS = 60.0
"""Devices send a heartbeat every 5 to 30 s; after twice that the line is dead, though nobody hung up."""

MAX_PER_SECOND = 500
"""Parts per second, over ten of them. A recorder with 64 busy channels repeats each event once a second."""

MAX_READS = 2000
"""Reads a second; a device that sends its stream byte by byte waits as well."""

_TEN_SECONDS = 10.0


class EventStream:
    """The stream at `path` of a device. Iterating it connects; the iteration ends where the device ends the stream.
    `opened` is called when the device has begun its answer, which may be long ahead of the first part.

    Iterating raises DeviceError, PasswordMissing: TimedOut where no part was whole within `silence` seconds, whatever
    dripped in; BadAnswer where it is no stream of parts, or comes faster than MAX_PER_SECOND. For one thread at a
    time; only `interrupt` may come from another.
    """

    def __init__(
        self,
        http: DeviceHttp,
        path: str,
        silence: float = SILENCE_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self.http = http
        self.path = path
        self._silence = silence
        self._monotonic = monotonic
        self._opened = opened

    def __iter__(self) -> Iterator[Part]:
        parser = Multipart()
        pace = _Pace(self._monotonic)
        share = Pace(MAX_READS)
        with self.http.stream(self.path) as stream:
            self._opened()
            heard = self._monotonic()
            while True:
                left = heard + self._silence - self._monotonic()
                if left <= 0:
                    raise TimedOut(f"no event, not even a heartbeat, for {self._silence:g} s")
                data = stream.read(left)
                parts = parser.feed(data) if data else parser.end()
                if parts:
                    heard = self._monotonic()
                    pace.count(len(parts))
                yield from parts
                if not data:
                    return
                # Parts that are empty, or no text, count for nothing else: what comes too fast waits at the device.
                time.sleep(share.take(1))

    def interrupt(self) -> None:
        """From another thread: end the iteration at once, as Interrupted, and any that begins until `http` resumes."""
        self.http.session.interrupt()


class _Pace:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._since = monotonic()
        self._count = 0

    def count(self, parts: int) -> None:
        """Raises BadAnswer where there are too many in ten seconds."""
        now = self._monotonic()
        if now - self._since >= _TEN_SECONDS:
            self._since, self._count = now, 0
        self._count += parts
        if self._count > MAX_PER_SECOND * _TEN_SECONDS:
            raise BadAnswer(f"more than {MAX_PER_SECOND} events a second")
