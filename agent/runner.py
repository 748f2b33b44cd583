"""Runs every collector on its own schedule in its own thread, and makes reports of what it read.

A collector that hangs or throws delays no other: its failure and duration are metrics of the agent. A run past its
time-out counts as failed while it still runs; no second run begins beside it, and what it brings in the end is kept,
for it was read. The interval is kept whatever happens, with jitter so that agents do not keep step.
"""

import logging
import math
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydantic import ValidationError

from agent.clock import Clock, Reference, boot_id, milliseconds
from agent.collector import (
    CollectError,
    Collector,
    Happening,
    Interruptible,
    Measurement,
    NotAvailable,
    Reading,
    Settings,
)
from agent.draft import Draft
from agent.inventory import InventoryBook
from wire.messages import Event, Sample

log = logging.getLogger(__name__)

OWN_INTERVAL_SECONDS = 60.0
INVENTORY_SECONDS = 15.0
"""How long the first inventory waits for collectors that are slow."""

_MOST_COMPLAINTS = 1000
_SOONEST_AGAIN = 5.0
_DEFECT_PAUSE = 1.0
_INTERRUPT_SECONDS = 0.25
_LONGEST_PAUSE = 86_400.0
_JITTER = (0.95, 1.05)


class Outcome(StrEnum):
    """How a collector's last run ended."""

    OK = "ok"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


@dataclass
class Job:
    """One collector and how it fares. Times are monotonic seconds; the runner's lock guards all but the first four."""

    key: str
    """Unique: the plugin's name, with a number behind it where it made several collectors."""
    name: str
    settings: Settings
    collector: Collector
    begun: float = float("-inf")
    running: bool = False
    overdue: bool = False
    outcome: Outcome | None = None
    seconds: float = 0.0
    trouble: str = ""
    repeats: int = 0
    wake: threading.Event = field(default_factory=threading.Event)

    def note(self, outcome: Outcome, text: str) -> None:
        """Log what changed: a failure once, and how often it was repeated when it is over or becomes another."""
        if outcome is Outcome.OK:
            if self.trouble:
                log.info("collector recovered name=%s runs_failed=%d", self.key, self.repeats)
            self.trouble, self.repeats = "", 0
            return
        trouble = f"{outcome} {text}"
        if trouble == self.trouble:
            self.repeats += 1
            return
        level = logging.INFO if outcome is Outcome.UNAVAILABLE else logging.WARNING
        log.log(level, "collector %s name=%s reason=%r", outcome, self.key, text[:500])
        self.trouble, self.repeats = trouble, 1


