"""Listens to one file system for as long as it is wanted: a thread over one fatrace, started again when it ends."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from agent.collector import CollectError, NotAvailable
from agent.machine.fatrace import Open

log = logging.getLogger(__name__)

LACKING = (
    "fatrace wants CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH to see who opens files: allow them in the agent's service, "
    "as docs/agent.md tells"
)
SETTLED_SECONDS = 0.3
"""A fatrace that has run so long was not refused."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
_LONG_SECONDS = 60.0
_READ_SECONDS = 0.5
_END_SECONDS = 2.0


class Source(Protocol):
    """What is used of `agent.machine.fatrace.Tracer`."""

    missed: int

    @property
    def running(self) -> bool: ...  # noqa: D102 - as there
    @property
    def complaint(self) -> str: ...  # noqa: D102
    def read(self, seconds: float) -> list[Open]: ...  # noqa: D102
    def stop(self) -> None: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class Watch:
    """Hands what is opened on the file system of a folder to `hear`, in a thread of its own.

    `gaps` counts times in which opens may have been missed. `start` makes the source.
    """

    def __init__(
        self, folder: str, start: Callable[[str], Source], hear: Callable[[Sequence[Open], float], None]
    ) -> None:
        self.folder = folder
        self.trouble: NotAvailable | CollectError | None = None
        self.gaps = 0
        self._start = start
        self._hear = hear
        self._settled = threading.Event()
        self._stopping = threading.Event()
        self._source: Source | None = None
        self._thread = threading.Thread(target=self._run, name=f"footage-{os.path.basename(folder)}", daemon=True)  # noqa: PTH119 - a name
        self._thread.start()

    def settled(self, seconds: float) -> bool:
        """Whether it listens, or is known not to, within so long."""
        return self._settled.wait(seconds)

    def stop(self) -> None:
        """Listen no more, and wait for that."""
        self._stopping.set()
        source = self._source
        if source is not None:
            source.stop()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._listen(self._start(self.folder), began)
            except (NotAvailable, CollectError) as error:
                self.trouble = error
            except Exception as error:  # supervised: a thread that ended silently would look well for ever
                self.trouble = CollectError(f"{self.folder}: listening failed: {type(error).__name__}: {error}")
                self.gaps += 1
                log.exception("listening failed folder=%s", self.folder)
            self._settled.set()
            lasted = time.monotonic() - began
            pause = FIRST_PAUSE if lasted > _LONG_SECONDS else pause
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _listen(self, source: Source, began: float) -> None:
        """Until it ends, or we do."""
        self._source = source
        try:
            self._hand_on(source, began)
        finally:
            self._source = None
            source.close()
        if not self._stopping.is_set():
            self.trouble = _refusal(self.folder, source.complaint, ended=True)
            # Until another listens, nobody does.
            self.gaps += self._settled.is_set()
            log.warning("fatrace ended folder=%s reason=%r", self.folder, source.complaint)

    def _hand_on(self, source: Source, began: float) -> None:
        missed = 0
        while source.running and not self._stopping.is_set():
            opens = source.read(_READ_SECONDS if self._settled.is_set() else SETTLED_SECONDS)
            if time.monotonic() - began >= SETTLED_SECONDS and source.running:
                self.trouble = _refusal(self.folder, source.complaint, ended=False)
                self._settled.set()
            if opens:
                self._hear(opens, time.monotonic())
            self.gaps += source.missed - missed
            missed = source.missed
        for _ in range(2):  # the last record is told alone
            if opens := source.read(0.0):
                self._hear(opens, time.monotonic())
        self.gaps += source.missed - missed


def _refusal(folder: str, complaint: str, *, ended: bool) -> NotAvailable | CollectError | None:
    if "not permitted" in complaint or "Permission denied" in complaint:
        return NotAvailable(LACKING)
    if not ended:
        return None  # of single files that are gone it may complain, and go on
    return CollectError(f"{folder}: fatrace ended: {complaint or 'it did not say why'}")
