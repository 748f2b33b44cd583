"""The lane of live writes: threads of its own write them, so that no time-out of the store is waited for.

Two at a time, since InfluxDB reads one request with one core. Where both hold a value of one device at one moment,
either may stay: they are the same, unless an agent contradicts itself. Whoever writes waits as long as he has patience.
A write that takes longer goes on alone; what becomes of it does not matter, for its batch is kept on disk meanwhile,
and writing a point again changes nothing.
"""

import queue
import threading
import time
from collections.abc import Callable

WRITERS = 2
"""Measured: two take InfluxDB 1.6.7 half as many points again as one, three no more."""

_CLOSE_SECONDS = 2.0


class Late(Exception):  # noqa: N818 - a state
    """The store did not answer in time; the write may or may not happen yet."""


class Job:
    """A write that was handed over."""

    def __init__(self, points: int, write: Callable[[], None]) -> None:
        self.points = points
        self.write = write
        self.done = threading.Event()
        self.error: Exception | None = None
        self.given_up = False

    def wait(self, patience: float) -> None:
        """Raises Late after `patience` seconds, and what the store's own `write` raises."""
        if not self.done.wait(patience):
            self.give_up()
            raise Late
        if self.error is not None:
            raise self.error

    def give_up(self) -> None:
        """Nobody waits any more: where it has not begun it need not."""
        self.given_up = True


class Lane:
    """Begins writes in the order they were handed over, `writers` at a time.

    `observe` is told (points, seconds, error) of each that ended, from the thread that wrote.
    """

    def __init__(
        self, observe: Callable[[int, float, Exception | None], None] = lambda *_: None, writers: int = WRITERS
    ) -> None:
        self._observe = observe
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._writing = 0
        self._changed = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, name=f"series-live-{number}", daemon=True) for number in range(writers)
        ]
        for thread in self._threads:
            thread.start()

    def start(self, points: int, write: Callable[[], None]) -> Job:
        """Hand a write of so many points over. Whoever does goes on, and waits for it when nothing else is to do."""
        job = Job(points, write)
        self._jobs.put(job)
        return job

    def quiet(self, timeout: float) -> bool:
        """Wait until no write is under way; False where one still is after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._writing == 0, timeout)

    def close(self) -> None:
        """Waits two seconds at the most for writes under way; their batches are on disk, or nobody waits for them."""
        for _ in self._threads:
            self._jobs.put(None)
        until = time.monotonic() + _CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.given_up:  # it waited behind a slow one, and is kept by now
                continue
            self._count(1)
            began = time.monotonic()
            try:
                job.write()
            except Exception as error:  # noqa: BLE001 - handed to whoever waits
                job.error = error
            self._observe(job.points, time.monotonic() - began, job.error)
            self._count(-1)
            job.done.set()

    def _count(self, more: int) -> None:
        with self._changed:
            self._writing += more
            self._changed.notify_all()
