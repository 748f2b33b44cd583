"""A recorder, its collector and the time, which passes when told to: for timelines of days in a second."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agent.cameras.settings import CamerasSettings
from agent.collector import Happening, Reading
from agent.collectors.recorders import RecorderCollector
from agent.recorder.settings import RecordersSettings
from agent.recorder.speaker import Speaker
from simulator.recorder.box import Box

ZONE = datetime.timezone(datetime.timedelta(hours=8))
"""Of a simulated box."""


def at(day: int, hour: int, minute: int = 0) -> float:
    """A moment by the box's wall clock, in May 2026. The 25th is a Monday."""
    return datetime.datetime(2026, 5, day, hour, minute, tzinfo=ZONE).timestamp()


class World:
    """`make` gives the language that the box is asked in."""

    def __init__(
        self,
        box: Box,
        make: Callable[[], Speaker],
        state: Path | None,
        now: float,
        device: dict[str, Any] | None = None,
        cameras: CamerasSettings | None = None,
        **settings: Any,
    ) -> None:
        self.now = now
        self.box = box
        box.clock = lambda: self.now
        self.values: dict[str, dict[str, float]] = {}
        """What was told last, by device."""
        self.fresh: dict[str, dict[str, float]] = {}
        """What the last round told."""
        self.events: list[Happening] = []
        self.facts: dict[str, dict[str, object]] = {}
        self.readings: list[Reading] = []
        self._make, self._state, self._cameras = make, state, cameras
        table = {"id": "nvr", "host": "127.0.0.1", "port": 9, "username": "watchkeeper"} | (device or {})
        self.settings = RecordersSettings.model_validate({"clock_samples": 1, "devices": [table]} | settings)
        self.restart()

    def restart(self) -> None:
        """The agent is started anew."""
        self.collector = RecorderCollector(
            self.settings.devices[0],
            self.settings,
            self._cameras,
            self._state,
            make=self._make,
            wall=lambda: self.now,
            monotonic=lambda: self.now - 1_700_000_000.0,
        )

    def round(self) -> Reading:
        """One round, now."""
        reading = self.collector.collect()
        self.readings.append(reading)
        self.fresh = {one.device: dict(one.values) for one in reading.measurements}
        for device, values in self.fresh.items():
            self.values.setdefault(device, {}).update(values)
        self.events += reading.happenings
        if reading.devices is not None:
            self.facts = {device.device: dict(device.facts) for device in reading.devices}
        return reading

    def run(self, until: float, step: float = 60.0) -> None:
        """Rounds until then."""
        while self.now < until:
            self.now = min(until, self.now + step)
            self.round()

    def types(self) -> list[str]:
        """Of the events told so far."""
        return [event.type for event in self.events]
