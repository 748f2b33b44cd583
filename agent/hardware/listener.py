"""A device's events over a stream of its own (ISAPI, Dahua): one long connection, read in one thread.

The thread connects, hears, and connects again: soon where the device ended a living stream, later and later where it
does not answer, hourly where it knows no such stream.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence

from agent.device.account import PasswordMissing
from agent.device.errors import BadAnswer, DeviceError, Forbidden, Interrupted, TimedOut, Unsupported
from agent.device.event_stream import EventStream
from agent.device.http import DeviceHttp
from agent.device.multipart import Part
from agent.hardware.ears import Ears
from agent.hardware.model import Stranger, Told

log = logging.getLogger(__name__)

SOON_SECONDS = 5.0
LATE_SECONDS = 600.0
REFUSED_SECONDS = 3600.0
"""After how long a stream that is not offered, or not allowed to us, is asked for again."""

_JOIN_SECONDS = 2.0


class Listener:
    """To the stream at `path`. `interpret` says what is in a part; a BadAnswer of it costs that part only.

    `beat_seconds`: a stream that brought nothing for so long is dead. Firmware that sends no heartbeats is found out
    by that, and given more time, up to `silence_seconds`.
    """

    def __init__(
        self,
        ears: Ears,
        name: str,
        http: DeviceHttp,
        path: str,
        interpret: Callable[[Part], Sequence[Told | Stranger]],
        *,
        beat_seconds: float,
        silence_seconds: float,
        soon_seconds: float = SOON_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ears = ears
        self._name = name
        self._http = http
        self._path = path
        self._interpret = interpret
        self._beat = self._patience = beat_seconds
        self._silence = silence_seconds
        self._soon = self._pause = soon_seconds
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._decided = threading.Event()
        self._thread: threading.Thread | None = None
        self._trouble: DeviceError | PasswordMissing | None = None
        self._garbled = False
        self.lives = 0
        """How often the stream was opened."""

    def begin(self) -> None:
        """Start listening, if that is not done yet. Connects in a thread of its own."""
        if (self._thread is None or not self._thread.is_alive()) and not self._stop.is_set():
            self._thread = threading.Thread(target=self._listen, name=f"events-{self._name}"[:40], daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until the stream was opened or failed for the first time, at most so long."""
        self._decided.wait(seconds)

    @property
    def trouble(self) -> DeviceError | PasswordMissing | None:
        """What keeps us from listening, None where nothing does."""
        return self._trouble

    @property
    def open(self) -> bool:
        """Whether we listen. The moment between a stream that the device ended and the next counts as listening."""
        return self.lives > 0 and self._trouble is None

    def interrupt(self) -> None:
        """From any thread: stop listening."""
        self._stop.set()
        self._decided.set()
        self._http.session.interrupt()

    def end(self) -> None:
        """Stop, and wait for the thread a moment: it hangs in nothing that `interrupt` does not end."""
        self.interrupt()
        if self._thread is not None:
            self._thread.join(_JOIN_SECONDS)
        self._http.release()

    def _listen(self) -> None:
        while not self._stop.is_set():
            lives = self.lives
            parts = 0
            try:
                parts = self._live()
                self._trouble = None if parts else BadAnswer("ends its event stream at once")
            except Interrupted:
                continue
            except (DeviceError, PasswordMissing) as error:
                self._trouble = error
            finally:
                self._ears.ended(self._monotonic())
                self._http.release()
            self._decided.set()
            alive = self.lives > lives and (parts > 0 or isinstance(self._trouble, TimedOut))
            self._stop.wait(self._next_pause(alive))

    def _live(self) -> int:
        """One life of the stream: how many parts it brought. Raises DeviceError, PasswordMissing."""
        parts = 0
        stream = EventStream(self._http, self._path, self._patience, self._monotonic, self._opened)
        try:
            for part in stream:
                parts += 1
                self._hear(part)
        except TimedOut:
            self._patience = self._beat if parts else min(self._patience * 2, self._silence)
            raise
        except BadAnswer:
            if not parts:
                raise
            # Broken off in the middle: as good as ended.
            log.debug("%s: event stream broke off", self._name)
        self._patience = self._beat if parts else self._patience
        return parts

    def _opened(self) -> None:
        self.lives += 1
        self._trouble = None
        self._ears.began(self._monotonic())
        self._decided.set()

    def _hear(self, part: Part) -> None:
        now = self._monotonic()
        self._ears.alive(now)
        try:
            told = self._interpret(part)
        except BadAnswer as error:
            if not self._garbled:
                self._garbled = True
                log.warning("%s: sends what cannot be read among its events: %s", self._name, error)
            return
        for one in told:
            self._ears.hear(one, now)

    def _next_pause(self, alive: bool) -> float:
        if isinstance(self._trouble, Unsupported | Forbidden):
            pause = REFUSED_SECONDS
        elif alive:
            pause = self._pause = self._soon
        else:
            pause = self._pause
            self._pause = min(self._pause * 2, LATE_SECONDS)
        # Jitter: after a power cut all recorders of a site come back at once.
        return pause * random.uniform(0.9, 1.1)  # noqa: S311 - no secret
