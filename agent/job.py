"""One collector and how it fares."""

import logging
import threading
from dataclasses import dataclass, field
from enum import StrEnum

from agent.collector import CollectError, Collector, Interruptible, NotAvailable, Reading, Settings

log = logging.getLogger(__name__)

FAILURES_THAT_COUNT = 3
"""A collector said to be unavailable that then fails so often in a row is not unavailable any more, but broken."""
_MAX_MISSING = 300


class Outcome(StrEnum):
    """How a collector's last run ended."""

    OK = "ok"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"


@dataclass(eq=False)
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
    failures: int = 0
    missing: str = ""
    """What is missing on this machine, empty while nothing is known to be."""
    wake: threading.Event = field(default_factory=threading.Event)
    retired: threading.Event = field(default_factory=threading.Event)
    """Begin no further run: another configuration holds."""
    thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Its thread has begun and not ended."""
        return self.thread is not None and self.thread.is_alive()

    @property
    def beginless(self) -> bool:
        """There was no thread to be had for it yet."""
        return self.thread is None and self.outcome is not None

    def note(self, outcome: Outcome, text: str) -> None:
        """Log what changed: a failure once, and how often it was repeated when it is over or becomes another."""
        self.failures = self.failures + 1 if outcome is Outcome.FAILED else 0
        if outcome is Outcome.UNAVAILABLE:
            self.missing = text[:_MAX_MISSING]
        elif outcome is Outcome.OK or self.failures >= FAILURES_THAT_COUNT:
            self.missing = ""
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

    def collect(self) -> tuple[Reading, Outcome, str]:
        """One run: what it read, and how it went."""
        try:
            return self.collector.collect(), Outcome.OK, ""
        except NotAvailable as error:
            return Reading(), Outcome.UNAVAILABLE, str(error)
        except CollectError as error:
            return Reading(), Outcome.FAILED, str(error)
        except Exception as error:  # noqa: BLE001 - supervised: one collector's defect must not end the agent
            return Reading(), Outcome.FAILED, f"{type(error).__name__}: {error}"

    def interrupt(self) -> None:
        """Tell a collector that can be told to end its wait."""
        if not isinstance(self.collector, Interruptible):
            return
        try:
            self.collector.interrupt()
        except Exception as error:  # noqa: BLE001 - supervised: the agent ends, whatever a collector does
            log.warning("collector would not be interrupted name=%s error=%r", self.key, str(error))

    def close(self) -> None:
        """Let the collector let go of what it holds."""
        try:
            self.collector.close()
        except Exception as error:  # noqa: BLE001 - supervised: the agent goes on, whatever a collector does
            log.warning("collector would not close name=%s error=%r", self.key, str(error))

    def overtime(self) -> str:
        """Why a run past its time-out failed."""
        return f"timed out after {self.settings.timeout_seconds:g} s"
