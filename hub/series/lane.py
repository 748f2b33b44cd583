"""The lane of live writes: a thread of its own writes them, so that no time-out of the store is waited for.

Whoever writes waits as long as he has patience. A write that takes longer goes on alone; what becomes of it does not
matter, for its batch is kept on disk meanwhile, and writing a point again changes nothing.
"""

import queue
import threading
import time
from collections.abc import Callable

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
    """Writes in the order they were handed over. `observe` is told (points, seconds, error) of each that ended."""

    def __init__(self, observe: Callable[[int, float, Exception | None], None] = lambda *_: None) -> None:
        self._observe = observe
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._run, name="series-live", daemon=True)
        self._thread.start()

    def start(self, points: int, write: Callable[[], None]) -> Job:
        """Hand a write of so many points over. Whoever does goes on, and waits for it when nothing else is to do."""
        job = Job(points, write)
        self._jobs.put(job)
        return job

    def quiet(self, timeout: float) -> bool:
        """Wait until no write is under way; False where one still is after `timeout` seconds."""
        return self._idle.wait(timeout)

    def close(self) -> None:
        """Waits two seconds at the most for a write under way; its batch is on disk, or nobody waits for it."""
        self._jobs.put(None)
        self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if job.given_up:  # it waited behind a slow one, and is kept by now
                continue
            self._idle.clear()
            began = time.monotonic()
            try:
                job.write()
            except Exception as error:  # noqa: BLE001 - handed to whoever waits
                job.error = error
            self._observe(job.points, time.monotonic() - began, job.error)
            self._idle.set()
            job.done.set()
