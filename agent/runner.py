"""Runs every collector on its own schedule in its own thread, and has reports made of what it read.

A collector that hangs or throws delays no other: its failure and duration are metrics of the agent. A run past its
time-out counts as failed while it still runs; no second run begins beside it, and what it brings in the end is kept,
for it was read. The interval is kept whatever happens, with jitter so that agents do not keep step. Collectors can be
exchanged for others while the rest runs on.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from agent.clock import Clock, Reference
from agent.clock_watch import ClockWatch, Datable
from agent.collector import Reading
from agent.draft import Draft
from agent.inventory import InventoryBook
from agent.job import Job, Outcome
from agent.reports import Reports
from agent.succession import MOST_LEFT, Make, Succession
from wire.settings import ConfigError

log = logging.getLogger(__name__)

OWN_INTERVAL_SECONDS = 60.0
INVENTORY_SECONDS = 15.0
"""How long the first inventory waits for collectors that are slow."""

_SOONEST_AGAIN = 5.0
_DEFECT_PAUSE = 1.0
_INTERRUPT_SECONDS = 0.25
_EXCHANGE_SECONDS = 0.1
_LONGEST_PAUSE = 86_400.0
_JITTER = (0.95, 1.05)


class Runner:
    """All jobs, and the agent's own figures. `sink` keeps a report; it must not raise and may block briefly.

    `left` are threads of collectors that an earlier runner of this process had to leave behind; `spool` is where
    reports wait that were made before the time was known.
    """

    def __init__(
        self,
        agent: str,
        jobs: Sequence[Job],
        book: InventoryBook,
        sink: Callable[[Draft], object],
        figures: Callable[[], Mapping[str, float]],
        clock: Clock,
        *,
        own_interval: float = OWN_INTERVAL_SECONDS,
        left: Sequence[threading.Thread] = (),
        spool: Datable | None = None,
    ) -> None:
        self.reference = Reference(clock)
        self.beat = time.monotonic()
        """When the supervising thread last showed that it works."""
        self._jobs = list(jobs)
        self._book = book
        self._reports = Reports(agent, book, sink, clock, self.reference)
        self._figures = figures
        self._clock = clock
        self._own_interval = own_interval
        self._random = random.Random()  # noqa: S311 - jitter, no secret
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._nudge = threading.Event()
        self._clock_watch = ClockWatch(clock, self.reference, spool)
        self._successions: dict[str, Succession] = {}
        self._left = list(left)
        self._supervisor = threading.Thread(target=self._supervise, name="runner", daemon=True)

    def start(self) -> None:
        """Run every collector now, and from then on by its interval."""
        self._supervisor.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Begin no further runs, and wait a little for those under way; each collector is closed by its own thread."""
        with self._lock:
            self._stopping.set()
            self._successions.clear()
        for job in self._jobs:
            job.wake.set()
        self._nudge.set()
        busy = self.wait(timeout)
        if busy:
            log.warning("stopped while collectors are busy names=%s", ",".join(busy))

    def wait(self, timeout: float) -> list[str]:
        """After `stop`: wait for collectors still under way, telling them to hurry; the names of those that stay."""
        deadline = time.monotonic() + timeout
        threads = [job.thread for job in self._jobs if job.thread is not None]
        threads += [self._supervisor] if self._supervisor.ident is not None else []
        while threads and time.monotonic() < deadline:
            # Again and again: one told between its look at the flag and its wait would not have heard.
            for job in self._jobs:
                job.interrupt()
            soon = min(deadline, time.monotonic() + _INTERRUPT_SECONDS)
            for thread in threads:
                thread.join(max(0.0, soon - time.monotonic()))
            threads = [thread for thread in threads if thread.is_alive()]
        return [thread.name for thread in threads]

    def collect_now(self) -> int:
        """Run what does not run and has not just run; how many collectors that is."""
        now = self._clock.mono()
        with self._lock:
            asked = [
                job
                for job in self._jobs
                if not job.running and now - job.begun >= min(_SOONEST_AGAIN, job.settings.interval_seconds)
            ]
        for job in asked:
            job.wake.set()
        return len(asked)

    def exchange(self, makers: Mapping[str, Make]) -> None:
        """Let others take the place of all collectors of these plugins.

        Returns at once. The old ones end after what they are doing, and what they read then is kept; the new ones
        are made and begin when they have ended. One that hangs is left behind, up to a bound.
        """
        with self._lock:
            for name, make in makers.items():
                pending = self._successions.get(name)
                if pending is not None:
                    pending.make = make
                    continue
                succession = Succession([job for job in self._jobs if job.name == name], make)
                succession.begin()
                self._successions[name] = succession
        self._nudge.set()

    def left_behind(self) -> int:
        """How many collectors hang that were exchanged for others."""
        return sum(thread.is_alive() for thread in self._left)

    def left(self) -> list[threading.Thread]:
        """Threads that hang and were left behind; after `stop` also those that would not end."""
        threads = [*self._left, *(job.thread for job in self._jobs if job.thread is not None)]
        return [thread for thread in threads if thread.is_alive()]

    # One collector's thread

    def _begin_due(self) -> None:
        """Begin what has not begun: what is new, and what there was no thread for before. By the supervisor only."""
        for job in list(self._jobs):
            if job.thread is None:
                self._begin(job)

    def _begin(self, job: Job) -> None:
        thread = threading.Thread(target=self._loop, args=(job,), name=f"collector-{job.key}", daemon=True)
        with self._lock:
            if self._over(job):
                return
            try:
                thread.start()
                job.thread = thread
                return
            except RuntimeError as error:  # no thread, or no memory for one: there may be later
                first, job.outcome = job.outcome is None, Outcome.FAILED
                job.note(Outcome.FAILED, str(error))
        if first:
            self._book.update(job.key, None)  # the inventory does not wait for it

    def _loop(self, job: Job) -> None:
        while not self._over(job):
            pause = job.settings.interval_seconds * self._random.uniform(*_JITTER)
            try:
                self._run(job)
            except Exception as error:  # noqa: BLE001 - supervised: a defect of ours must not end a collector's thread
                self._note_defect(job, error)
                pause = max(_DEFECT_PAUSE, pause)
            if not self._over(job):
                job.wake.wait(min(_LONGEST_PAUSE, max(0.0, job.begun + pause - self._clock.mono())))
                job.wake.clear()
        job.close()
        self._nudge.set()

    def _over(self, job: Job) -> bool:
        return self._stopping.is_set() or job.retired.is_set()

    def _note_defect(self, job: Job, error: Exception) -> None:
        """A reading could not be made a report of: that run failed, whatever its collector did."""
        with self._lock:
            job.running, job.outcome = False, Outcome.FAILED
            job.note(Outcome.FAILED, f"{type(error).__name__}: {error}")

    def _run(self, job: Job) -> None:
        with self._lock:
            job.begun, job.running, job.overdue = self._clock.mono(), True, False
        reading, outcome, text = job.collect()
        with self._lock:
            job.running, job.seconds = False, self._clock.mono() - job.begun
            if job.overdue:
                outcome, text = Outcome.FAILED, job.overtime()
            elif reading.problem:
                outcome, text = Outcome.FAILED, reading.problem
            job.outcome = outcome
            job.note(outcome, text)
            current = any(one is job for one in self._jobs)
            collector_figures = self._collector_figures([job.name]) if current else {}
            missing = self._missing(job.name)
        if current:
            self._book.mark(f"collector_{job.name}", missing)
            self._book.update(job.key, reading.devices)
        self._clock_watch.note(reading)
        self._report(job.key, self._own_word(job, reading), collector_figures)
        if reading.kept is not None:
            reading.kept()

    def _missing(self, name: str) -> str:
        """What this machine lacks for a plugin's collectors."""
        return next((job.missing for job in self._jobs if job.name == name and job.missing), "")

    def _own_word(self, job: Job, reading: Reading) -> Reading:
        """The reading without what it says of devices that are another's, or nobody's."""

        def may(device: str) -> bool:
            if self._book.attributes(device, job.key):
                return True
            text = f"device is not this collector's, what it says is dropped device={device[:60]!r} {job.key}"
            self._reports.complain(text)
            return False

        return replace(
            reading,
            measurements=[one for one in reading.measurements if may(one.device)],
            happenings=[one for one in reading.happenings if may(one.device)],
        )

    # Supervision

    def _supervise(self) -> None:
        """Notice runs past their time-out, exchange collectors, tell the agent's own figures, and let the first
        inventory go."""
        started = self._clock.mono()
        next_own = started
        while not self._stopping.is_set():
            now = self._clock.mono()
            self.beat = time.monotonic()
            self._nudge.clear()
            try:
                self._begin_due()
                if now - started >= INVENTORY_SECONDS:
                    self._book.settle()
                self._clock_watch.look()
                self._note_overdue(now)
                self._exchange_due()
                if now >= next_own:
                    next_own = now + self._own_interval
                    self._report("agent", Reading(), self._own_figures())
            except Exception as error:  # noqa: BLE001 - supervised: without this thread nobody notices what hangs
                self._reports.complain(f"runner failed error={type(error).__name__}: {error}")
            self._nudge.wait(self._tick())
        _close_unbegun(self._jobs)

    def _tick(self) -> float:
        with self._lock:
            quickest = min([1.0, *(job.settings.timeout_seconds / 4 for job in self._jobs)])
            return min(quickest, _EXCHANGE_SECONDS) if self._successions else quickest

    def _exchange_due(self) -> None:
        """Let those begin whose predecessors have ended, or hang."""
        with self._lock:
            successions = dict(self._successions)
        for name, succession in successions.items():
            succession.hurry()
            if succession.due():
                self._succeed(name, succession)

    def _succeed(self, name: str, succession: Succession) -> None:
        """The old ones have ended or hang: the new ones begin, unless too many hang already."""
        hanging = [thread for thread in [*self._left, *succession.left()] if thread.is_alive()]
        if len(hanging) > MOST_LEFT:
            self._reports.complain(f"collectors wait for a restart, {len(hanging)} former ones hang name={name}")
            return
        with self._lock:
            make = succession.make
            if self._stopping.is_set():
                return
        new = self._made(name, make)
        with self._lock:
            missing = self._missing(name) if new else ""
            current = succession.make is make and not self._stopping.is_set()
            if current:
                del self._successions[name]
                self._left = hanging
                self._jobs = [job for job in self._jobs if job.name != name] + new
                for job in new[:1]:
                    job.missing = missing  # until it has looked for itself
        if not current:  # while these were made, others were wanted, or none
            _close_unbegun(new)
            return
        _close_unbegun(succession.old)
        self._book.hand_over([job.key for job in succession.old], [job.key for job in new])
        self._book.mark(f"collector_{name}", missing)
        self._begin_due()

    def _made(self, name: str, make: Make) -> list[Job]:
        try:
            return list(make())
        except ConfigError as error:  # it could be made when it was tried
            log.error("collectors are not there until the next change name=%s reason=%r", name, str(error))  # noqa: TRY400
            return []

    def _note_overdue(self, now: float) -> None:
        for job in list(self._jobs):
            with self._lock:
                if not job.running or job.overdue or now - job.begun < job.settings.timeout_seconds:
                    continue
                job.overdue, job.outcome = True, Outcome.FAILED
                job.note(Outcome.FAILED, job.overtime())
                figures = self._collector_figures([job.name])
                missing = self._missing(job.name)
            self._book.mark(f"collector_{job.name}", missing)
            self._book.update(job.key, None)
            self._report(job.key, Reading(), figures)

    def _own_figures(self) -> dict[str, float]:
        with self._lock:
            names = {job.name: [one.outcome for one in self._jobs if one.name == job.name] for job in self._jobs}
            stuck = [job.name for job in self._jobs if (job.overdue and job.running) or job.beginless]
            return {
                **self._figures(),
                "collectors_failing": float(sum(Outcome.FAILED in outcomes for outcomes in names.values())),
                "collectors_unavailable": float(sum(Outcome.UNAVAILABLE in outcomes for outcomes in names.values())),
                **self._collector_figures(stuck),
            }

    def _collector_figures(self, names: Sequence[str]) -> dict[str, float]:
        """`collector_{name}_ok` and `_seconds`: of several collectors of one plugin the worst and the slowest."""
        figures: dict[str, float] = {}
        now = self._clock.mono()
        for name in names:
            jobs = [job for job in self._jobs if job.name == name and job.outcome is not None]
            figures[f"collector_{name}_ok"] = float(all(job.outcome is Outcome.OK for job in jobs))
            figures[f"collector_{name}_seconds"] = max(
                now - job.begun if job.running and job.overdue else job.seconds for job in jobs
            )
        return figures

    def _report(self, stream: str, reading: Reading, own: Mapping[str, float]) -> None:
        """At the end of the agent only what was read is worth keeping."""
        if self._stopping.is_set() and not (reading.measurements or reading.happenings):
            return
        self._reports.put(stream, reading, own)


def _close_unbegun(jobs: Sequence[Job]) -> None:
    """The others are closed by their own threads."""
    for job in jobs:
        if job.thread is None:
            job.close()
