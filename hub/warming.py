"""What hours before a start of the hub taught, from the rollups: read and learnt in a thread of its own.

Until it is done for a series, rules say nothing of it. While the store is away they wait. After each piece of work
comes a rest of twice its length, as with rollups: live data come first.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from hub.detector import Detector
from hub.fleet import Subject
from hub.rollup.figures import HOUR_MS, bucket, fields
from hub.rule import Unusual
from hub.series.store import SeriesReads, SeriesUnavailable
from hub.unusual import MAX_DETECTORS, measure

log = logging.getLogger(__name__)

BACK_MS = 35 * 24 * HOUR_MS
"""How far back: five weeks are five visits of each hour of the week."""

REST = 2.0
PAUSE_SECONDS = 20.0
"""While the store is away."""


class Wanted(NamedTuple):
    """A series whose past is wanted."""

    site: str
    kind: str
    device: str
    condition: Unusual


class Warming:
    """`learned` is asked by the engine's thread, `run` is a thread's. Holds at most MAX_DETECTORS questions."""

    def __init__(self, hourly: SeriesReads, clock: Callable[[], int]) -> None:
        self._hourly = hourly
        self._clock = clock
        self._wanted: queue.Queue[Wanted] = queue.Queue(MAX_DETECTORS)
        self._asked: set[Wanted] = set()
        self._answers: dict[Wanted, Detector] = {}

    def learned(self, subject: Subject, condition: Unusual) -> Detector | None:
        """What the past has taught; None until that is known."""
        wanted = Wanted(subject.site, subject.kind.value, subject.device, condition)
        answer = self._answers.pop(wanted, None)
        if answer is not None:
            self._asked.discard(wanted)
        elif wanted not in self._asked:
            try:
                self._wanted.put_nowait(wanted)
                self._asked.add(wanted)
            except queue.Full:
                pass  # asked again at the end of the next hour
        return answer

    def run(self, stop: threading.Event) -> None:
        """Until `stop`. Never raises."""
        trouble = ""
        while not stop.is_set():
            try:
                wanted = self._wanted.get(timeout=1.0)
            except queue.Empty:
                continue
            began = time.monotonic()
            while not stop.is_set():
                try:
                    self._answers[wanted] = self._taught(wanted)
                    trouble = ""
                    break
                except SeriesUnavailable as error:
                    if str(error) != trouble:
                        trouble = str(error)
                        log.warning("what is usual is not known yet: %s", trouble)
                    stop.wait(PAUSE_SECONDS)
            stop.wait((time.monotonic() - began) * REST)

    def _taught(self, wanted: Wanted) -> Detector:
        until = self._clock()
        metric, number = wanted.condition.metric, measure(wanted.condition)
        points = self._hourly.points(
            wanted.kind, {wanted.site: [wanted.device]}, fields(metric), until - BACK_MS, until - HOUR_MS
        )
        detector = Detector()
        for point in points:
            found = bucket(point, metric)
            if found is not None and point.at / 1000 > detector.at:
                detector.update(point.at / 1000, number(found.mean))
        return detector
