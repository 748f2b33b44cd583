"""The recorders' collector over ISAPI, as configured with `speaks = "isapi"`."""

from pathlib import Path

from agent.collector import Happening
from agent.collectors.recorders import RecorderCollector
from agent.recorder.languages import Language
from agent.recorder.settings import RecorderSettings, RecordersSettings
from simulator.isapi import IsapiRecorder
from simulator.recorder.box import Box, Entry
from tests.agent.isapi.recorders import Bench


def test_one_round_of_a_configured_recorder(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    box = Box(3)
    for channel in box.channels:
        channel.address = f"10.0.0.{channel.number}"
    box.channels[1].online = False
    with IsapiRecorder(box) as recorder:
        one = RecorderSettings(id="nvr", host="127.0.0.1", port=recorder.port, speaks=Language.ISAPI)
        settings = RecordersSettings(username="watchkeeper", password_file=password, devices=[one])
        collector = RecorderCollector(one, settings)
        reading = collector.collect()
        collector.close()
    values = {measured.device: measured.values for measured in reading.measurements}
    assert values["nvr"]["authenticated"] == 1.0
    assert abs(values["nvr"]["clock_offset_seconds"]) < 2
    assert (values["nvr-1"]["online"], values["nvr-2"]["online"]) == (1.0, 0.0)
    assert abs(values["nvr-1"]["recording_retention_days"] - 30) < 0.01
    assert reading.devices is not None
    facts = {device.device: device.facts for device in reading.devices}
    assert facts["nvr"]["model"] == "NVR-4"


def test_sixty_four_channels_stay_within_our_manners(tmp_path: Path) -> None:
    bench = Bench(tmp_path, channels=64)
    happenings: list[Happening] = []
    with bench.recorder:
        one = RecorderSettings(id="nvr", host="127.0.0.1", port=bench.recorder.port, speaks=Language.ISAPI)
        settings = RecordersSettings(
            username="watchkeeper", password_file=bench.password, devices=[one], log_seconds=60
        )
        speaker = bench.another(max_requests=settings.max_requests_per_hour)
        collector = RecorderCollector(
            one, settings, None, tmp_path, make=lambda: speaker, wall=bench.clock, monotonic=bench.clock
        )
        for minute in range(5):
            if minute == 2:
                bench.box.note(Entry(bench.clock.now, "playback", "eve", "10.0.0.99", 7))
            happenings += collector.collect().happenings
            bench.clock.now += 60
        collector.close()
    played = [one for one in happenings if one.type == "footage.played_back"]
    assert [one.data["user"] for one in played] == ["eve"]
    again = sum(times for times in bench.recorder.requests.values() if times > 1)
    assert again < settings.max_requests_per_hour / 60 * 5, "beside what is asked only once"
    assert bench.recorder.refused_logins == 0
