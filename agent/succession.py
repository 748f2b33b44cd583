"""Collectors giving way to others while the agent runs: one that hangs holds up nothing, nor do such pile up."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from agent.job import Job

Make = Callable[[], Sequence[Job]]
"""Makes the collectors of one plugin. Raises ConfigError."""

PATIENCE_SECONDS = 60.0
"""How long at most successors wait for a run under way: two at once on one device is what we avoid."""
CLOSE_SECONDS = 5.0
MOST_LEFT = 16
"""Threads of former collectors that may hang; at the bound, no further collector is started."""


@dataclass
class Succession:
    """The collectors of one plugin, and how to make those that follow: not before these have ended, for what they
    remember on disk is read then."""

    old: Sequence[Job]
    make: Make
    since: float = field(default_factory=time.monotonic)

    def begin(self) -> None:
        """Tell the old ones to end after what they are doing."""
        for job in self.old:
            job.retired.set()
            job.wake.set()

    def hurry(self) -> None:
        """Again and again: one told between its look at the flag and its wait would not have heard."""
        for job in self.old:
            if job.alive:
                job.interrupt()

    def due(self) -> bool:
        """Every old one has ended or hangs."""
        return all(not job.alive or self._hangs(job) for job in self.old)

    def left(self) -> Iterator[threading.Thread]:
        """Threads that were not waited for."""
        return (job.thread for job in self.old if job.thread is not None and job.alive)

    def _hangs(self, job: Job) -> bool:
        waited = time.monotonic() - self.since
        if job.running:
            return job.overdue or waited >= min(PATIENCE_SECONDS, job.settings.timeout_seconds)
        return waited >= CLOSE_SECONDS
