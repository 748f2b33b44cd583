"""Listening to the event stream of one access controller of Hikvision, in a thread of its own.

Connects, reads part by part, connects again with back-off when the stream ends or goes silent. Whatever it tells of
doors goes into an inbox, each event once.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from agent.device.account import PasswordMissing
from agent.device.errors import BadAnswer, DeviceError, Forbidden, Unsupported
from agent.device.workers import apart
from agent.doors.inbox import Inbox
from agent.doors.seen import Seen
from agent.doors.trouble import Trouble

if TYPE_CHECKING:
    from agent.device.multipart import Part
    from agent.isapi.alert_stream import AlertStream
    from agent.isapi.doors import Occurrence

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""Seconds between two connections, doubling, with jitter."""
LASTING_SECONDS = 60.0
"""A stream that lived so long was a good one: the next is tried soon."""
HOPELESS_SECONDS = 900.0
"""How long a controller is left alone that knows no event stream, or does not let us have it."""


class AlertListener:
    """`start`, then take from the inbox; `stop` from any thread. `stream` is made by the thread that reads it."""

    def __init__(
        self,
        label: str,
        stream: "Callable[[], AlertStream]",
        inbox: Inbox,
        seen: Seen,
        pause_seconds: float,
        monotonic: Callable[[], float] = time.monotonic,
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self.listening = False
        """Whether the stream flows."""
        self.sessions = 0
        """How often it began to flow: between two of them, events may have been missed."""
        self.error: Exception | None = None
        """Why the last stream ended or did not come about; None while it flows, or none was tried."""
        self._make = stream
        self._inbox = inbox
        self._seen = seen
        self._label = f"{label}: event stream"
        self._trouble = Trouble(self._label, pause_seconds)
        self._monotonic = monotonic
        self._first_pause = first_pause
        self._lock = threading.Lock()
        self._garbage = 0
        self._stopping = threading.Event()
        self._stream: AlertStream | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen, where that is not so; anew where its thread died of something."""
        if not self.alive and not self._stopping.is_set():
            self.listening = False
            self._thread = threading.Thread(target=self._listen, name="door-alerts", daemon=True)
            self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def halt(self) -> None:
        """End it without waiting. Does not block."""
        with self._lock:
            self._stopping.set()
            if self._stream is not None:
                self._stream.interrupt()

    def stop(self, timeout: float = 2.0) -> None:
        """End it, and wait a little for its thread."""
        self.halt()
        if self._thread is not None:
            self._thread.join(timeout)

    def garbage(self) -> int:
        """How many parts could not be read since the last time."""
        with self._lock:
            count, self._garbage = self._garbage, 0
        return count

    # -- its thread ----------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        pause = self._first_pause
        while not self._stopping.is_set():
            begun = self._monotonic()
            error = self._once()
            if self.listening:
                self._seen.know()
            self.listening = False
            if self._stopping.is_set():
                return
            self.error = error
            self._trouble.note(error)
            lasted = self._monotonic() - begun >= LASTING_SECONDS
            pause = self._first_pause if lasted else min(LONGEST_PAUSE, pause * 2)
            hopeless = isinstance(error, Unsupported | Forbidden)
            seconds = HOPELESS_SECONDS if hopeless else pause
            self._stopping.wait(seconds * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, no secret

    def _once(self) -> Exception:
        """One stream, from its opening to its end: why it ended."""
        with self._lock:
            stream = self._stream = self._make()
            if self._stopping.is_set():
                stream.interrupt()
        try:
            for part in stream:
                self._hear(part)
        except (DeviceError, PasswordMissing) as error:
            return error
        finally:
            stream.http.release()
        return BadAnswer(f"{self._label} ended by the controller")

    def _hear(self, part: "Part") -> None:
        if not self.listening:
            self.sessions += 1
            self.listening, self.error = True, None
            self._trouble.note(None)
        try:
            found = _occurrence(part)
        except BadAnswer:
            with self._lock:
                self._garbage += 1
            return
        if found is None:
            return
        with self._seen.hearing:
            for told in found.told if self._seen.first(found) else ():
                self._inbox.put(told)


def _occurrence(part: "Part") -> "Occurrence | None":
    """The event in a part, None for heartbeats and whatever else. Raises BadAnswer."""
    from agent.isapi import doors

    if part.body.lstrip()[:1] == b"<":
        return apart(lambda: _of_xml(part.body))  # names that a thread has read stay with it
    return doors.of_json(part.body)


def _of_xml(body: bytes) -> "Occurrence | None":
    from agent.device import xml
    from agent.isapi import doors

    return doors.of_xml(xml.parse(body))
