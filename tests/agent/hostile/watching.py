"""What must hold of every round, whatever a device does: it ends soon, in little memory, with what can be sent."""

import logging
import math
import threading
import time

import psutil
import pytest

from agent.collector import CollectError, Collector, Reading
from wire.messages import Device, Event, Sample
from wire.metrics import BY_NAME

MOST_SECONDS = 8.0
"""A round of devices that take up to 0.4 s for each answer, on a machine with other work to do."""

MOST_MEMORY = 100 * 2**20
"""What a round may take beyond what the process had: some answers of up to 4 MB as they come and as trees of them. The
devices live in the same process."""


class Memory:
    """The most the process had while it was watched, beyond what it had before."""

    def __init__(self) -> None:
        self.most = 0
        self._process = psutil.Process()
        self._before = self._process.memory_info().rss
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.most = max(self.most, self._process.memory_info().rss - self._before)


def round_of(collector: Collector, caplog: pytest.LogCaptureFixture) -> Reading:
    """One round that keeps within its bounds."""
    caplog.clear()
    begun = time.monotonic()
    with Memory() as memory:
        try:
            reading = collector.collect()
        except CollectError as error:
            reading = Reading(problem=str(error))
    seconds = time.monotonic() - begun
    assert seconds < MOST_SECONDS, f"took {seconds:.1f} s"
    assert memory.most < MOST_MEMORY, f"took {memory.most // 2**20} MB"
    crashes = [record for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert not crashes, "\n".join(record.getMessage() + (record.exc_text or "") for record in crashes)
    sendable(reading)
    return reading


def sendable(reading: Reading) -> None:
    """Fits the wire, and tells nothing that cannot be."""
    for measurement in reading.measurements:
        Sample(device=measurement.device, at=1, values=dict(measurement.values))
        for name, value in measurement.values.items():
            assert math.isfinite(value), f"{name} is {value}"
            if name.endswith("_ratio"):
                assert 0 <= value <= 1, f"{name} is {value}"
            assert name in BY_NAME, name
    for happening in reading.happenings:
        Event(device=happening.device, at=1, type=happening.type, data=dict(happening.data))
    for device in reading.devices or ():
        Device.model_validate(device.model_dump())
    assert len(reading.measurements) <= 1000
    assert len(reading.problem) <= 2000
