"""The collector against a simulated recorder over real sockets."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.collector import Context, Reading
from agent.collectors.recorders import RecorderCollector, plugin
from agent.recorder.ids import channel_id
from agent.recorder.settings import RecordersSettings
from simulator.onvif import Misbehaviour, Recorder
from wire.messages import DeviceKind
from wire.metrics import BY_NAME

DAY = 86_400.0
OURS = {"requests_per_hour", "requests_held_back", "account_paused"}


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder(name="nvr", channels=["ch1", "ch2", "ch3"]) as recorder:
        yield recorder


def collector(
    recorder: Recorder,
    tmp_path: Path,
    channels: list[dict[str, str]] | None = None,
    clock: Callable[[], float] = time.monotonic,
    **more: Any,
) -> RecorderCollector:
    password = tmp_path / "password"
    password.write_text("secret")
    device = {"id": "nvr", "host": recorder.host, "port": recorder.port, "room": "vault", "channels": channels or []}
    table: dict[str, Any] = {
        "username": "watchkeeper",
        "password_file": str(password),
        "device_timeout_seconds": 10.0,
        "clock_samples": 1,
        "recordings_seconds": 0.001,
        "devices": [device, *more.pop("others", [])],
    }
    settings = RecordersSettings.model_validate(table | more)
    return RecorderCollector(settings.devices[0], settings, monotonic=clock)


def values(reading: Reading) -> dict[str, dict[str, float]]:
    return {m.device: dict(m.values) for m in reading.measurements}


def online(reading: Reading) -> dict[str, float]:
    return {device: one["online"] for device, one in values(reading).items() if "online" in one}


def test_a_healthy_recorder_tells_its_state_its_recordings_and_its_channels(recorder: Recorder, tmp_path: Path) -> None:
    built = collector(recorder, tmp_path)
    reading = built.collect()
    told = values(reading)
    assert told["nvr"]["reachable"] == told["nvr"]["authenticated"] == 1
    assert told["nvr"]["recording_age_seconds"] == pytest.approx(30 * DAY, abs=2)
    assert told["nvr"]["recording_newest_age_seconds"] == pytest.approx(0, abs=2)
    assert online(reading) == {"nvr-ch1": 1, "nvr-ch2": 1, "nvr-ch3": 1}
    assert all(told[f"nvr-ch{n}"]["recording_age_seconds"] == pytest.approx(30 * DAY, abs=2) for n in (1, 2, 3))
    assert all(DeviceKind.RECORDER in BY_NAME[name].kinds for name in told["nvr"])
    assert reading.devices is not None
    channels = [device for device in reading.devices if device.kind is DeviceKind.CHANNEL]
    assert [(c.device, c.parent, c.name, c.room) for c in channels] == [
        (f"nvr-ch{n}", "nvr", f"Channel ch{n}", "vault") for n in (1, 2, 3)
    ]
    assert built.collect().devices is None
    assert recorder.answered["GetProfiles"] == 1, "names are asked once"
    built.close()


def test_a_channel_that_vanishes_is_offline_and_not_forgotten(recorder: Recorder, tmp_path: Path) -> None:
    built = collector(recorder, tmp_path)
    built.collect()
    recorder.lose_channel("ch2")
    reading = built.collect()
    assert online(reading) == {"nvr-ch1": 1, "nvr-ch2": 0, "nvr-ch3": 1}
    assert reading.devices is None, "it stays in the inventory"
    recorder.restore_channel("ch2")
    assert online(built.collect())["nvr-ch2"] == 1
    built.close()


def test_a_configured_channel_is_missed_from_the_first_round_on(recorder: Recorder, tmp_path: Path) -> None:
    recorder.lose_channel("ch3")
    built = collector(recorder, tmp_path, [{"token": "ch3", "id": "back-door", "name": "Back door"}])
    reading = built.collect()
    assert online(reading)["back-door"] == 0
    assert reading.devices is not None
    assert {d.device for d in reading.devices} == {"nvr", "nvr-ch1", "nvr-ch2", "back-door"}
    built.close()


def test_all_channels_gone_are_all_offline(recorder: Recorder, tmp_path: Path) -> None:
    built = collector(recorder, tmp_path)
    built.collect()
    for token in recorder.channels:
        recorder.lose_channel(token)
    assert online(built.collect()) == {"nvr-ch1": 0, "nvr-ch2": 0, "nvr-ch3": 0}
    built.close()


def test_an_unreachable_recorder_says_nothing_of_its_channels(recorder: Recorder, tmp_path: Path) -> None:
    built = collector(recorder, tmp_path)
    built.collect()
    recorder.off()
    told = values(built.collect())
    assert told.keys() == {"nvr"}
    assert told["nvr"].keys() == {"connectable", "reachable", *OURS}
    assert (told["nvr"]["connectable"], told["nvr"]["reachable"]) == (0, 0)
    recorder.on()
    assert online(built.collect())["nvr-ch1"] == 1
    built.close()


def test_a_refused_account_makes_channels_unknown_and_is_tried_once(recorder: Recorder, tmp_path: Path) -> None:
    recorder.gate.password = "changed"
    built = collector(recorder, tmp_path, [{"token": "ch1"}])
    for _ in range(3):
        told = values(built.collect())
        assert told.keys() == {"nvr"}
        assert (told["nvr"]["reachable"], told["nvr"]["authenticated"], told["nvr"]["account_paused"]) == (1, 0, 1)
    assert recorder.refused_logins == 1
    built.close()


def test_garbage_is_reachable_and_nothing_else(recorder: Recorder, tmp_path: Path) -> None:
    recorder.misbehaviour = Misbehaviour.GARBAGE
    built = collector(recorder, tmp_path)
    told = values(built.collect())
    assert told.keys() == {"nvr"}
    assert told["nvr"].keys() == {"connectable", "reachable", *OURS}
    assert told["nvr"]["reachable"] == 1
    built.close()


def test_ages_count_by_the_recorders_own_clock(recorder: Recorder, tmp_path: Path) -> None:
    recorder.clock_offset = 3 * DAY
    recorder.retention_seconds = 7 * DAY
    recorder.stopped_at = time.time() - 3600
    built = collector(recorder, tmp_path)
    told = values(built.collect())["nvr"]
    assert told["recording_age_seconds"] == pytest.approx(7 * DAY, abs=2)
    assert told["recording_newest_age_seconds"] == pytest.approx(3600, abs=2)
    assert told["clock_offset_seconds"] == pytest.approx(-3 * DAY, abs=1)
    built.close()


def test_without_recordings_there_are_no_ages(recorder: Recorder, tmp_path: Path) -> None:
    recorder.has_recordings = False
    built = collector(recorder, tmp_path)
    told = values(built.collect())["nvr"]
    assert "recording_age_seconds" not in told
    assert told["reachable"] == 1
    built.close()


def test_recordings_are_searched_at_their_own_pace(recorder: Recorder, tmp_path: Path) -> None:
    built = collector(recorder, tmp_path, recordings_seconds=600)
    assert "recording_age_seconds" in values(built.collect())["nvr"]
    assert "recording_age_seconds" not in values(built.collect())["nvr"]
    assert recorder.answered["GetRecordingSummary"] == 1
    assert recorder.answered["GetVideoSources"] == 2
    built.close()


def test_channel_ids_fit_the_wire() -> None:
    assert channel_id("nvr", "VideoSource_1") == "nvr-videosource-1"
    long = channel_id("nvr-of-the-gym-and-the-pool", "VideoSourceToken-with-a-long-name")
    assert len(long) <= 40
    assert long != channel_id("nvr-of-the-gym-and-the-pool", "VideoSourceToken-with-a-long-name2")
    assert channel_id("nvr", "通道一").startswith("nvr-")


def test_tokens_spelled_nearly_alike_are_two_channels(tmp_path: Path) -> None:
    with Recorder(name="nvr", channels=["ch_1", "ch-1"]) as recorder:
        built = collector(recorder, tmp_path)
        assert len(values(built.collect())) == 3
        built.close()


def test_a_recorder_that_makes_up_channels_fills_nothing(tmp_path: Path) -> None:
    tokens = ["通" * 190 + f"{n:04}" for n in range(100)]
    with Recorder(name="nvr", channels=tokens) as recorder:
        built = collector(recorder, tmp_path, [{"token": "ch1"}])
        reading = built.collect()
        assert reading.devices is not None
        assert len(reading.devices) == 1 + 64
        assert reading.problem == "recorder nvr: 37 channels beyond the 64 watched (max_channels)"
        told = [str(device.facts["token"]) for device in reading.devices[1:]]
        assert max(map(len, told)) <= 40
        assert len(set(told)) == 64
        built.close()
        larger = collector(recorder, tmp_path, max_channels=256)
        reading = larger.collect()
        assert reading.devices is not None
        assert (len(reading.devices), reading.problem) == (101, "")
        larger.close()


def test_a_channel_that_only_flashes_up_is_forgotten(recorder: Recorder, tmp_path: Path) -> None:
    now = 0.0
    built = collector(recorder, tmp_path, clock=lambda: now)
    built.collect()
    recorder.channels = (*recorder.channels, "ch4")
    assert online(built.collect())["nvr-ch4"] == 1
    recorder.lose_channel("ch4")
    reading = built.collect()
    assert "nvr-ch4" not in values(reading)
    assert reading.devices is not None
    assert "nvr-ch4" not in {device.device for device in reading.devices}
    recorder.restore_channel("ch4")
    built.collect()
    now = 3601.0
    built.collect()
    recorder.lose_channel("ch4")
    assert online(built.collect())["nvr-ch4"] == 0, "it had been there for an hour"
    built.close()


def test_a_found_channel_takes_no_id_of_another_recorder(tmp_path: Path) -> None:
    others = [
        {"id": "nvr-1", "host": "127.0.0.1", "port": 9, "channels": [{"token": "a"}, {"token": "b", "id": "nvr-door"}]}
    ]
    with Recorder(name="nvr", channels=["1-a", "door", "1", "1-found", "free"]) as recorder:
        built = collector(recorder, tmp_path, others=others)
        found = values(built.collect()).keys() - {"nvr"}
        assert len(found) == 5
        assert not found & {"nvr-1", "nvr-1-a", "nvr-door", "nvr-1-found"}
        assert "nvr-free" in found
        built.close()


def test_one_collector_per_recorder() -> None:
    table = {"devices": [{"id": "a", "host": "a"}, {"id": "b", "host": "b"}]}
    assert len(plugin.build(RecordersSettings.model_validate(table), Context(agent="gateway", host="host"))) == 2


def test_an_id_given_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match="occurs twice"):
        RecordersSettings.model_validate(
            {"devices": [{"id": "nvr", "host": "a", "channels": [{"token": "x"}, {"token": "X"}]}]}
        )
