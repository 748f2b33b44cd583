"""The recorders' collector over a simulated Dahua recorder: what is told, and what an hour of it costs the recorder."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.collectors.recorders import RecorderCollector
from agent.dahua.speaker import DahuaSpeaker
from agent.device.manners import MANNERS
from agent.recorder.settings import RecordersSettings
from simulator.dahua import DahuaRecorder
from simulator.recorder.box import DAY, Box, Entry

NOW = 1_790_000_000.0
HOUR = 3600.0


class World:
    """A recorder, its collector, and one clock for both."""

    def __init__(self, recorder: DahuaRecorder, tmp_path: Path, **more: Any) -> None:
        self.recorder = recorder
        self.now = NOW
        recorder.box.clock = lambda: self.now
        password = tmp_path / "password"
        password.write_text("secret")
        device = {"id": "nvr", "host": "127.0.0.1", "port": recorder.port, "speaks": "dahua"}
        table = {"username": "watchkeeper", "password_file": password, "devices": [device], **more}
        self.settings = RecordersSettings.model_validate(table)
        device_settings = self.settings.devices[0]
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        speaker = DahuaSpeaker(
            device_settings.endpoint,
            self.settings.account(device_settings),
            timeout=5.0,
            max_bytes=self.settings.max_answer_bytes,
            max_requests=self.settings.max_requests_per_hour,
            pause_seconds=1800.0,
            wall=clock,
            monotonic=clock,
        )
        self.collector = RecorderCollector(
            device_settings, self.settings, None, tmp_path, make=lambda: speaker, wall=clock, monotonic=clock
        )
        self.values: dict[str, dict[str, float]] = {}
        self.facts: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[str, str]] = []

    def round(self) -> None:
        reading = self.collector.collect()
        for one in reading.measurements:
            self.values.setdefault(one.device, {}).update(one.values)
        self.facts |= {device.device: dict(device.facts) for device in reading.devices or ()}
        self.events += [(one.device, one.type) for one in reading.happenings]


def test_a_dahua_recorder_as_the_hub_sees_it(tmp_path: Path) -> None:
    with DahuaRecorder(Box(3)) as recorder:
        world = World(recorder, tmp_path)
        world.round()
        nvr, channel = world.values["nvr"], world.values["nvr-2"]
        assert (nvr["reachable"], nvr["authenticated"], nvr["ntp_enabled"], nvr["administrators"]) == (1, 1, 1, 1)
        assert nvr["clock_offset_seconds"] == pytest.approx(0, abs=1)
        assert (nvr["cpu_ratio"], nvr["memory_used_ratio"], nvr["uptime_seconds"]) == (0.2, 0.5, 10 * DAY)
        assert (channel["online"], channel["video_loss"], channel["recording_active"]) == (1, 0, 1)
        assert channel["recording_age_seconds"] == pytest.approx(30 * DAY, abs=2)
        assert (channel["recording_planned"], channel["recording_stalled"]) == (1, 0)
        assert world.values["nvr-storage"]["overwriting"] == 1
        assert world.facts["nvr"] | {"ntp_servers": "ntp.example", "time_zone": "Beijing"} == world.facts["nvr"]
        assert (world.facts["nvr"]["model"], world.facts["nvr"]["serial"]) == ("NVR-4", "SIMNVR0001")

        world.now += 60
        recorder.box.channel(2).online = False
        recorder.box.channel(3).stopped_at = world.now - 2 * HOUR
        recorder.box.disks[0].state = "error"
        recorder.box.note(Entry(world.now - 5, "playback", "guard", "10.0.0.8", 3))
        world.round()
        assert world.values["nvr-2"]["online"] == 0
        world.now += 4000
        world.round()
        assert world.values["nvr-3"]["recording_stalled"] == 1
        assert [v["disk_healthy"] for name, v in world.values.items() if "disk_healthy" in v] == [0, 1]
        assert ("nvr", "footage.played_back") in world.events
        assert recorder.gate.refused_logins == recorder.finders.open == recorder.log_searches.open == 0
        assert recorder.most_at_once == 1
        assert recorder.reused_nonces == 0


@pytest.mark.parametrize(("channels", "most"), [(4, 900), (64, 1200)])
def test_what_an_hour_costs_the_recorder(channels: int, most: int, tmp_path: Path) -> None:
    """Every HTTP request counts, challenges too: half of them. Many channels are looked into by turns."""
    with DahuaRecorder(Box(channels)) as recorder:
        recorder.logs_logins = True
        world = World(recorder, tmp_path)
        for _ in range(60):
            world.round()
            world.now += 60
        assert recorder.received < most
        assert MANNERS.of(world.settings.devices[0].endpoint).held_back == 0
        assert recorder.finders.open == recorder.log_searches.open == 0
        looked_into = [name for name, told in world.values.items() if "recording_newest_age_seconds" in told]
        assert len(looked_into) > min(channels, 12), "the recorder itself is one of them"