class Runner:
    """All jobs, and the agent's own figures. `sink` keeps a report; it must not raise and may block briefly."""

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
    ) -> None:
        self.reference = Reference(clock)
        self._agent = agent
        self._jobs = list(jobs)
        self._book = book
        self._sink = sink
        self._figures = figures
        self._clock = clock
        self._own_interval = own_interval
        self._boot = boot_id()
        self._random = random.Random()  # noqa: S311 - jitter, no secret
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._complaints: set[str] = set()
        self._referenced: bool | None = None
        self._threads = [
            threading.Thread(target=self._loop, args=(job,), name=f"collector-{job.key}", daemon=True)
            for job in self._jobs
        ]
        self._threads.append(threading.Thread(target=self._supervise, name="runner", daemon=True))

    def start(self) -> None:
        """Run every collector now, and from then on by its interval."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 2.0) -> None:
        """Begin no further runs, and wait a little for those under way; each collector is closed by its own thread."""
        self._stopping.set()
        for job in self._jobs:
            job.wake.set()
        busy = self.wait(timeout)
        if busy:
            log.warning("stopped while collectors are busy names=%s", ",".join(busy))

    def wait(self, timeout: float) -> list[str]:
        """After `stop`: wait for collectors still under way, telling them to hurry; the names of those that stay."""
        deadline = time.monotonic() + timeout
        threads = [thread for thread in self._threads if thread.ident is not None]
        while threads and time.monotonic() < deadline:
            # Again and again: one told between its look at the flag and its wait would not have heard.
            for job in self._jobs:
                _interrupt(job)
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

    # One collector's thread

    def _loop(self, job: Job) -> None:
        while not self._stopping.is_set():
            pause = job.settings.interval_seconds * self._random.uniform(*_JITTER)
            try:
                self._run(job)
            except Exception as error:  # noqa: BLE001 - supervised: a defect of ours must not end a collector's thread
                self._note_defect(job, error)
                pause = max(_DEFECT_PAUSE, pause)
            job.wake.wait(min(_LONGEST_PAUSE, max(0.0, job.begun + pause - self._clock.mono())))
            job.wake.clear()
        try:
            job.collector.close()
        except Exception as error:  # noqa: BLE001 - supervised: the agent ends, whatever a collector does
            log.warning("collector would not close name=%s error=%r", job.key, str(error))

    def _note_defect(self, job: Job, error: Exception) -> None:
        """A reading could not be made a report of: that run failed, whatever its collector did."""
        with self._lock:
            job.running, job.outcome = False, Outcome.FAILED
            job.note(Outcome.FAILED, f"{type(error).__name__}: {error}")

    def _run(self, job: Job) -> None:
        with self._lock:
            job.begun, job.running, job.overdue = self._clock.mono(), True, False
        reading, outcome, text = _collected(job.collector)
        with self._lock:
            job.running, job.seconds = False, self._clock.mono() - job.begun
            if job.overdue:
                outcome, text = Outcome.FAILED, _overdue(job)
            elif reading.problem:
                outcome, text = Outcome.FAILED, reading.problem
            job.outcome = outcome
            job.note(outcome, text)
            collector_figures = self._collector_figures([job.name])
        self._book.update(job.key, reading.devices)
        self._note_clock(reading)
        self._report(job.key, self._own_word(job, reading), collector_figures)

    def _own_word(self, job: Job, reading: Reading) -> Reading:
        """The reading without what it says of devices that are another's, or nobody's."""

        def may(device: str) -> bool:
            if self._book.attributes(device, job.key):
                return True
            self._complain(f"device is not this collector's, what it says is dropped device={device[:60]!r} {job.key}")
            return False

        return replace(
            reading,
            measurements=[one for one in reading.measurements if may(one.device)],
            happenings=[one for one in reading.happenings if may(one.device)],
        )

    def _note_clock(self, reading: Reading) -> None:
        """What a collector learnt of reference clocks, logged when it changes."""
        if reading.clock is not None:
            self.reference.read(reading.clock)
        elif reading.clock_lost:
            self.reference.lost()
        else:
            return
        referenced = reading.clock is not None
        if referenced != self._referenced:
            self._referenced = referenced
            text = f"source={reading.clock.source}" if reading.clock else "none"
            log.info("reference clock %s", text)

    # Supervision

    def _supervise(self) -> None:
        """Notice runs past their time-out, tell the agent's own figures, and let the first inventory go."""
        started = self._clock.mono()
        tick = min([1.0, *(job.settings.timeout_seconds / 4 for job in self._jobs)])
        next_own = started
        while not self._stopping.is_set():
            now = self._clock.mono()
            try:
                if now - started >= INVENTORY_SECONDS:
                    self._book.settle()
                self._note_overdue(now)
                if now >= next_own:
                    next_own = now + self._own_interval
                    self._report("agent", Reading(), self._own_figures())
            except Exception as error:  # noqa: BLE001 - supervised: without this thread nobody notices what hangs
                self._complain(f"runner failed error={type(error).__name__}: {error}")
            self._stopping.wait(tick)

    def _note_overdue(self, now: float) -> None:
        for job in self._jobs:
            with self._lock:
                if not job.running or job.overdue or now - job.begun < job.settings.timeout_seconds:
                    continue
                job.overdue, job.outcome = True, Outcome.FAILED
                job.note(Outcome.FAILED, _overdue(job))
                figures = self._collector_figures([job.name])
            self._book.update(job.key, None)
            self._report(job.key, Reading(), figures)

    def _own_figures(self) -> dict[str, float]:
        with self._lock:
            names = {job.name: [one.outcome for one in self._jobs if one.name == job.name] for job in self._jobs}
            stuck = [job.name for job in self._jobs if job.overdue and job.running]
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

    # Reports

    def _report(self, stream: str, reading: Reading, own: Mapping[str, float]) -> None:
        """Make a report of what was read and hand it on; times become the wall clock's at this moment."""
        if self._stopping.is_set() and not (reading.measurements or reading.happenings):
            return
        mono, wall = self._clock.mono(), self._clock.wall()

        def at(moment: float | None) -> int:
            return milliseconds(wall - (mono - moment) if moment is not None else wall)

        measured = [*reading.measurements, Measurement(self._agent, own)]
        samples = [self._sample(one, at(one.mono)) for one in measured]
        events = [self._event(one, at(one.mono)) for one in reading.happenings]
        inventory = self._book.whole()
        draft = Draft(
            stream=stream,
            boot=self._boot,
            mono=max(0, round(mono * 1000)),
            sent=milliseconds(wall),
            offset=self.reference.offset(),
            inventory_hash=inventory.hash if inventory else None,
            samples=[sample for sample in samples if sample is not None],
            events=[event for event in events if event is not None],
        )
        if draft.samples or draft.events:
            self._sink(draft)

    def _sample(self, measurement: Measurement, at: int) -> Sample | None:
        """On the wire only finite numbers go, under well-formed names; what is left out is logged once."""
        values = {name: float(value) for name, value in measurement.values.items() if math.isfinite(value)}
        if len(values) < len(measurement.values):
            left = ",".join(sorted(set(measurement.values) - set(values)))
            self._complain(f"value is no finite number, left out device={measurement.device} metrics={left}")
        if not values:
            return None
        try:
            return Sample(device=measurement.device, at=at, values=values)
        except ValidationError as error:
            self._complain(f"sample left out device={measurement.device[:60]!r} reason={_first(error)!r}")
            return None

    def _event(self, happening: Happening, at: int) -> Event | None:
        """An event whose details do not fit the wire goes without them."""
        data = {key: value[:1000] if isinstance(value, str) else value for key, value in happening.data.items()}
        for details in (data, {}):
            try:
                return Event(device=happening.device, at=at, type=happening.type, data=details)
            except ValidationError as error:
                self._complain(f"event cut or left out device={happening.device[:60]!r} reason={_first(error)!r}")
        return None

    def _complain(self, text: str) -> None:
        if text not in self._complaints and len(self._complaints) < _MOST_COMPLAINTS:
            self._complaints.add(text)
            log.error("%s", text)


def _collected(collector: Collector) -> tuple[Reading, Outcome, str]:
    """One run: what it read, and how it went."""
    try:
        return collector.collect(), Outcome.OK, ""
    except NotAvailable as error:
        return Reading(), Outcome.UNAVAILABLE, str(error)
    except CollectError as error:
        return Reading(), Outcome.FAILED, str(error)
    except Exception as error:  # noqa: BLE001 - supervised: one collector's defect must not end the agent
        return Reading(), Outcome.FAILED, f"{type(error).__name__}: {error}"


def _interrupt(job: Job) -> None:
    """Tell a collector that can be told."""
    if not isinstance(job.collector, Interruptible):
        return
    try:
        job.collector.interrupt()
    except Exception as error:  # noqa: BLE001 - supervised: the agent ends, whatever a collector does
        log.warning("collector would not be interrupted name=%s error=%r", job.key, str(error))


def _overdue(job: Job) -> str:
    return f"timed out after {job.settings.timeout_seconds:g} s"


def _first(error: ValidationError) -> str:
    one = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}"[:200]
